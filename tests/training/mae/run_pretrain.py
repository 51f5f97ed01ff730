"""One process of a real pre-training run: `python -m tests.training.mae.run_pretrain PICTURES OUT`."""

import sys
from pathlib import Path

from engine.training.distributed import join
from engine.training.mae.loop import pretrain
from engine.training.mae.pictures import Pictures, open_pictures
from tests.training.mae.shapes import VIT, recipe


def main(folder: str, out: str) -> None:
    """Three steps, all logged."""
    run = recipe(epochs=3, warmup_epochs=1, images_per_pass=3)
    pictures = Pictures([open_pictures(folder)], side=run.side, smallest_crop=run.smallest_crop, seed=0)
    with join("cpu") as (process, device):
        pretrain(run, pictures, Path(out), device=device, process=process, config=VIT, log_every=1)


if __name__ == "__main__":
    main(*sys.argv[1:])
