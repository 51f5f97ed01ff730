"""A manager tags images on the project's page, lists them by the tag, and orders a batch of them."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.annotating import new_project
from tests.e2e.running_maskloop import E2E
from tests.fixtures.pictures import picture

pytestmark = E2E


@pytest.fixture
def pictures(tmp_path: Path) -> list[Path]:
    files = [tmp_path / f"bird-{number}.png" for number in range(3)]
    for number, file in enumerate(files):
        file.write_bytes(picture(seed=number))
    return files


def test_images_are_tagged_listed_and_counted_for_a_batch(page: Page, pictures: list[Path]) -> None:
    new_project(page)
    page.get_by_test_id("upload-input").set_input_files(pictures)
    cards = page.get_by_test_id("image-card")
    expect(cards).to_have_count(3)

    def box(number: int) -> str:
        return page.get_by_test_id("image-card").nth(number).get_by_role("checkbox").get_attribute("aria-label") or ""

    # All three as a range, the last one taken back; Escape gives the selection up, and it is made again.
    boxes = page.get_by_role("checkbox", name="Select bird-")
    boxes.first.check()
    boxes.last.click(modifiers=["Shift"])
    bar = page.get_by_test_id("selection-bar")
    expect(bar).to_contain_text("3 images selected")
    page.keyboard.press("Escape")
    expect(bar).to_have_count(0)
    expect(boxes.first).not_to_be_checked()
    tagged = {box(0), box(2)}
    boxes.first.check()
    # While images are chosen, a click on another one chooses it, too.
    cards.last.get_by_role("link").click()
    expect(bar).to_contain_text("2 images selected")
    page.keyboard.press("t")
    page.get_by_role("combobox", name="Add").fill("Night ")
    page.get_by_role("button", name="Apply").click()
    expect(cards.filter(has_text="night")).to_have_count(2)
    expect(bar).to_have_count(0)

    # Letter by letter, as a person types: the list that opens with the first one has nothing chosen yet.
    page.get_by_role("combobox", name="Only images tagged").press_sequentially("nig")
    expect(page.get_by_role("option", name="night")).to_be_visible()
    page.keyboard.press("Enter")
    expect(cards).to_have_count(2)
    expect(page).to_have_url(re.compile(r"\?tag=night$"))
    page.reload()
    expect(cards).to_have_count(2)
    assert {box(0), box(1)} == tagged

    page.get_by_role("link", name="Batches").click()
    page.get_by_role("button", name="New batch").click()
    page.get_by_role("dialog").get_by_text("Export", exact=True).click()
    expect(page.get_by_test_id("estimate")).to_contain_text("3 images")
    page.get_by_role("combobox", name="Only images tagged").click()
    page.get_by_role("option", name="night (2 images)").click()
    expect(page.get_by_test_id("estimate")).to_contain_text("2 images")
