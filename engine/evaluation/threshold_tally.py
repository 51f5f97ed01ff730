"""How many masks each choice of thresholds would keep of one image, and how many of them are right.

Every mask the model finds at the grid's points is made once, without any filter; the thresholds are then tried on what
was found. In order of predicted IoU, what non-maximum suppression keeps above one threshold is the beginning of what it
keeps above a lower one, so all thresholds on the predicted IoU cost one pass.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco_mask

from engine.automatic.generator import AutomaticMask
from engine.masks.rle import Rle

LEAST_IOU = 0.5
"""A mask is right when it overlaps a true one by this IoU or more, and no more confident mask did before."""

LEAST_LABELLED = 0.5
"""A mask with a smaller part of its area on true masks is neither right nor wrong: labels are seldom complete."""

PREDICTED_IOUS = np.arange(100) / 100
STABILITIES = np.array([*(np.arange(6, 18) / 20), 0.9, 0.92, 0.94, 0.95, 0.96, 0.97, 0.98])
BOX_OVERLAPS = np.array([0.5, 0.6, 0.7, 0.8])
"""The thresholds that are tried."""

_SHAPE = (len(BOX_OVERLAPS), len(STABILITIES), len(PREDICTED_IOUS))


@dataclass(frozen=True)
class Tally:
    """Counts over images. Arrays are O×S×P: by threshold on box overlap, on stability, on predicted IoU.

    `kept`: masks. `judged`: those of them that are right or wrong. `right`: those that are right. `true`: true masks.
    """

    kept: NDArray[np.int64]
    judged: NDArray[np.int64]
    right: NDArray[np.int64]
    true: int = 0
    images: int = 0

    @classmethod
    def empty(cls) -> "Tally":
        return cls(np.zeros(_SHAPE, np.int64), np.zeros(_SHAPE, np.int64), np.zeros(_SHAPE, np.int64))

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            self.kept + other.kept,
            self.judged + other.judged,
            self.right + other.right,
            self.true + other.true,
            self.images + other.images,
        )

    @property
    def precision(self) -> NDArray[np.float64]:
        """O×S×P; 0 where nothing is kept that can be judged."""
        return self.right / np.maximum(self.judged, 1)

    @property
    def recall(self) -> NDArray[np.float64]:
        """O×S×P."""
        return self.right / max(self.true, 1)

    @property
    def f1(self) -> NDArray[np.float64]:
        """O×S×P."""
        return 2 * self.right / np.maximum(self.judged + self.true, 1)


def tally(found: Sequence[AutomaticMask], true: Sequence[Rle]) -> Tally:
    """One image: all masks that were found in it, unfiltered, against its true ones."""
    counts = Tally.empty()
    order = np.argsort([-mask.predicted_iou for mask in found], kind="stable")
    masks = [found[row] for row in order.tolist()]
    if masks:
        stability = np.array([mask.stability_score for mask in masks])
        column = _columns(np.array([mask.predicted_iou for mask in masks]))
        ious, labelled = _overlaps([mask.segmentation for mask in masks], true)
        box_ious = _box_ious(np.array([mask.bbox for mask in masks], np.float64))
        for o, most_overlap in enumerate(BOX_OVERLAPS):
            suppressing = box_ious > most_overlap
            for s, least_stability in enumerate(STABILITIES):
                kept = _kept(stability >= least_stability, suppressing)
                right = _right(ious[kept])
                judged = right | (labelled[kept] >= LEAST_LABELLED)
                counts.kept[o, s] = _above(column[kept])
                counts.judged[o, s] = _above(column[kept][judged])
                counts.right[o, s] = _above(column[kept][right])
    return Tally(counts.kept, counts.judged, counts.right, len(true), 1)


def _columns(predicted_iou: NDArray[np.float64]) -> NDArray[np.intp]:
    """Of each mask: the last threshold that its predicted IoU is above."""
    return np.clip(np.searchsorted(PREDICTED_IOUS, predicted_iou, side="left") - 1, 0, None)


def _above(columns: NDArray[np.intp]) -> NDArray[np.int64]:
    """P: how many masks are above each threshold on the predicted IoU."""
    return np.bincount(columns, minlength=len(PREDICTED_IOUS))[::-1].cumsum()[::-1]


def _kept(candidates: NDArray[np.bool_], suppressing: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Places of the candidates, of N in order of predicted IoU, that no better one suppresses."""
    left = candidates.copy()
    for place in range(len(left)):
        if left[place]:
            left[place + 1 :] &= ~suppressing[place, place + 1 :]
    return left.nonzero()[0]


def _right(ious: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which of N masks, best first, take a true one (N×T IoUs): each the best that is left."""
    free = ious.copy()
    right = np.zeros(len(ious), np.bool_)
    for place in range(len(ious)):
        best = int(free[place].argmax()) if free.shape[1] else 0
        if free.shape[1] and free[place, best] >= LEAST_IOU:
            right[place] = True
            free[:, best] = 0
    return right


def _overlaps(found: Sequence[Rle], true: Sequence[Rle]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(IoUs N×T, the part N of each mask's area that lies on true masks)."""
    if not true:
        return np.zeros((len(found), 0)), np.zeros(len(found))
    masks, truth = cast(Any, list(found)), cast(Any, list(true))
    ious = np.asarray(coco_mask.iou(masks, truth, [0] * len(true)))
    # Against a crowd, pycocotools divides by the area of the mask alone.
    labelled = np.asarray(coco_mask.iou(masks, [coco_mask.merge(truth)], [1]))[:, 0]
    return ious, labelled


def _box_ious(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """N×N of boxes (x, y, w, h), compared without their last row and column, as the generator does."""
    x0, y0 = boxes[:, 0], boxes[:, 1]
    x1, y1 = x0 + boxes[:, 2] - 1, y0 + boxes[:, 3] - 1
    width = np.minimum(x1[:, None], x1) - np.maximum(x0[:, None], x0)
    height = np.minimum(y1[:, None], y1) - np.maximum(y0[:, None], y0)
    intersection = width.clip(min=0) * height.clip(min=0)
    areas = (x1 - x0) * (y1 - y0)
    return intersection / np.maximum(areas[:, None] + areas - intersection, 1)
