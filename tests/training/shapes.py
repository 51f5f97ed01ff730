"""A small training task: bright rectangles on a dark ground, a pure function of the step."""

from dataclasses import replace
from pathlib import Path

import torch

from engine.sam import Sam, SamConfig, TinyConfig, VitConfig, build_sam
from engine.training.batch import Batch, Shard
from engine.training.recipe import Phase, Recipe
from engine.training.schedule import Schedule
from engine.training.simulation import Simulation

SIDE = 64


class Shapes:
    """Every image has up to `masks` rectangles of a brightness of their own, some images fewer.

    `spoiled` is the row of every batch whose pixels are not numbers, `one` makes every step the same.
    """

    def __init__(self, *, spoiled: int | None = None, one: bool = False) -> None:
        self.spoiled, self.one = spoiled, one

    def batch(self, step: int, images: int, masks: int, window: int, shard: Shard) -> Batch:
        step = 0 if self.one else step
        generator = torch.Generator().manual_seed(step)
        pixels = torch.full((images, 3, window, window), 20.0)
        targets = torch.zeros(images, masks, window // 4, window // 4, dtype=torch.bool)
        present = torch.ones(images, masks, dtype=torch.bool)
        for image in range(images):
            for mask in range(masks):
                x, y, w, h = torch.randint(0, window // 8, (4,), generator=generator).tolist()
                targets[image, mask, y : y + h + 2, x : x + w + 2] = True
                colour = 60.0 + 190 * (mask + 1) / masks
                pixels[image, :, 4 * y : 4 * (y + h + 2), 4 * x : 4 * (x + w + 2)] = colour
            for covered in range(masks):
                for above in range(covered + 1, masks):
                    targets[image, covered] &= ~targets[image, above]
            present[image, 0] = image % 2 == 0 and bool(targets[image, 0].any())
            present[image] &= targets[image].flatten(1).any(1)
        if self.spoiled is not None:
            pixels[self.spoiled] = torch.nan
        rows = slice(shard.rows(images).start, shard.rows(images).stop)
        return Batch(
            images=pixels[rows],
            valid=torch.ones(images, 1, window, window)[rows],
            targets=targets[rows],
            present=present[rows],
            origin=torch.zeros(images, 2)[rows],
            ids=tuple(f"shapes/{step}-{row}" for row in range(images)[rows]),
        )

    def close(self) -> None:
        """Nothing runs in the background."""


def tiny_sam(seed: int = 0) -> Sam:
    """With the small encoder."""
    return _seeded(SamConfig("tiny", TinyConfig(widths=(16, 16, 32, 32), depths=(1, 1, 1, 1)), **_SMALL), seed)


def tiny_vit(seed: int = 0) -> Sam:
    """With a ViT of three blocks."""
    return _seeded(SamConfig("tiny_vit", VitConfig(24, 3, 2, (2,), window_size=3), **_SMALL), seed)


def tiny_recipe(steps: int = 6) -> Recipe:
    """All kinds of steps in a few: the encoder alone, then three rounds, under an average."""
    simulation = Simulation(error_points=1, rounds_without_point=1)
    return Recipe(
        arch=None,
        phases=(
            Phase(1, images=4, masks=3, simulation=None),
            Phase(steps - 1, images=4, masks=3, simulation=simulation),
        ),
        schedule=Schedule(1e-3, warmup_steps=2, decay_steps=2),
        precision="float32",
        average_decay=0.9,
        affinity_weight=0.5,
    )


def vit_recipe(steps: int = 4) -> Recipe:
    """With everything that draws random numbers on the device: stochastic depth and dropout, one image a pass."""
    recipe = tiny_recipe(steps + 1)
    return replace(
        recipe, phases=recipe.phases[1:], drop_path=0.3, decoder_dropout=0.1, images_per_pass=1, affinity_weight=0.0
    )


def losses(folder: Path) -> dict[int, list[float]]:
    """What a run wrote into its log, by step."""
    import json

    entries = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    return {entry["step"]: entry["loss"] for entry in entries}


_SMALL = {"image_size": SIDE, "prompt_embed_dim": 32, "decoder_mlp_dim": 32, "iou_head_hidden_dim": 32}


def _seeded(config: SamConfig, seed: int) -> Sam:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return build_sam(config)
