"""Prompts as people give them (image frame) and as the decoder takes them (model-input frame)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.errors import InvalidInput
from engine.inference.model_frame import resized_shape

BACKGROUND, FOREGROUND = 0, 1
_BOX_TOP_LEFT, _BOX_BOTTOM_RIGHT, _PADDING = 2, 3, -1


@dataclass(frozen=True, slots=True)
class Point:
    """A click in the image frame; `label` is 1 for foreground, 0 for background."""

    x: float
    y: float
    label: int


@dataclass(frozen=True, slots=True)
class Box:
    """Top-left and bottom-right corners in the image frame."""

    x0: float
    y0: float
    x1: float
    y1: float


@dataclass(frozen=True, slots=True)
class Prompt:
    """Points, a box, or both."""

    points: Sequence[Point]
    box: Box | None = None

    @property
    def ambiguous(self) -> bool:
        """One point alone may mean several objects (part, whole, …): then the three ambiguity masks are wanted."""
        return len(self.points) == 1 and self.box is None


def to_model_input(
    prompt: Prompt, image_size: tuple[int, int], input_side: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The decoder's `point_coords` 1×N×2 (x, y) in the model-input frame and `point_labels` 1×N.

    A box becomes two points labelled as its corners; without one, a padding point is appended, as published. This is
    the only place of the server that pads.

    Args:
        image_size: (height, width) of the image.
        input_side: pixels along the square model input.

    Raises InvalidInput for a prompt that is empty, lies outside the image, or whose box has no area.
    """
    _check(prompt, image_size)
    height, width = resized_shape(image_size, input_side)
    x_scale, y_scale = width / image_size[1], height / image_size[0]
    rows = [(point.x, point.y, point.label) for point in prompt.points]
    if prompt.box is None:
        rows.append((0.0, 0.0, _PADDING))
    else:
        rows.append((prompt.box.x0, prompt.box.y0, _BOX_TOP_LEFT))
        rows.append((prompt.box.x1, prompt.box.y1, _BOX_BOTTOM_RIGHT))
    table = np.array(rows, dtype=np.float64)
    coords = table[None, :, :2] * (x_scale, y_scale)
    return coords.astype(np.float32), table[None, :, 2].astype(np.float32)


def _check(prompt: Prompt, image_size: tuple[int, int]) -> None:
    height, width = image_size
    if not prompt.points and prompt.box is None:
        raise InvalidInput("A prompt needs at least one point or a box.")
    for point in prompt.points:
        if point.label not in (BACKGROUND, FOREGROUND):
            raise InvalidInput(f"A point's label is 1 (foreground) or 0 (background), not {point.label}.")
        _check_inside("point", (point.x, point.y), width, height)
    box = prompt.box
    if box is not None:
        _check_inside("box", (box.x0, box.y0), width, height)
        _check_inside("box", (box.x1, box.y1), width, height)
        if not (box.x0 < box.x1 and box.y0 < box.y1):
            raise InvalidInput("A box needs x0 < x1 and y0 < y1: its top-left corner, then its bottom-right one.")


def _check_inside(what: str, corner: tuple[float, float], width: int, height: int) -> None:
    x, y = corner
    # The far edges count as inside: a box may end there, and a click's half pixel may round there.
    if not (math.isfinite(x) and math.isfinite(y) and 0 <= x <= width and 0 <= y <= height):
        raise InvalidInput(
            f"The {what} at {x:g},{y:g} lies outside the image, which has {width}×{height} pixels (width×height)."
        )
