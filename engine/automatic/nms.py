"""Greedy non-maximum suppression of boxes."""

import numpy as np
from numpy.typing import NDArray

_Box = NDArray[np.floating]


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
    areas = _areas(boxes)
    remaining = np.argsort(-np.asarray(scores, np.float64), kind="stable")
    kept: list[int] = []
    while remaining.size:
        best, remaining = remaining[0], remaining[1:]
        kept.append(int(best))
        intersection = _intersections(boxes[best], boxes[remaining])
        union = areas[best] + areas[remaining] - intersection
        remaining = remaining[intersection <= threshold * union]
    return np.array(kept, np.intp)


class GreedySuppression:
    """The same for boxes (x0, y0, x1, y1) that come one by one, best first, and may be known roughly only."""

    def __init__(self, threshold: float) -> None:
        self._threshold = threshold
        self._kept = np.empty((0, 4))
        self._areas = np.empty(0)

    def suppresses(self, box: _Box) -> bool:
        """Whether a kept box has an IoU above the threshold with this one."""
        return self.surely_suppresses(box, box)

    def surely_suppresses(self, core: _Box, outline: _Box) -> bool:
        """The same for any box that contains `core` and lies within `outline`; False where it depends on the box."""
        intersection = _intersections(core, self._kept)
        union = self._areas + _areas(outline) - intersection
        return bool((intersection > self._threshold * union).any())

    def keep(self, box: _Box) -> None:
        self._kept = np.vstack([self._kept, box])
        self._areas = np.append(self._areas, _areas(box))


def _areas(boxes: NDArray[np.floating]) -> NDArray[np.floating]:
    return (boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1])


def _intersections(box: _Box, boxes: NDArray[np.floating]) -> NDArray[np.floating]:
    """Area that `box` shares with each of N×4 boxes."""
    top_left = np.maximum(box[:2], boxes[:, :2])
    bottom_right = np.minimum(box[2:], boxes[:, 2:])
    return (bottom_right - top_left).clip(min=0).prod(axis=1)
