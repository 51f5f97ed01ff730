"""One image's turn: its objects are clicked on, from the most prominent down, and saved."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.masks import rle
from engine.masks.geometry import BoolMask
from engine.simulation.annotator import Attempt, click_to
from engine.simulation.client import Json
from engine.simulation.open_image import OpenImage
from engine.simulation.plan import Plan

CLICK_MS = 1000
"""Simulated: what a click takes a person."""

PAINT_MS = 20_000
"""Simulated: what it takes to paint what clicks did not reach."""


@dataclass(frozen=True)
class Turn:
    """What became of one image: clicks to the target of every mask that was made, and how many were painted."""

    file_name: str
    clicks: list[int]
    painted: int


def annotate_image(opened: OpenImage, truths: NDArray[np.bool_], plan: Plan, done: Collection[int] = ()) -> Turn:
    """Makes and saves masks of `truths` (M×H×W, the most prominent first) until the clicks for one image are spent.

    Those at the places `done` are there already. Doing it again with the same model saves the same masks.
    """
    clicks: list[int] = []
    painted = 0
    for place, truth in enumerate(truths):
        if place in done:
            continue
        if sum(clicks) >= plan.clicks_per_image:
            break
        attempt = click_to(opened.decode, truth, plan.target_iou, plan.most_clicks)
        made, reached = attempt.clicks_to(plan.target_iou, plan.most_clicks)
        mask_id = uuid.uuid5(uuid.UUID(opened.image_id), f"object {place}")
        body = _body(opened, attempt, truth, reached)
        opened.client.create_mask(opened.image_id, str(mask_id), body)
        clicks.append(made)
        painted += not reached
    return Turn(opened.file_name, clicks, painted)


def _body(opened: OpenImage, attempt: Attempt, truth: BoolMask, reached: bool) -> Json:
    """The mask as a person saves it: what the clicks gave, or what was painted where they did not do."""
    points = [{"x": click.x, "y": click.y, "label": click.label} for click in attempt.clicks]
    return {
        "segmentation": dict(rle.encode(attempt.last.mask if reached else truth)),
        "stage": "manual",
        "prompts": {"points": points, "strokes": 0 if reached else 1},
        "predicted_iou": attempt.last.predicted_iou if reached else None,
        "model_id": opened.model_id,
        "active_ms": len(points) * CLICK_MS + (0 if reached else PAINT_MS),
        "idle_ms": 0,
    }
