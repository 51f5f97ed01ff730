"""Painted work in a real browser: reload, offline, a killed page and a conflict lose none of it."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from engine.masks import rle
from tests.e2e.annotating import link_for, new_project, open_image, paint, position, wait_until_ready, wait_until_saved
from tests.e2e.running_maskloop import E2E, RunningMaskloop, until
from tests.e2e.subjects import scene

pytestmark = E2E

# One stroke of a brush of 16 pixels, straight to the right, and where it begins and ends.
START, END = (100, 100), (199, 100)
STROKE_AREA = 100 * 16
ROUND_END = 16 * 16


@pytest.fixture
def project(page: Page, tmp_path: Path) -> str:
    """A project with one image, open and ready."""
    project = new_project(page)
    open_image(page, scene(tmp_path), "browser")
    return project


def test_a_stroke_survives_a_reload_and_is_stored_pixel_by_pixel_after_working_offline(
    page: Page, context: BrowserContext, deployment: RunningMaskloop, project: str
) -> None:
    page.keyboard.press("p")
    paint(page, START, END)
    expect(page.get_by_role("button", name="Accept")).to_be_visible()
    page.reload()
    wait_until_ready(page, "browser")
    expect(page.get_by_role("button", name="Accept")).to_be_visible()

    context.set_offline(True)
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("object-row")).to_have_count(1)
    expect(page.get_by_test_id("saved-state")).to_have_text("offline – 1 kept in this browser")
    address = page.url
    page.close(run_before_unload=False)
    context.set_offline(False)

    page = context.new_page()
    page.goto(address)
    wait_until_ready(page, "browser")
    expect(page.get_by_test_id("object-row")).to_have_count(1)
    wait_until_saved(page)
    with deployment.client() as client:
        (mask,) = stored(client, project)
    assert STROKE_AREA - ROUND_END < mask["area"] < STROKE_AREA + ROUND_END
    assert rle.decode(mask["segmentation"])[100, 100:199].all()
    assert (mask["predicted_iou"], mask["model_id"]) == (None, None)


def test_a_reload_offline_goes_on_where_it_was(
    page: Page, context: BrowserContext, deployment: RunningMaskloop, project: str
) -> None:
    # Kept by the service worker, which the first visit has started.
    page.wait_for_function("async () => (await (await caches.open('maskloop-page')).keys()).length > 0")
    page.reload()
    wait_until_ready(page, "browser")
    page.keyboard.press("p")
    paint(page, START, END)
    page.keyboard.press("Enter")
    wait_until_saved(page)
    # What is kept has the mask, too: a first copy was made when the page was opened.
    page.wait_for_function(
        """async () => {
            const copy = await (await caches.open("maskloop-data")).match(
                `/api/v1/images/${location.pathname.split("/").pop()}/masks`);
            return copy !== undefined && (await copy.json()).length === 1;
        }"""
    )
    context.set_offline(True)
    page.reload()
    wait_until_ready(page, "browser")
    expect(page.get_by_test_id("object-row")).to_have_count(1)
    expect(page.get_by_test_id("saved-state")).to_have_text("offline, all saved")
    page.keyboard.press("v")
    page.mouse.click(*position(page, 300, 200))
    expect(page.get_by_test_id("candidate-2")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("saved-state")).to_have_text("offline – 1 kept in this browser")
    context.set_offline(False)
    wait_until_saved(page)
    page.reload()
    expect(page.get_by_test_id("object-row")).to_have_count(2)


def test_a_stored_mask_is_reopened_erased_in_the_middle_and_undone_step_by_step(
    page: Page, deployment: RunningMaskloop, project: str
) -> None:
    page.keyboard.press("p")
    paint(page, START, END)
    page.keyboard.press("Enter")
    wait_until_saved(page)
    page.mouse.move(*position(page, 150, 100))
    page.keyboard.press("r")
    page.keyboard.press("e")
    paint(page, (150, 80), (150, 120))
    page.keyboard.press("Enter")
    wait_until_saved(page)
    with deployment.client() as client:
        (cut,) = until(lambda: [mask for mask in stored(client, project) if mask["version"] == 2], "the second version")
        pixels = rle.decode(cut["segmentation"])
        assert pixels[100, 120]
        assert not pixels[100, 150]
        page.keyboard.press("Control+z")  # accepting
        page.keyboard.press("Control+z")  # the eraser
        page.keyboard.press("Control+z")  # opening it
        wait_until_saved(page)
        (whole,) = until(lambda: [mask for mask in stored(client, project) if mask["version"] == 3], "the undo")
    assert rle.decode(whole["segmentation"])[100, 150]


def test_a_deleted_mask_comes_back_after_a_reload(page: Page, deployment: RunningMaskloop, project: str) -> None:
    page.keyboard.press("p")
    paint(page, START, END)
    page.keyboard.press("Enter")
    wait_until_saved(page)
    page.get_by_role("button", name="Delete Object 1").click()
    wait_until_saved(page)
    page.reload()
    wait_until_ready(page, "browser")
    expect(page.get_by_test_id("object-row")).to_have_count(0)
    page.get_by_role("button", name="Deleted masks").click()
    page.get_by_role("button", name="Restore Owner").click()
    expect(page.get_by_text("Nothing was deleted")).to_be_visible()
    page.get_by_role("button", name="Deleted masks").click()
    expect(page.get_by_test_id("object-row")).to_have_count(1)
    wait_until_saved(page)
    with deployment.client() as client:
        (back,) = until(lambda: stored(client, project), "the mask to be back")
    assert (back["version"], back["deleted_at"]) == (3, None)


def test_what_an_old_page_saves_is_never_stored_under_somebody_elses_name(
    page: Page, context: BrowserContext, deployment: RunningMaskloop, project: str
) -> None:
    other = context.new_page()
    other.goto(link_for(deployment, "Ben"))
    other.wait_for_url("**/projects")
    page.keyboard.press("p")
    paint(page, START, END)
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("saved-state")).to_have_text("signed out – 1 kept in this browser")
    with deployment.client() as client:
        assert stored(client, project) == []
        other.goto(deployment.new_link())
        other.wait_for_url("**/projects")
        other.close()
        page.bring_to_front()
        wait_until_saved(page)
        assert [mask["author_name"] for mask in stored(client, project)] == ["Owner"]


def test_a_conflict_waits_through_a_reload_until_the_person_has_chosen(
    page: Page, deployment: RunningMaskloop, project: str
) -> None:
    page.keyboard.press("p")
    paint(page, START, END)
    page.keyboard.press("Enter")
    wait_until_saved(page)
    with deployment.client() as client:
        (mask,) = until(lambda: stored(client, project), "the mask to be stored")
        change_label(client, mask, "theirs")
        page.get_by_role("button", name="Delete Object 1").click()
        expect(page.get_by_test_id("undecided")).to_be_visible()
        page.reload()
        page.get_by_test_id("undecided").get_by_role("button", name="Keep theirs").click()
        expect(page.get_by_test_id("object-row")).to_have_text("theirsmanual")
        wait_until_saved(page)
        assert [kept["label"] for kept in stored(client, project)] == ["theirs"]


def stored(client: httpx.Client, project: str) -> list[dict[str, Any]]:
    (image,) = client.get(f"/projects/{project}/images").json()["items"]
    masks: list[dict[str, Any]] = client.get(f"/images/{image['id']}/masks").json()
    return masks


def change_label(client: httpx.Client, mask: dict[str, Any], label: str) -> None:
    """As somebody else's edit."""
    content = ("segmentation", "stage", "prompts", "active_ms", "idle_ms")
    body = {name: mask[name] for name in content} | {"label": label}
    address = f"/images/{mask['image_id']}/masks/{mask['id']}"
    client.put(address, json=body, headers={"If-Match": f'"{mask["version"]}"'}).raise_for_status()
