"""Annotated images that are drawn in a moment."""

import json
from pathlib import Path

import numpy as np
from PIL import Image

from engine.masks import rle


def write_image(folder: Path, name: str, masks: int, seed: int, **fields: object) -> None:
    """A noisy image of 50×70 pixels with rectangles as its masks."""
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 255, (50, 70, 3), dtype=np.uint8)
    annotations: list[dict[str, object]] = []
    for index in range(masks):
        mask = np.zeros((50, 70), np.bool_)
        top, left = rng.integers(0, 30, 2)
        mask[top : top + rng.integers(5, 20), left : left + rng.integers(5, 40)] = True
        annotations.append({"id": index, "segmentation": rle.encode(mask)})
    for part in ("images", "annotations"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(folder / "images" / f"{name}.png")
    document = {"image": {"image_id": seed, "width": 70, "height": 50, **fields}, "annotations": annotations}
    (folder / "annotations" / f"{name}.json").write_text(json.dumps(document))
