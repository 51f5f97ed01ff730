"""Where the automatic stage looks: grids of points and overlapping crops. Source: Segment Anything, appendix B."""

import math
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Crop(NamedTuple):
    """(x0, y0, x1, y1) in the image frame, ends exclusive; `layer` 0 is the whole image."""

    box: tuple[int, int, int, int]
    layer: int


def point_grid(points_per_side: int) -> NDArray[np.float64]:
    """points_per_side² × 2 points (x, y) in the unit square, evenly spaced, half a step from its border."""
    centres = (np.arange(points_per_side) + 0.5) / points_per_side
    x, y = np.meshgrid(centres, centres)
    return np.stack([x, y], axis=-1).reshape(-1, 2)


def layer_point_grids(points_per_side: int, layers: int, downscale: int) -> list[NDArray[np.float64]]:
    """One grid for the whole image and each of `layers` crop layers, sparser by `downscale` from layer to layer."""
    return [point_grid(points_per_side // downscale**layer) for layer in range(layers + 1)]


def generate_crop_boxes(height: int, width: int, layers: int, overlap_ratio: float) -> list[Crop]:
    """The whole image, then for each layer i = 1…`layers` a grid of 2ⁱ × 2ⁱ crops, column by column.

    Neighbouring crops of the first layer overlap by `overlap_ratio` of the image's shorter side; the overlap halves
    with each further layer.
    """
    crops = [Crop((0, 0, width, height), 0)]
    for layer in range(1, layers + 1):
        per_side = 2**layer
        overlap = int(overlap_ratio * min(height, width) * 2 / per_side)
        crop_width, crop_height = (_crop_length(length, per_side, overlap) for length in (width, height))
        lefts, tops = (
            [(length - overlap) * index for index in range(per_side)] for length in (crop_width, crop_height)
        )
        crops += [
            Crop((left, top, min(left + crop_width, width), min(top + crop_height, height)), layer)
            for left, top in product(lefts, tops)
        ]
    return crops


def _crop_length(length: int, per_side: int, overlap: int) -> int:
    """The length of `per_side` equal crops that cover `length` with `overlap` between neighbours."""
    return math.ceil((overlap * (per_side - 1) + length) / per_side)
