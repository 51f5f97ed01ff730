"""Points close together, candidates by the wheel, and what mends a mask, as a hand does them."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.annotating import new_project, open_image, position, wait_until_saved
from tests.e2e.running_maskloop import E2E, RunningMaskloop, until
from tests.e2e.subjects import Subject, scene

pytestmark = E2E

# CSS pixels: beside a point's disc, and within where a drag takes hold of it.
BESIDE = 7


@pytest.fixture
def subject(tmp_path: Path) -> Subject:
    return scene(tmp_path)


@pytest.fixture
def project(page: Page, subject: Subject) -> str:
    project = new_project(page)
    open_image(page, subject, "browser")
    return project


def test_clicks_beside_each_other_are_all_points_and_a_drag_still_moves_one(
    page: Page, deployment: RunningMaskloop, project: str, subject: Subject
) -> None:
    x, y = position(page, *subject.centre(0))
    answered(page, lambda: page.mouse.click(x, y))
    answered(page, lambda: page.mouse.click(x + BESIDE, y))
    answered(page, lambda: page.mouse.click(x, y + 60, button="right"))
    answered(page, lambda: page.mouse.click(x + BESIDE, y + 60, button="right"))
    # Where it is already: as a hand that clicks twice.
    page.mouse.click(x + BESIDE, y + 60, button="right")
    answered(page, lambda: drag(page, (x - BESIDE, y), (x - BESIDE, y + 30)))
    page.keyboard.press("Enter")
    wait_until_saved(page)
    (mask,) = masks(deployment, project)
    assert [point["label"] for point in mask["prompts"]["points"]] == [1, 1, 0, 0]
    moved, kept = mask["prompts"]["points"][:2]
    assert moved["y"] > kept["y"]


def test_the_wheel_takes_the_next_candidate_and_the_brush_size(page: Page, project: str, subject: Subject) -> None:
    x, y = position(page, *subject.centre(0))
    answered(page, lambda: page.mouse.click(x, y))
    page.keyboard.down("Alt")
    page.mouse.wheel(0, 120)
    expect(page.get_by_test_id("candidate-1")).to_have_attribute("aria-pressed", "true")
    page.mouse.wheel(0, -120)
    expect(page.get_by_test_id("candidate-0")).to_have_attribute("aria-pressed", "true")
    page.keyboard.up("Alt")
    page.get_by_test_id("candidate-0").hover()
    page.mouse.wheel(0, 120)
    expect(page.get_by_test_id("candidate-1")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("p")
    size = page.get_by_role("slider", name="Brush size")
    before = float(size.get_attribute("aria-valuenow") or "nan")
    page.mouse.move(x, y)
    page.keyboard.down("Alt")
    page.mouse.wheel(0, -120)
    page.keyboard.up("Alt")
    until(lambda: float(size.get_attribute("aria-valuenow") or "nan") > before, "a larger brush")


def test_a_ring_is_filled_and_a_scrap_taken_away_beside_the_candidates(
    page: Page, deployment: RunningMaskloop, project: str
) -> None:
    page.keyboard.press("p")
    corners = [(100, 100), (200, 100), (200, 200), (100, 200), (100, 100)]
    page.mouse.move(*position(page, *corners[0]))
    page.mouse.down()
    for corner in corners[1:]:
        page.mouse.move(*position(page, *corner), steps=4)
    page.mouse.up()
    page.mouse.click(*position(page, 300, 300))
    page.get_by_role("button", name="Fill holes").last.click()
    page.get_by_role("button", name="Largest part only").last.click()
    page.keyboard.press("Enter")
    wait_until_saved(page)
    (mask,) = masks(deployment, project)
    left, _, width, height = mask["bbox"]
    assert left + width < 250
    # A square of 100 and half a brush on each side, but for its round corners.
    assert mask["area"] > 0.97 * width * height


def answered(page: Page, act: Any) -> None:
    canvas = page.get_by_test_id("image-canvas")
    before = canvas.get_attribute("data-answered")
    act()
    expect(canvas).not_to_have_attribute("data-answered", before or "")
    expect(page.get_by_test_id("candidate-0")).to_be_visible()


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*end, steps=5)
    page.mouse.up()


def masks(deployment: RunningMaskloop, project: str) -> list[dict[str, Any]]:
    with deployment.client() as client:
        (image,) = client.get(f"/projects/{project}/images").json()["items"]
        return until(lambda: client.get(f"/images/{image['id']}/masks").json(), "the mask to be stored")
