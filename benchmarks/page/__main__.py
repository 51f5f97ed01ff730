"""`python -m benchmarks.page`: see the package."""

import argparse
import io
import os
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

import httpx
from PIL import Image
from playwright.sync_api import sync_playwright

from benchmarks.page.watched import WATCH, WatchedPage
from engine.training.scenes import generate_scene
from tests.e2e.running_maskloop import TOUR_TAKEN, RunningMaskloop, launch_chromium, running_maskloop, until

_SIZE = (384, 512)
_EMBEDDING_PATIENCE_S = 7200.0
# Seconds after which the next two images are surely fetched; the page fetches them at low priority.
_FETCHED_AHEAD_MS = 1500


def main() -> int:
    options = _parser().parse_args()
    with tempfile.TemporaryDirectory() as folder, running_maskloop(Path(folder) / "data") as deployment:
        project, first = _fill(deployment, options.images, options.distinct)
        with sync_playwright() as playwright:
            browser = launch_chromium(playwright)
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            page.set_default_timeout(300_000)
            page.add_init_script(TOUR_TAKEN)
            page.add_init_script(WATCH)
            page.goto(deployment.new_link())
            page.wait_for_url("**/projects")
            watched = WatchedPage(page)
            address = f"{deployment.url}/projects/{project}/images/{first}"
            watched.open(address)
            _say("usable after opening, warm", [watched.open(address) for _ in range(options.repeats)], "ms")
            _clicks(watched, options.repeats)
            _walk(watched, options)
            browser.close()
    return 0


def _fill(deployment: RunningMaskloop, images: int, distinct: int) -> tuple[str, str]:
    """A project of so many images of `distinct` scenes, each with a pixel of its own; its id and its first image's."""
    scenes = [generate_scene(seed, _SIZE).image for seed in range(min(distinct, images))]
    ids = list[str]()
    with deployment.client() as client:
        project: str = client.post("/projects", json={"name": "Benchmark"}).raise_for_status().json()["id"]
        for number in range(images):
            pixels = scenes[number % len(scenes)].copy()
            pixels[0, 0] = (number // 256, number % 256, 0)
            file = io.BytesIO()
            Image.fromarray(pixels).save(file, "PNG")
            answer = client.post(f"/projects/{project}/images", files={"file": (f"{number:04}.png", file.getvalue())})
            ids.append(answer.raise_for_status().json()["id"])
        until(lambda: _embedded(client, project) == images, "all images to be embedded", _EMBEDDING_PATIENCE_S)
    return project, ids[0]


def _embedded(client: httpx.Client, project: str) -> int:
    counts: dict[str, Any] = client.get(f"/projects/{project}/progress").raise_for_status().json()["embedding"]
    return int(counts["done"])


def _clicks(watched: WatchedPage, repeats: int) -> None:
    """Clicks over the canvas: decoding, and what comes on top until the mask is painted."""
    box = watched.page.get_by_test_id("image-canvas").bounding_box()
    assert box is not None
    watched.click(box["x"] + 0.5 * box["width"], box["y"] + 0.5 * box["height"])
    answers = []
    for number in range(4 * repeats):
        watched.page.keyboard.press("Escape")
        across, down = 0.3 + 0.4 * (number % 5) / 4, 0.3 + 0.4 * (number % 7) / 6
        answers.append(watched.click(box["x"] + across * box["width"], box["y"] + down * box["height"]))
    watched.page.keyboard.press("Escape")
    _say("a click's decoding", [decoding for decoding, _ in answers], "ms")
    _say("press to paint, beyond decoding", [beyond for _, beyond in answers], "ms")


def _walk(watched: WatchedPage, options: argparse.Namespace) -> None:
    """From image to image with N, with a click on each; memory every so often."""
    steps = options.images - 1
    openings = list[float]()
    seen = [watched.memory()]
    print(_memory_line(0, seen[0]), flush=True)
    for step in range(1, steps + 1):
        if len(openings) < options.openings:
            watched.page.wait_for_timeout(_FETCHED_AHEAD_MS)
            openings.append(watched.next_image()[1])
            if len(openings) == options.openings:
                _say("opening the next image, fetched ahead", openings, "ms")
        else:
            watched.next_image()
        box = watched.page.get_by_test_id("image-canvas").bounding_box()
        assert box is not None
        watched.click(box["x"] + 0.5 * box["width"], box["y"] + 0.5 * box["height"])
        watched.page.keyboard.press("Escape")
        if step % options.every == 0 or step == steps:
            seen.append(watched.memory())
            print(_memory_line(step, seen[-1]), flush=True)
    # The first stretch fills caches that have a limit; what is flat is flat after it.
    early, late = seen[min(1, len(seen) - 1)], seen[-1]
    growth = (late["heap"] + late["buffers"]) / (early["heap"] + early["buffers"]) - 1
    print(f"growth from image {min(options.every, steps)} to image {steps}: {growth:+.0%}")


def _memory_line(step: int, memory: dict[str, float]) -> str:
    return (
        f"after {step:4} images: heap {memory['heap']:6.1f} MiB, buffers {memory['buffers']:6.1f} MiB, "
        f"{memory['nodes']:.0f} nodes"
    )


def _say(what: str, values: list[float], unit: str) -> None:
    shown = f"median {median(values):.1f} {unit}, worst {max(values):.1f} {unit}, {len(values)} times"
    print(f"{what:<40}{shown}  (load {os.getloadavg()[0]:.1f})", flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.page", description="Speed and memory of the annotation page, in Chromium."
    )
    parser.add_argument("--images", type=int, default=501, help="images to walk through, and one (default: 501)")
    parser.add_argument("--distinct", type=int, default=20, help="different scenes among them (default: 20)")
    parser.add_argument("--repeats", type=int, default=5, help="openings, and a quarter of the clicks (default: 5)")
    parser.add_argument("--openings", type=int, default=20, help="timed openings of the next image (default: 20)")
    parser.add_argument("--every", type=int, default=50, help="images between two looks at the memory (default: 50)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
