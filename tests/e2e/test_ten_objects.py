"""An annotator's hour in one: ten things of one image by every tool, and one of them without a mouse."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Page, expect

from engine.masks import rle
from engine.masks.geometry import farthest_from_border
from tests.conftest import REPOSITORY
from tests.e2e.annotating import new_project, open_image, paint, position, wait_until_ready, wait_until_saved
from tests.e2e.running_maskloop import E2E, RunningMaskloop, until
from tests.e2e.subjects import ten_objects

pytestmark = E2E

Truth = NDArray[np.bool_]


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Truth]]:
    validation = REPOSITORY.parent / "shared" / "images" / "validation"
    return ten_objects(validation, tmp_path_factory.mktemp("ten"))


def test_ten_objects_by_clicks_box_brush_and_polygon(
    page: Page, deployment: RunningMaskloop, image: tuple[Path, list[Truth]]
) -> None:
    file, truths = image
    project = new_project(page)
    open_image(page, file, "browser")
    made = 0
    for truth in truths[:4]:
        click(page, middle(truth))
        made = accept(page, made)
    page.keyboard.press("b")
    for truth in truths[4:6]:
        drag(page, *corners(truth))
        expect(page.get_by_test_id("candidate-0")).to_be_visible()
        made = accept(page, made)
    page.keyboard.press("p")
    for truth in truths[6:8]:
        x, y = middle(truth)
        paint(page, (x - 8, y), (x + 8, y))
        made = accept(page, made)
    page.keyboard.press("g")
    for truth in truths[8:]:
        (left, top), (right, bottom) = corners(truth)
        for corner in ((left, top), (right, top), (right, bottom), (left, bottom)):
            # A corner between pixels, where four of them meet.
            page.mouse.click(*position(page, corner[0] - 0.5, corner[1] - 0.5))
        page.keyboard.press("Enter")
        made = accept(page, made)
    wait_until_saved(page)

    # The first is opened again, gone on with by a background click, and that is taken back step by step.
    page.keyboard.press("v")
    page.mouse.move(*position(page, *middle(truths[9])))
    page.keyboard.press("r")
    expect(page.get_by_text("Changing")).to_be_visible()
    click(page, (2, 2), button="right")
    page.keyboard.press("Enter")
    wait_until_saved(page)
    for _ in range(3):
        page.keyboard.press("Control+z")
    wait_until_saved(page)
    page.reload()
    wait_until_ready(page, "browser")
    expect(page.get_by_test_id("object-row")).to_have_count(10)

    masks = stored(deployment, project, 10)
    prompts = [mask["prompts"] for mask in masks]
    assert [len(prompt["points"]) for prompt in prompts] == [1] * 4 + [0] * 6
    assert [prompt["box"] is not None for prompt in prompts] == [False] * 4 + [True] * 2 + [False] * 4
    assert [prompt["strokes"] for prompt in prompts] == [0] * 6 + [1] * 4
    for mask, (x, y) in zip(masks[:4], map(middle, truths[:4]), strict=True):
        assert rle.decode(mask["segmentation"])[y, x]
    for mask, truth in zip(masks[8:], truths[8:], strict=True):
        (left, top), (right, bottom) = corners(truth)
        rectangle = np.zeros_like(truth)
        rectangle[top:bottom, left:right] = True
        assert np.array_equal(rle.decode(mask["segmentation"]), rectangle)


def test_everything_of_the_main_loop_without_a_mouse(
    page: Page, deployment: RunningMaskloop, image: tuple[Path, list[Truth]]
) -> None:
    """A click, a background click, another candidate, a box, a stroke; accepted, deleted, restored, undone, closed."""
    project = new_project(page)
    open_image(page, image[0], "browser")
    canvas = page.get_by_test_id("image-canvas")
    keys = page.keyboard
    # The first arrow shows the cross in the middle of the canvas, which is the image's.
    keys.press("ArrowRight")
    keys.press("a")
    expect(page.get_by_test_id("candidate-2")).to_be_visible()
    keys.press("Tab")
    expect(page.get_by_test_id("candidate-1")).to_have_attribute("aria-pressed", "true")
    zoom = float(canvas.get_attribute("data-zoom") or "nan")
    keys.press("+")
    until(lambda: float(canvas.get_attribute("data-zoom") or "nan") > zoom, "the zoom")
    hold(page, "ArrowDown", 12)
    before = canvas.get_attribute("data-answered")
    keys.press("Shift+a")
    expect(canvas).not_to_have_attribute("data-answered", before or "")
    made = accept(page, 0)

    keys.press("b")
    keys.press("a")
    hold(page, "ArrowUp", 9)
    hold(page, "ArrowLeft", 7)
    keys.press("a")
    expect(page.get_by_test_id("candidate-0")).to_be_visible()
    made = accept(page, made)

    keys.press("p")
    keys.press("a")
    hold(page, "Shift+ArrowLeft", 20)
    keys.press("a")
    made = accept(page, made)
    keys.press("r")
    keys.press("e")
    keys.press("a")
    keys.press("a")
    keys.press("Enter")
    wait_until_saved(page)

    # The list of objects is reached with Tab as anywhere on the page.
    page.get_by_test_id("object-row").first.get_by_role("button").first.focus()
    keys.press("Enter")
    keys.press("Delete")
    expect(page.get_by_test_id("object-row")).to_have_count(2)
    keys.press("Control+z")
    expect(page.get_by_test_id("object-row")).to_have_count(3)
    wait_until_saved(page)
    first, second, third = stored(deployment, project, 3)
    assert [point["label"] for point in first["prompts"]["points"]] == [1, 0]
    assert second["prompts"]["box"] is not None
    assert third["prompts"]["strokes"] == 2
    keys.press("d")
    expect(page.get_by_test_id("queue-end")).to_be_visible()


def middle(truth: Truth) -> tuple[int, int]:
    point = farthest_from_border(truth)
    assert point is not None
    return point.x, point.y


def corners(truth: Truth) -> tuple[tuple[int, int], tuple[int, int]]:
    """(left, top) and (right, bottom) of the box around it, in corners between pixels."""
    x, y, w, h = (round(value) for value in rle.bbox(rle.encode(truth)))
    return (x, y), (x + w, y + h)


def click(page: Page, at: tuple[int, int], button: str = "left") -> None:
    canvas = page.get_by_test_id("image-canvas")
    before = canvas.get_attribute("data-answered")
    page.mouse.click(*position(page, *at), button="right" if button == "right" else "left")
    expect(canvas).not_to_have_attribute("data-answered", before or "")
    expect(page.get_by_test_id("candidate-0")).to_be_visible()


def drag(page: Page, start: tuple[int, int], end: tuple[int, int]) -> None:
    paint(page, start, (end[0] - 1, end[1] - 1))


def accept(page: Page, before: int) -> int:
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("object-row")).to_have_count(before + 1)
    return before + 1


def hold(page: Page, key: str, times: int) -> None:
    for _ in range(times):
        page.keyboard.press(key)


def stored(deployment: RunningMaskloop, project: str, count: int) -> list[dict[str, Any]]:
    """The masks of the project's only image in the order in which they were made, once there are so many."""

    def all_of_them() -> list[dict[str, Any]] | None:
        with deployment.client() as client:
            (item,) = client.get(f"/projects/{project}/images").json()["items"]
            masks: list[dict[str, Any]] = client.get(f"/images/{item['id']}/masks").json()
        return masks if len(masks) == count else None

    return until(all_of_them, f"{count} masks to be stored")
