"""`python -m benchmarks.annotate`: see the package."""

import argparse
import json
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median

from playwright.sync_api import sync_playwright

from benchmarks.annotate.page import AnnotationPage
from engine.evaluation.clicks import NO_POINT, Click, first_click, next_click
from engine.masks import rle
from engine.masks.geometry import BoolMask, intersection_over_union
from tests.e2e.running_maskloop import TOUR_TAKEN, launch_chromium, running_maskloop


@dataclass(frozen=True)
class Object:
    """One object: its IoU after each click, and the page's milliseconds per click."""

    ious: list[float]
    answer_ms: list[float]


def main() -> int:
    options = _parser().parse_args()
    files = sorted((options.folder / "images").glob("*.jpg"))
    if not files:
        print(f"There are no images in {options.folder / 'images'}.", file=sys.stderr)
        return 2
    step = max(len(files) // options.images, 1)
    objects = list[Object]()
    with tempfile.TemporaryDirectory() as folder, running_maskloop(Path(folder) / "data") as deployment:
        with deployment.client() as client:
            project = client.post("/projects", json={"name": "Benchmark"}).raise_for_status().json()["id"]
            images = [
                client.post(f"/projects/{project}/images", files={"file": (file.name, file.read_bytes())})
                .raise_for_status()
                .json()
                for file in files[::step][: options.images]
            ]
        with sync_playwright() as playwright:
            browser = launch_chromium(playwright)
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            page.set_default_timeout(120_000)
            page.add_init_script(TOUR_TAKEN)
            page.goto(deployment.new_link())
            page.wait_for_url("**/projects")
            for image in images:
                address = f"{deployment.url}/projects/{project}/images/{image['id']}"
                opened = AnnotationPage(page, address, image["width"], image["height"])
                for truth in _largest(options.folder, image["file_name"], options.objects):
                    objects.append(_annotate(opened, truth, options.target, options.clicks))
                    print(f"{image['file_name']}: {objects[-1].ious[-1]:.2f} after {len(objects[-1].ious)}", flush=True)
            browser.close()
    _report(objects, options.target, options.clicks)
    return 0


def _largest(folder: Path, name: str, count: int) -> list[BoolMask]:
    """In order of prominence: the largest first."""
    stored = json.loads((folder / "annotations" / f"{Path(name).stem}.json").read_text())["annotations"]
    largest = sorted(stored, key=lambda annotation: -annotation["area"])[:count]
    return [rle.decode(rle.from_sa1b(annotation["segmentation"])) for annotation in largest]


def _annotate(page: AnnotationPage, truth: BoolMask, target: float, most: int) -> Object:
    clicks: tuple[Click, ...] = (first_click(truth),)
    answer_ms = [page.click(clicks[0], ())]
    scores = [intersection_over_union(mask, truth) for mask in page.candidates(1)]
    page.choose(scores.index(max(scores)), 1)
    ious = [max(scores)]
    while ious[-1] < target and len(clicks) < most:
        click = next_click(truth, page.mask(), clicks)
        if click.label == NO_POINT:
            break
        answer_ms.append(page.click(click, clicks))
        clicks = (*clicks, click)
        ious.append(intersection_over_union(page.mask(), truth))
    page.accept()
    return Object(ious, answer_ms)


def _report(objects: list[Object], target: float, most: int) -> None:
    reached = [each for each in objects if each.ious[-1] >= target]
    clicks = [len(each.ious) if each.ious[-1] >= target else most for each in objects]
    seconds = [sum(each.answer_ms) / 1000 for each in objects]
    print(f"objects                      {len(objects)}")
    print(f"IoU {target:.2f} within {most} clicks      {len(reached)} ({len(reached) / len(objects):.0%})")
    print(f"clicks per mask, mean        {mean(clicks):.1f} (objects that do not get there count {most})")
    print(f"clicks of those that do      {mean(len(each.ious) for each in reached) if reached else float('nan'):.1f}")
    print(f"mean IoU after one click     {mean(each.ious[0] for each in objects):.2f}")
    print(f"mean IoU at the end          {mean(each.ious[-1] for each in objects):.2f}")
    print(f"press to mask, median        {median(ms for each in objects for ms in each.answer_ms):.0f} ms")
    print(f"masks per minute of the page {60 / mean(seconds):.0f}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.annotate", description="A scripted annotator at the real page, in Chromium."
    )
    parser.add_argument("folder", type=Path, help="a folder with images/*.jpg and annotations/*.json as in SA-1B")
    parser.add_argument("--images", type=int, default=20, help="images, evenly spread by name (default: 20)")
    parser.add_argument("--objects", type=int, default=2, help="the largest objects of each (default: 2)")
    parser.add_argument("--clicks", type=int, default=12, help="clicks per object at most (default: 12)")
    parser.add_argument("--target", type=float, default=0.9, help="IoU to reach (default: 0.9)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
