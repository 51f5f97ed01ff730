"""Train the bundled model: `python -m engine.training --images FOLDER --out FOLDER`.

One command from nothing to the shipped file. Interrupted, the same command goes on from the last saved state.
"""

import argparse
import os
from pathlib import Path

import torch

from engine.sam import load_checkpoint
from engine.training.feed import SceneFeed, load_folder
from engine.training.loop import TrainingData, train
from engine.training.recipes import vit_t

SIDE = 512
"""Longest side of a training image before it is cropped and enlarged."""


def main() -> None:
    """Parse the command line and train."""
    parser = argparse.ArgumentParser(prog="python -m engine.training", description=__doc__)
    parser.add_argument("--images", type=Path, help="folder with images/ and annotations/; without it, scenes only")
    parser.add_argument("--out", type=Path, required=True, help="folder for weights, state and log")
    parser.add_argument("--steps", type=int, default=12000, help="optimizer steps of the whole run")
    parser.add_argument("--encoder-steps", type=int, default=600, help="first steps, of the encoder alone")
    parser.add_argument("--clicks-steps", type=int, default=3000, help="steps with further clicks, before the last")
    parser.add_argument("--decay-steps", type=int, default=2000, help="last steps: whole inputs and a falling rate")
    parser.add_argument("--error-points", type=int, default=2, help="further clicks on a mask")
    parser.add_argument("--start", type=Path, help="checkpoint to start from instead of random weights")
    parser.add_argument("--scenes", type=int, default=600, help="generated scenes held at a time")
    parser.add_argument("--workers", type=int, default=max(1, (os.cpu_count() or 2) - 2), help="generating processes")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--compile", action="store_true", help="compile the model (worth it past a few minutes)")
    args = parser.parse_args()
    device = torch.device(args.device)
    torch.set_float32_matmul_precision("high")
    # Different seeds see different scenes; a resumed run goes on with unseen ones.
    first_seed = 1_000_000_000 * (args.seed + 1)
    feed = SceneFeed(args.scenes, 48, SIDE, device, workers=args.workers, first_seed=first_seed)
    real = None
    if args.images:
        real = load_folder(args.images, 64, SIDE, device, workers=args.workers)
    feed.wait_for(min(args.scenes, 100))
    start = load_checkpoint(args.start) if args.start else None
    data = TrainingData(real, feed)
    train(
        vit_t(args.steps, args.encoder_steps, args.clicks_steps, args.decay_steps, args.error_points),
        data,
        args.out,
        device=device,
        seed=args.seed,
        start=start,
        compile_model=args.compile,
    )
    feed.close()


if __name__ == "__main__":
    main()
