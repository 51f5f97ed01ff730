"""`python -m engine.training.scenes --out DIR --count N --seed S [--size HxW]`: writes scenes to a folder."""

import argparse
import logging
from pathlib import Path

from tqdm import tqdm

from engine.training.scenes.export import write_scenes


def _size(text: str) -> tuple[int, int]:
    height, _, width = text.partition("x")
    if not (height.isdecimal() and width.isdecimal()) or min(int(height), int(width)) < 64:
        raise argparse.ArgumentTypeError(f"{text!r} is not a size: write HEIGHTxWIDTH, at least 64x64, such as 512x512")
    return int(height), int(width)


def main() -> None:
    """Parses the command line and writes the scenes."""
    parser = argparse.ArgumentParser(prog="python -m engine.training.scenes", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder to write images/ and annotations/ into")
    parser.add_argument("--count", type=int, default=100, help="number of scenes")
    parser.add_argument("--seed", type=int, default=0, help="seed of the first scene; the others follow")
    parser.add_argument("--size", type=_size, default=(512, 512), help="HEIGHTxWIDTH in pixels")
    parser.add_argument("--difficulty", type=float, default=0.5, help="0 (clear) to 1 (cluttered, camouflaged)")
    options = parser.parse_args()
    scenes = write_scenes(options.out, options.count, options.seed, options.size, options.difficulty)
    for _ in tqdm(scenes, total=options.count, unit="scene"):
        pass
    logging.getLogger(__name__).info("%d scenes written to %s", options.count, options.out)


if __name__ == "__main__":
    main()
