"""One process of a real run on shapes: `python -m tests.training.run_shapes OUT RECIPE [DIES_IN DIES_AT]`.

It can be told to kill itself, the hard way, inside a step or while waiting for a step's data.
"""

import os
import signal
import sys
from pathlib import Path

from engine.training.batch import Batch, Shard
from engine.training.distributed import join
from engine.training.loop import train
from tests.training.shapes import Shapes, tiny_recipe, tiny_sam, tiny_vit, vit_recipe

SETUPS = {"tiny": (tiny_sam, tiny_recipe), "vit": (tiny_vit, vit_recipe)}


def main(out: str, recipe: str, dies_in: str = "", dies_at: str = "-1") -> None:
    """Train; every step is saved and logged."""

    def die(where: str, step: int) -> None:
        if (where, step) == (dies_in, int(dies_at)):
            os.kill(os.getpid(), signal.SIGKILL)

    class Deadly(Shapes):
        def batch(self, step: int, images: int, masks: int, window: int, shard: Shard) -> Batch:
            die("data", step)
            return super().batch(step, images, masks, window, shard)

    model, make_recipe = SETUPS[recipe]
    with join("cpu") as (process, device):
        train(
            make_recipe(),
            Deadly(),
            Path(out),
            model=model(),
            device=device,
            process=process,
            log_every=1,
            save_every=0,
            on_step=lambda step, _: die("step", step),
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
