"""`python -m benchmarks.automatic`: see the package."""

import argparse
import json
import os
import sys

import torch

from benchmarks.automatic.measure import Measurement, measure
from benchmarks.encode.models import model_to_measure
from engine.automatic.config import PRESETS, config_of
from engine.sam import ARCHITECTURES
from engine.training.scenes import generate_scene

_LEAST_IN_COMMON = 0.99


def main() -> int:
    options = _parser().parse_args()
    torch.set_num_threads(options.threads)
    changes = {} if options.points_per_side is None else {"points_per_side": options.points_per_side}
    config = config_of(options.preset, changes)
    image = generate_scene(0, (options.height, options.width)).image
    failed = False
    for name in options.model or ("vit_t", "vit_b"):
        measured = measure(model_to_measure(name), name, image, config, options.share)
        print(json.dumps(measured.to_json()) if options.json else _in_words(measured), flush=True)
        if min(measured.fast_in_plain, measured.plain_in_fast) < _LEAST_IN_COMMON:
            print(f"{name}: the two implementations found different masks.", file=sys.stderr)
            failed = True
        if not (measured.fast_masks and measured.plain_masks):
            print(f"{name}: no masks were found, so nothing was compared.", file=sys.stderr)
            failed = True
    return 1 if failed else 0


def _in_words(measured: Measurement) -> str:
    return (
        f"{measured.model}, {measured.points:,} points, {measured.threads} threads: {measured.fast_s} s against "
        f"{measured.plain_s} s ({measured.ratio}×; processor time {measured.cpu_ratio}×), peak memory "
        f"{measured.fast_peak_mb:,} MB against {measured.plain_peak_mb:,} MB\n"
        f"  {measured.fast_masks} and {measured.plain_masks} masks; in common at an IoU of 0.98: "
        f"{measured.fast_in_plain:.1%} and {measured.plain_in_fast:.1%}"
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.automatic",
        description="Seconds per image of the automatic stage and of a plain implementation of it, same weights, same "
        "image, and the masks that they have in common.",
    )
    parser.add_argument("--model", action="append", choices=sorted(ARCHITECTURES), help="default: vit_t and vit_b")
    parser.add_argument("--preset", choices=sorted(PRESETS), default="custom", help="default: custom, no crops")
    parser.add_argument("--points-per-side", type=_positive, help="instead of the preset's")
    parser.add_argument("--width", type=_positive, default=1024)
    parser.add_argument("--height", type=_positive, default=768)
    parser.add_argument("--share", type=float, default=0.3, help="candidates that pass the filters (default: 0.3)")
    parser.add_argument("--threads", type=_positive, default=os.cpu_count() or 1, help="default: all cores")
    parser.add_argument("--json", action="store_true", help="print one JSON object per model")
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


if __name__ == "__main__":
    raise SystemExit(main())
