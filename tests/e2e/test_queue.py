"""Two people at one project in real browsers, and one of them with the keyboard alone."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.e2e.annotating import link_for, new_project, paint, wait_until_ready, wait_until_saved
from tests.e2e.running_maskloop import E2E, RunningMaskloop, until

pytestmark = E2E

IMAGES = 5


@pytest.fixture
def project(page: Page, deployment: RunningMaskloop, tmp_path: Path) -> str:
    """A project of small images."""
    project = new_project(page)
    files = [tmp_path / f"noise-{number}.png" for number in range(IMAGES)]
    for seed, file in enumerate(files):
        noise = np.random.default_rng(seed).integers(0, 256, (96, 128, 3), dtype=np.uint8)
        Image.fromarray(noise).save(file)
    page.get_by_test_id("upload-input").set_input_files(files)
    expect(page.get_by_test_id("image-card")).to_have_count(IMAGES)
    return project


@pytest.fixture
def annas_page(browser: Browser, deployment: RunningMaskloop) -> Iterator[Page]:
    """A browser of an annotator's own."""
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    context.set_default_timeout(60_000)
    page = context.new_page()
    page.goto(link_for(deployment, "Anna"))
    page.wait_for_url("**/projects")
    yield page
    context.close()


def start(page: Page, url: str, project: str) -> str:
    page.goto(f"{url}/projects/{project}")
    page.get_by_role("button", name="Annotate", exact=True).click()
    page.wait_for_url("**/images/*")
    return opened(page)


def opened(page: Page) -> str:
    """The image that is open, once it can be worked on."""
    wait_until_ready(page, "browser")
    return page.url.rpartition("/")[2]


def moves_on(page: Page, action: Callable[[], None]) -> str:
    before = page.url
    action()
    page.wait_for_url(lambda url: url != before)
    return opened(page)


def test_two_annotators_never_share_an_image(
    page: Page, annas_page: Page, deployment: RunningMaskloop, project: str
) -> None:
    seen: dict[str, list[str]] = {"owner": [start(page, deployment.url, project)]}
    seen["anna"] = [start(annas_page, deployment.url, project)]
    for _ in range(2):
        for name, theirs in (("owner", page), ("anna", annas_page)):
            if len(seen["owner"]) + len(seen["anna"]) < IMAGES:
                seen[name].append(moves_on(theirs, lambda theirs=theirs: theirs.keyboard.press("d")))
    assert not set(seen["owner"]) & set(seen["anna"])
    assert len(set(seen["owner"] + seen["anna"])) == IMAGES

    # Somebody who opens the other's image from the list is told.
    annas_page.goto(f"{deployment.url}/projects/{project}/images/{seen['owner'][-1]}")
    expect(annas_page.get_by_text("Owner is working on this image.")).to_be_visible()
    annas_page.keyboard.press("d")
    expect(annas_page.get_by_role("alert")).to_contain_text("Owner is working on this image")


def test_two_windows_of_one_person_have_two_images_and_keep_them(
    page: Page, deployment: RunningMaskloop, project: str
) -> None:
    first = start(page, deployment.url, project)
    other = page.context.new_page()
    second = start(other, deployment.url, project)
    assert first != second
    third = moves_on(other, lambda: other.keyboard.press("n"))
    # The same image in both: what one window closes, the other still has.
    other.goto(page.url)
    opened(other)
    other.close()

    def working() -> set[str]:
        with deployment.client() as client:
            items = client.get(f"/projects/{project}/images").json()["items"]
        return {item["id"] for item in items if item["assignment"]["state"] == "working"}

    until(lambda: working() == {first}, f"{third} to be given back and {first} to be kept")


def test_a_day_with_the_keyboard_labels_skips_and_ends(page: Page, deployment: RunningMaskloop, project: str) -> None:
    with deployment.client() as client:
        labels = [{"name": "noise", "colour": "#56b4e9"}, {"name": "signal", "colour": "#e69f00"}]
        client.put(f"/projects/{project}/labels", json=labels).raise_for_status()
    first = start(page, deployment.url, project)
    page.keyboard.press("2")
    expect(page.get_by_test_id("label-in-hand")).to_have_text("signal")
    page.keyboard.press("p")
    paint(page, (30, 40), (60, 40))
    page.keyboard.press("Enter")
    wait_until_saved(page)
    expect(page.get_by_test_id("today")).to_contain_text("1 today")
    page.keyboard.press("l")
    page.keyboard.type("noi")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("label-in-hand")).to_have_text("noise")

    second = moves_on(page, lambda: page.keyboard.press("d"))
    assert moves_on(page, lambda: page.keyboard.press("Shift+N")) == first
    expect(page.get_by_text("You found nothing left worth labelling.")).to_be_visible()
    assert moves_on(page, lambda: page.keyboard.press("n")) == second

    page.keyboard.press("s")
    third = moves_on(page, lambda: page.keyboard.press("1"))
    page.keyboard.press("s")
    page.keyboard.type("two suns")
    moves_on(page, lambda: page.keyboard.press("Enter"))
    moves_on(page, lambda: page.keyboard.press("d"))
    page.keyboard.press("d")
    expect(page.get_by_test_id("queue-end")).to_be_visible()

    with deployment.client() as client:
        summary = client.get(f"/projects/{project}").json()
        assert (summary["finished_image_count"], summary["skipped_image_count"]) == (3, 2)
        skipped = client.get(f"/projects/{project}/images", params={"filter": "skipped"}).json()["items"]
        assert [(item["id"], item["assignment"]["reason"]) for item in skipped] == [
            (second, "Blurred or broken"),
            (third, "two suns"),
        ]
        (mask,) = client.get(f"/images/{first}/masks").json()
        assert (mask["label"], mask["prompts"]["strokes"], mask["stage"]) == ("signal", 1, "manual")


def test_what_is_closed_offline_is_closed_later(page: Page, deployment: RunningMaskloop, project: str) -> None:
    first = start(page, deployment.url, project)
    page.context.set_offline(True)
    page.keyboard.press("d")
    expect(page.get_by_role("alert")).to_contain_text("sent later")
    page.context.set_offline(False)

    def closed() -> bool:
        with deployment.client() as client:
            return client.get(f"/images/{first}").json()["assignment"]["state"] == "finished"

    until(closed, "the image to be closed")


def test_a_finger_clicks_and_two_fingers_zoom(
    browser: Browser, deployment: RunningMaskloop, page: Page, project: str
) -> None:
    context = browser.new_context(
        viewport={"width": 834, "height": 1112},
        has_touch=True,
        is_mobile=True,
        storage_state=json.loads(json.dumps(page.context.storage_state())),
    )
    context.set_default_timeout(60_000)
    tablet = context.new_page()
    start(tablet, deployment.url, project)
    canvas = tablet.get_by_test_id("image-canvas")
    box = canvas.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    before = float(canvas.get_attribute("data-zoom") or "nan")
    touch = context.new_cdp_session(tablet)

    def fingers(kind: str, *gaps: float) -> None:
        points = [{"x": x + gap, "y": y, "id": number} for number, gap in enumerate(gaps)]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    fingers("touchStart", -40)
    fingers("touchStart", -40, 40)
    for spread in (60, 80, 100, 120):
        fingers("touchMove", -spread, spread)
    fingers("touchEnd")
    until(lambda: float(canvas.get_attribute("data-zoom") or "nan") > 2 * before, "the zoom")
    expect(tablet.get_by_role("button", name="Accept")).to_have_count(0)

    tablet.touchscreen.tap(x, y)
    expect(tablet.get_by_role("button", name="Accept")).to_be_visible()
    context.close()
