"""Masks of the 64×48 images the tests annotate."""

from dataclasses import replace
from typing import Any

import numpy as np

from engine.flow.annotate import MaskContent
from engine.masks import rle

WIDTH, HEIGHT = 64, 48


def rectangle(x: int = 10, y: int = 5, w: int = 20, h: int = 8) -> rle.Rle:
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[y : y + h, x : x + w] = True
    return rle.encode(mask)


def mask_content(**changes: Any) -> MaskContent:
    """A mask a person accepted after one click."""
    content = MaskContent(
        segmentation=rectangle(),
        predicted_iou=0.93,
        stability_score=0.97,
        prompts={"points": [{"x": 15.5, "y": 8.0, "label": 1}]},
        candidate_index=1,
        candidates_iou=[0.93, 0.8, 0.4],
        active_ms=1200,
        idle_ms=300,
    )
    return replace(content, **changes)
