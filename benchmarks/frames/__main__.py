"""`python -m benchmarks.frames`: see the package."""

import argparse
import io
import math
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import numpy as np
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from benchmarks.frames.frames import FrameWatch
from engine.masks import rle
from engine.training.scenes import generate_scene
from tests.e2e.running_maskloop import TOUR_TAKEN, RunningMaskloop, launch_chromium, running_maskloop

_PATIENCE_MS = 600_000
_ENLARGED = 4


def main() -> int:
    options = _parser().parse_args()
    with tempfile.TemporaryDirectory() as folder, running_maskloop(Path(folder) / "data") as deployment:
        address = _fill(deployment, options.width, options.height, options.masks)
        with sync_playwright() as playwright:
            browser = launch_chromium(playwright)
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            page.set_default_timeout(_PATIENCE_MS)
            page.add_init_script(TOUR_TAKEN)
            page.goto(deployment.new_link())
            page.wait_for_url("**/projects")
            page.goto(address)
            page.wait_for_selector("[data-painted]")
            page.wait_for_selector("[data-testid=embedding-state][data-phase=ready]")
            _measure(page, options.frames)
            browser.close()
    return 0


def _fill(deployment: RunningMaskloop, width: int, height: int, count: int) -> str:
    """A project of one image with so many masks of generated things; the image's address."""
    small = (height // _ENLARGED, width // _ENLARGED)
    first = generate_scene(0, small)
    masks = list(first.masks())
    seed = 1
    while len(masks) < count:
        masks.extend(generate_scene(seed, small).masks())
        seed += 1
    file = io.BytesIO()
    Image.fromarray(first.image).resize((width, height), Image.Resampling.BICUBIC).save(file, "JPEG", quality=92)
    with deployment.client() as client:
        project = client.post("/projects", json={"name": "Benchmark"}).raise_for_status().json()["id"]
        upload = client.post(f"/projects/{project}/images", files={"file": ("large.jpg", file.getvalue())})
        image = upload.raise_for_status().json()["id"]
        for mask in masks[:count]:
            # Smooth outlines, as large objects have them, not stairs of four pixels.
            grown = Image.fromarray(mask.astype(np.uint8) * 255).resize((width, height), Image.Resampling.BICUBIC)
            body = {
                "segmentation": rle.encode(np.asarray(grown) > 127),
                "stage": "manual",
                "prompts": {"points": [], "box": None, "strokes": 1},
                "active_ms": 1000,
                "idle_ms": 0,
            }
            client.put(f"/images/{image}/masks/{uuid4()}", json=body, headers={"If-None-Match": "*"}).raise_for_status()
    return f"{deployment.url}/projects/{project}/images/{image}"


def _measure(page: Page, frames: int) -> None:
    watch = FrameWatch(page)
    canvas = page.get_by_test_id("image-canvas").bounding_box()
    assert canvas is not None
    middle = canvas["x"] + canvas["width"] / 2, canvas["y"] + canvas["height"] / 2

    def along(path: Iterator[tuple[float, float]]) -> Callable[[], None]:
        def move() -> None:
            for right, down in path:
                page.mouse.move(middle[0] + right, middle[1] + down)

        return move

    def circle(radius: float) -> Iterator[tuple[float, float]]:
        for frame in range(frames):
            angle = 4 * math.pi * frame / frames
            yield radius * math.cos(angle), radius * math.sin(angle)

    def wheel() -> None:
        for frame in range(frames):
            page.mouse.wheel(0, -40 if frame < frames / 2 else 40)

    def pan(name: str) -> None:
        page.keyboard.down("Space")
        page.mouse.move(middle[0] + 150, middle[1])
        page.mouse.down()
        watch.during(name, along(circle(150)))
        page.mouse.up()
        page.keyboard.up("Space")

    print(f"{'':34}{'frames':>6}  {'between two, ms':^22}  busy per frame, ms")
    print(f"{'':34}{'':>6}  {'median':>6} {'95 %':>6} {'worst':>7}  {'script':>6} {'all':>6}")
    page.mouse.move(*middle)
    pan("pan, whole image")
    page.mouse.move(*middle)
    watch.during("zoom in and out", wheel)
    page.keyboard.press("v")
    watch.during("point over the image", along(circle(250)))
    rows = page.get_by_test_id("object-row").first.bounding_box()
    assert rows is not None

    def list_rows() -> None:
        for frame in range(frames):
            page.mouse.move(rows["x"] + 60, rows["y"] + 8 + 400 * frame / frames)

    watch.during("point along the list of objects", list_rows)
    page.keyboard.press("p")
    for _ in range(10):
        page.keyboard.press("]")
    page.mouse.move(middle[0] + 250, middle[1])
    page.mouse.down()
    watch.during("paint, whole image", along(circle(250)))
    page.mouse.up()
    page.keyboard.press("e")
    page.mouse.move(middle[0] + 200, middle[1])
    page.mouse.down()
    watch.during("erase, whole image", along(circle(200)))
    page.mouse.up()
    page.keyboard.press("Escape")
    page.mouse.move(*middle)
    while (zoom := _zoom(page)) < 1:
        page.mouse.wheel(0, -120)
        page.wait_for_timeout(200)
    pan(f"pan at {zoom:.0%}")
    page.keyboard.press("p")
    page.mouse.move(middle[0] + 250, middle[1])
    page.mouse.down()
    watch.during(f"paint at {zoom:.0%}", along(circle(250)))
    page.mouse.up()
    print(f"load {os.getloadavg()[0]:.1f}")


def _zoom(page: Page) -> float:
    return float(page.get_by_test_id("image-canvas").get_attribute("data-zoom") or "nan")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.frames", description="Frames of the annotation page on a large image, in Chromium."
    )
    parser.add_argument("--width", type=int, default=4000, help="of the image, in pixels (default: 4000)")
    parser.add_argument("--height", type=int, default=3000, help="of the image, in pixels (default: 3000)")
    parser.add_argument("--masks", type=int, default=200, help="stored on the image (default: 200)")
    parser.add_argument("--frames", type=int, default=240, help="movements of each kind (default: 240)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
