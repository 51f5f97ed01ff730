"""Greedy non-maximum suppression of boxes."""

import numpy as np
from numpy.typing import NDArray


def non_maximum_suppression(
    boxes: NDArray[np.floating], scores: NDArray[np.floating], threshold: float
) -> NDArray[np.intp]:
    """Indices of the boxes that stay, best score first.

    A box goes when its IoU with a better one that stays is above `threshold`. Equal scores count in the given order.

    Args:
        boxes: N×4 (x0, y0, x1, y1).
        scores: N.
    """
    boxes = np.asarray(boxes, np.float64).reshape(-1, 4)
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    remaining = np.argsort(-np.asarray(scores, np.float64), kind="stable")
    kept: list[int] = []
    while remaining.size:
        best, remaining = remaining[0], remaining[1:]
        kept.append(int(best))
        top_left = np.maximum(boxes[best, :2], boxes[remaining, :2])
        bottom_right = np.minimum(boxes[best, 2:], boxes[remaining, 2:])
        intersection = (bottom_right - top_left).clip(min=0).prod(axis=1)
        union = areas[best] + areas[remaining] - intersection
        remaining = remaining[intersection <= threshold * union]
    return np.array(kept, np.intp)
