"""Takes the README's screenshots from a real `maskloop up` on its demo project.

python -m tests.e2e.take_screenshots
"""

import tempfile
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from tests.conftest import REPOSITORY
from tests.e2e.running_maskloop import PATIENCE, TOUR_TAKEN, RunningMaskloop, launch_chromium, running_maskloop, until

IMAGES = REPOSITORY / "docs" / "images"
SCENE = "scene-5.png"
CLICKS = ((667, 160), (790, 655), (269, 371))  # (x, y) pixels on three of the scene's things


def main() -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, running_maskloop(Path(folder) / "data") as deployment:
        wait_for_demo(deployment)
        with sync_playwright() as playwright:
            browser = launch_chromium(playwright)
            page = browser.new_page(viewport={"width": 1440, "height": 900}, color_scheme="dark")
            page.add_init_script(TOUR_TAKEN)
            page.goto(deployment.new_link())
            annotate(page)
            page.screenshot(path=IMAGES / "annotate.png")
            page.get_by_role("link", name="Back to the project").click()
            expect(page.get_by_test_id("image-card").first).to_be_visible()
            expect(page.get_by_test_id("image-card").filter(has_text=SCENE)).to_contain_text("2 masks")
            page.wait_for_load_state("networkidle")
            page.screenshot(path=IMAGES / "project.png")
            browser.close()


def wait_for_demo(deployment: RunningMaskloop) -> None:
    with deployment.client() as client:
        project = until(lambda: client.get("/projects").json(), "the demo project")[0]["id"]
        total = client.get(f"/projects/{project}").json()["image_count"]
        progress = f"/projects/{project}/progress"
        until(lambda: client.get(progress).json()["embedding"]["done"] == total, "all scenes to be embedded")


def annotate(page: Page) -> None:
    """Makes masks of a few things, and leaves the last one with its candidates to choose from."""
    page.get_by_test_id("project-card").first.click()
    page.get_by_test_id("image-card").filter(has_text=SCENE).get_by_role("link").click()
    state = page.get_by_test_id("embedding-state")
    expect(state).to_have_attribute("data-phase", "ready", timeout=1000 * PATIENCE)
    canvas = page.get_by_test_id("image-canvas")
    zoom, left, top = (
        float(canvas.get_attribute(f"data-{name}") or "nan") for name in ("zoom", "origin-x", "origin-y")
    )
    for number, (x, y) in enumerate(CLICKS):
        canvas.click(position={"x": left + (x + 0.5) * zoom, "y": top + (y + 0.5) * zoom})
        expect(page.get_by_test_id("candidate-2")).to_be_visible()
        if number < len(CLICKS) - 1:
            page.keyboard.press("Enter")
    expect(page.get_by_test_id("saved-state")).to_have_attribute("data-phase", "saved")


if __name__ == "__main__":
    main()
