"""Embeddings in which objects are plain to see: channel 0 is painted where one is, noise is everywhere."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from engine.detector.train import DetectorExample

SIDE, CHANNELS, IMAGE_SIZE = 16, 8, 256


def painted_examples(count: int, seed: int) -> list[DetectorExample]:
    """Images of 256×192 pixels with one to three objects."""
    rng = np.random.default_rng(seed)
    examples: list[DetectorExample] = []
    for number in range(count):
        embedding = rng.normal(0, 0.1, (CHANNELS, SIDE, SIDE)).astype(np.float16)
        boxes: list[tuple[int, int, int, int]] = []
        for _ in range(int(rng.integers(1, 4))):
            width, height = (int(side) for side in rng.integers(3, 8, 2))
            x, y = int(rng.integers(0, SIDE - width + 1)), int(rng.integers(0, 12 - height + 1))
            if any(x < b[2] and b[0] < x + width and y < b[3] and b[1] < y + height for b in boxes):
                continue
            embedding[0, y : y + height, x : x + width] = 2
            boxes.append((x, y, x + width, y + height))
        pixels = np.array(boxes, np.float32) * (IMAGE_SIZE // SIDE)
        examples.append(DetectorExample(f"{seed}-{number}", _of(embedding), _no_pixels, (192, 256), pixels))
    return examples


def _of(embedding: NDArray[np.float16]) -> Callable[[], NDArray[np.float16]]:
    return lambda: embedding


def _no_pixels() -> NDArray[np.uint8]:
    raise AssertionError("the detector on embeddings reads no pixels")
