"""Geometry of binary masks: where their middle is, what they are made of, how much two of them agree.

Masks are H×W booleans. Points are (x, y) in the image frame, x right and y down, in whole pixels.
"""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

BoolMask = NDArray[np.bool_]


class InnerPoint(NamedTuple):
    """A pixel inside a mask and its Euclidean distance, in pixels, to the nearest pixel outside."""

    x: int
    y: int
    distance: float


def farthest_from_border(mask: BoolMask, excluded: tuple[tuple[int, int], ...] = ()) -> InnerPoint | None:
    """The pixel of `mask` (H×W) that lies farthest from the mask's border; None where there is none.

    The image's border counts as the mask's border. Among equals the first in reading order wins.
    `excluded` lists (x, y) pixels that may not be chosen.
    """
    box = bounding_box(mask)
    if box is None:
        return None
    left, top, width, height = box
    # Only the bounding box with a rim of background matters: all nearest outside pixels lie in there.
    padded = np.zeros((height + 2, width + 2), np.uint8)
    padded[1:-1, 1:-1] = mask[top : top + height, left : left + width]
    distance = cv2.distanceTransform(padded, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    for x, y in excluded:
        if left <= x < left + width and top <= y < top + height:
            distance[y - top + 1, x - left + 1] = 0
    row, column = np.unravel_index(int(distance.argmax()), distance.shape)
    farthest = float(distance[row, column])
    if farthest <= 0:
        return None
    return InnerPoint(int(column) - 1 + left, int(row) - 1 + top, farthest)


def bounding_box(mask: BoolMask) -> tuple[int, int, int, int] | None:
    """(x, y, width, height) in pixels around all pixels of `mask` (H×W); None for an empty mask."""
    rows = np.flatnonzero(mask.any(axis=1))
    if rows.size == 0:
        return None
    top, bottom = int(rows[0]), int(rows[-1])
    columns = np.flatnonzero(mask[top : bottom + 1].any(axis=0))
    left, right = int(columns[0]), int(columns[-1])
    return left, top, right - left + 1, bottom - top + 1


def intersection_over_union(a: BoolMask, b: BoolMask) -> float:
    """IoU of two masks of one shape; 1 for two empty masks."""
    union = int(np.count_nonzero(a | b))
    return 1.0 if union == 0 else int(np.count_nonzero(a & b)) / union
