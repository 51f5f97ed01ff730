"""`python -m benchmarks.encode`: see the package."""

import argparse
import json
import os
import sys

import torch

from benchmarks.encode.measure import Measurement, measure
from benchmarks.encode.models import model_to_measure
from engine.sam import ARCHITECTURES

_LEAST_COSINE = 0.999
_LEAST_IOU = 0.99
_COLUMNS = "{:<7}{:>6}{:>8}{:>10}{:>9}{:>8}{:>7}{:>13}{:>12}{:>10}{:>9}{:>9}"


def main() -> int:
    options = _parser().parse_args()
    torch.set_num_threads(options.threads)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    measurements = [
        measure(model_to_measure(name).to(device), name, options.images) for name in options.model or ("vit_t", "vit_b")
    ]
    if options.json:
        print(json.dumps([measurement.summary() for measurement in measurements], indent=1))
    else:
        _print_table(measurements)
    rows = [measurement.summary() for measurement in measurements]
    apart = [row for row in rows if float(row["lowest_cosine"]) < _LEAST_COSINE or float(row["mask_iou"]) < _LEAST_IOU]
    for row in apart:
        print(f"{row['model']}: the encoders differ (cosine or mean mask IoU too low).", file=sys.stderr)
    return 1 if apart else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.encode",
        description="Median seconds per image of the plain float32 image encoder and of the one that workers run, with "
        "the same weights, on generated scenes.",
    )
    parser.add_argument("--model", action="append", choices=sorted(ARCHITECTURES), help="default: vit_t and vit_b")
    parser.add_argument("--images", type=_positive, default=5, help="images through each encoder (default: 5)")
    parser.add_argument("--threads", type=_positive, default=os.cpu_count() or 1, help="threads (default: all cores)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return value


def _print_table(measurements: list[Measurement]) -> None:
    titles = ("model", "input", "threads", "precision", "plain s", "fast s", "ratio", "plain CPU s", "fast CPU s")
    print(_COLUMNS.format(*titles, "CPU ratio", "cosine", "IoU"))
    for measurement in measurements:
        row = measurement.summary()
        names = ("model", "image_size", "threads", "precision", "plain_s", "fast_s", "ratio", "plain_cpu_s")
        names += ("fast_cpu_s", "cpu_ratio", "lowest_cosine", "mask_iou")
        print(_COLUMNS.format(*(row[name] for name in names)))


if __name__ == "__main__":
    sys.exit(main())
