"""Writes the vectors that the TypeScript tests compare with: torch's two-step upscaling, pycocotools' run lengths.

Run from the repository root: python web/src/testing/make_vectors.py
"""

import json
from pathlib import Path

import numpy as np
import torch
from pycocotools import mask as coco
from torch.nn import functional as F

HERE = Path(__file__).parent


def low_res_logits(side: int) -> np.ndarray:
    """side×side float32 from a formula that JavaScript computes alike: waves, so that the contour is long."""
    y, x = np.mgrid[0:side, 0:side].astype(np.float64)
    waves = 4 * np.sin(x / 11 + y / 23) + 3 * np.cos(y / 7 - x / 31) + 2 * np.sin(x * y / 2048) - 1
    return waves.astype(np.float32)


def counts_of(mask: np.ndarray) -> str:
    return coco.encode(np.asfortranarray(mask.astype(np.uint8)))["counts"].decode()


def upscaling(width: int, height: int, image_size: int) -> dict[str, object]:
    scale = image_size / max(width, height)
    input_width, input_height = int(width * scale + 0.5), int(height * scale + 0.5)
    low = torch.from_numpy(low_res_logits(image_size // 4))[None, None]
    padded = F.interpolate(low, (image_size, image_size), mode="bilinear", align_corners=False)
    cropped = padded[..., :input_height, :input_width]
    full = F.interpolate(cropped, (height, width), mode="bilinear", align_corners=False)[0, 0].numpy()
    return {
        "width": width,
        "height": height,
        "image_size": image_size,
        "counts": {str(threshold): counts_of(full > threshold) for threshold in (-1, 0, 1)},
    }


def run_lengths() -> list[dict[str, object]]:
    random = np.random.default_rng(7)
    yy, xx = np.mgrid[0:120, 0:90]
    masks = {
        "empty": np.zeros((5, 7), bool),
        "full": np.ones((5, 7), bool),
        "first pixel": np.pad(np.ones((1, 1), bool), ((0, 3), (0, 2))),
        "last pixel": np.pad(np.ones((1, 1), bool), ((3, 0), (2, 0))),
        "noise": random.random((23, 31)) < 0.5,
        "disc": (xx - 40) ** 2 + (yy - 70) ** 2 < 900,
        "long runs": np.pad(np.ones((700, 300), bool), ((200, 5000), (40, 60))),
    }
    return [
        {
            "name": name,
            "size": list(mask.shape),
            "counts": counts_of(mask),
            "area": int(mask.sum()),
            "pixels": "".join("1" if p else "0" for p in mask.ravel()) if mask.size < 20_000 else None,
        }
        for name, mask in masks.items()
    ]


def main() -> None:
    sizes = [(1024, 768, 1024), (640, 427, 1024), (300, 1000, 1024), (2048, 1365, 1024), (333, 500, 512)]
    vectors = {"upscaling": [upscaling(*size) for size in sizes], "runs": run_lengths()}
    for name, content in vectors.items():
        (HERE / f"{name}.vectors.json").write_text(json.dumps(content) + "\n")


if __name__ == "__main__":
    main()
