"""Small encoders and pictures with something to restore, for tests of pre-training."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from engine.sam import SamConfig, TinyConfig, VitConfig
from engine.training.mae.recipe import MaeRecipe

VIT = SamConfig(
    "vit",
    VitConfig(embed_dim=32, depth=2, num_heads=2, global_attn_indexes=(1,), window_size=4),
    image_size=128,
    prompt_embed_dim=32,
    decoder_mlp_dim=32,
)
TINY = SamConfig(
    "tiny",
    TinyConfig(widths=(16, 16, 32, 32), depths=(1, 1, 1, 1)),
    image_size=128,
    prompt_embed_dim=32,
    decoder_mlp_dim=32,
)


def recipe(**changes: Any) -> MaeRecipe:
    """Forty steps over eight pictures."""
    short = MaeRecipe(
        arch="vit_b",
        epochs=40,
        images=8,
        base_learning_rate=0.1,
        warmup_epochs=4,
        side=64,
        decoder_width=32,
        decoder_depth=1,
        decoder_heads=2,
        smallest_crop=0.8,
    )
    return replace(short, **changes)


def write_pictures(folder: Path, count: int = 8) -> Path:
    """Stripes of different directions and widths: what is hidden follows from what is seen."""
    y, x = np.mgrid[:80, :96]
    for number in range(count):
        wave = np.sin((x * np.cos(number) + y * np.sin(number)) / (2 + number % 3))
        pixels = (127 + 100 * wave)[..., None].repeat(3, 2).astype(np.uint8)
        (folder / "some").mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(folder / "some" / f"{number}.png")
    return folder
