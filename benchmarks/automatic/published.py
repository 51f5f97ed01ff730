"""`python -m benchmarks.automatic.published`: our masks beside those of the published package, same weights and images.

The package is no dependency of maskloop: it wants an interpreter of its own, named with `--python`:

    python -m venv reference && reference/bin/pip install segment-anything torchvision opencv-python-headless \
        pycocotools safetensors
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from benchmarks.automatic.measure import share_found
from benchmarks.encode.models import model_to_measure
from engine.automatic.config import AutomaticConfig, config_of
from engine.automatic.generator import AutomaticMask, generate_masks
from engine.masks import rle
from engine.sam import ARCHITECTURES, save_checkpoint
from engine.sam.predictor import Predictor

_LEAST_IN_COMMON = 0.99
_REPOSITORY = Path(__file__).parents[2]
_NOT_PUBLISHED = ("max_cover", "points_per_batch")
"""The paper's filter of masks that cover everything is not in the package; how many points go together is ours."""


@dataclass(frozen=True)
class Compared:
    """Sums over all images; `largest_difference` is that of predicted IoU or stability between masks that agree."""

    ours: int
    theirs: int
    ours_found: float
    theirs_found: float
    largest_difference: float
    ours_s: float
    theirs_s: float


def main() -> int:
    options = _parser().parse_args()
    torch.set_num_threads(options.threads)
    files = sorted(Path(options.images).rglob("*.jpg"))
    files = files[:: max(1, len(files) // options.count)][: options.count]
    config = replace(config_of("custom", dict(_setting(each) for each in options.set)), max_cover=1.0)
    compared = compare(options.model, files, config, options.python, options.threads)
    print(
        f"{options.model}, {len(files)} images, {config.points:,} points: {compared.ours:,} masks, published "
        f"{compared.theirs:,}; in common at an IoU of 0.98: {compared.ours_found:.2%} and "
        f"{compared.theirs_found:.2%}; predicted IoU and stability differ by at most "
        f"{compared.largest_difference:.4f}; {compared.ours_s:.1f} s against {compared.theirs_s:.1f} s"
    )
    same = compared.ours > 0 and min(compared.ours_found, compared.theirs_found) >= _LEAST_IN_COMMON
    return 0 if same else 1


def compare(name: str, files: list[Path], config: AutomaticConfig, python: str, threads: int) -> Compared:
    """Both on the same images, ours first. Raises CalledProcessError when the published package does not run."""
    sam = model_to_measure(name)
    predictor = Predictor(sam)
    began = time.perf_counter()
    ours = [generate_masks(predictor, np.array(Image.open(file).convert("RGB")), config) for file in files]
    ours_s = time.perf_counter() - began
    with tempfile.TemporaryDirectory() as folder:
        save_checkpoint(sam, Path(folder, "model"))
        settings = {key: value for key, value in config.to_settings().items() if key not in _NOT_PUBLISHED}
        order = {
            "weights": str(Path(folder, "model.safetensors")),
            "images": [str(file.absolute()) for file in files],
            "settings": settings,
            "threads": threads,
        }
        order_file = Path(folder, "order.json")
        order_file.write_text(json.dumps(order))
        began = time.perf_counter()
        done = subprocess.run(
            [python, str(Path(__file__).with_name("published_masks.py")), str(order_file)],
            env={**os.environ, "PYTHONPATH": str(_REPOSITORY)},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        theirs_s = time.perf_counter() - began
    theirs = [json.loads(line)["masks"] for line in done.stdout.splitlines()]
    return _sum_up(ours, theirs, ours_s, theirs_s)


def _sum_up(ours: list[list[AutomaticMask]], theirs: list[list[Any]], ours_s: float, theirs_s: float) -> Compared:
    ours_found = theirs_found = largest = 0.0
    for mine, published in zip(ours, theirs, strict=True):
        masks = [rle.decode(each.segmentation) for each in mine]
        others = [rle.decode(each["segmentation"]) for each in published]
        ours_found += len(masks) * share_found(masks, others)
        theirs_found += len(others) * share_found(others, masks)
        largest = max(largest, _largest_difference(mine, published))
    ours_count, theirs_count = sum(map(len, ours)), sum(map(len, theirs))
    return Compared(
        ours=ours_count,
        theirs=theirs_count,
        ours_found=ours_found / max(ours_count, 1),
        theirs_found=theirs_found / max(theirs_count, 1),
        largest_difference=largest,
        ours_s=ours_s,
        theirs_s=theirs_s,
    )


def _largest_difference(mine: list[AutomaticMask], published: list[Any]) -> float:
    """Between masks that come from the same crop and point and have the same box."""
    by_origin = {
        (tuple(each["bbox"]), tuple(each["crop_box"]), tuple(each["point_coords"][0])): each for each in published
    }
    pairs = [
        (each, by_origin[key])
        for each in mine
        if (key := (_published_box(each.bbox), each.crop_box, each.point_coords)) in by_origin
    ]
    return max(
        (
            max(abs(each.predicted_iou - other["predicted_iou"]), abs(each.stability_score - other["stability_score"]))
            for each, other in pairs
        ),
        default=0.0,
    )


def _published_box(bbox: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    """The package's boxes end at the last pixel, so they are one pixel narrower and lower."""
    x, y, width, height = bbox
    return x, y, width - 1, height - 1


def _setting(text: str) -> tuple[str, float]:
    name, _, value = text.partition("=")
    return name, float(value)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.automatic.published",
        description="Masks of the automatic stage that the published package finds as well, and the other way round.",
    )
    parser.add_argument("--python", required=True, help="an interpreter that has segment_anything")
    parser.add_argument("--images", required=True, help="a folder of JPEG files")
    parser.add_argument("--count", type=int, default=20, help="images, spread over the folder [%(default)s]")
    parser.add_argument("--model", choices=sorted(ARCHITECTURES), default="vit_t")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a setting of the stage")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1, help="default: all cores")
    return parser


if __name__ == "__main__":
    sys.exit(main())
