"""Which masks of two sets are the same thing, by how much they overlap."""

from collections.abc import Sequence
from typing import Any, NamedTuple, cast

import numpy as np
from pycocotools import mask as coco_mask

from engine.masks.rle import Rle


class Pair(NamedTuple):
    """Places in the two sets, and the IoU of the masks there."""

    one: int
    other: int
    iou: float


def match(one: Sequence[Rle], other: Sequence[Rle], least_iou: float = 0.5) -> list[Pair]:
    """Pairs of masks of one image, the best first; each mask is in one pair at most, of an IoU of `least_iou` or more.

    The RLEs must be valid, as stored ones are: the arithmetic is pycocotools'.
    """
    if not one or not other:
        return []
    crowd = [0] * len(other)
    ious = np.asarray(coco_mask.iou(cast(Any, list(one)), cast(Any, list(other)), crowd))
    pairs: list[Pair] = []
    taken_one: set[int] = set()
    taken_other: set[int] = set()
    for place in np.argsort(-ious, axis=None, kind="stable"):
        row, column = divmod(int(place), ious.shape[1])
        iou = float(ious[row, column])
        if iou < least_iou:
            break
        if row not in taken_one and column not in taken_other:
            pairs.append(Pair(row, column, iou))
            taken_one.add(row)
            taken_other.add(column)
    return pairs
