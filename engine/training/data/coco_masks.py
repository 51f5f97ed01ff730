"""The three ways in which COCO writes a mask, all as compressed run-length encoding."""

import math
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np
from pycocotools import mask as coco_mask

from engine.errors import InvalidMask
from engine.masks import rle
from engine.masks.rle import Rle


def to_rle(segmentation: Any, height: int, width: int) -> Rle:
    """A segmentation of an image of that size; an empty mask stays one.

    Polygons are [[x, y, x, y, …], …] in pixels and filled together; runs are uncompressed (`counts` a list, as COCO's
    crowds) or compressed (a string). Raises InvalidMask.
    """
    if isinstance(segmentation, Mapping):
        counts = segmentation.get("counts")
        if segmentation.get("size") != [height, width]:
            raise InvalidMask(f"the mask's size is {segmentation.get('size')}, the image's is [{height}, {width}].")
        return _from_runs(counts, height, width) if isinstance(counts, list) else _compressed(counts, height, width)
    if isinstance(segmentation, Sequence) and not isinstance(segmentation, str):
        return _from_polygons(segmentation, height, width)
    raise InvalidMask("a segmentation is a list of polygons or a run-length encoding.")


def _compressed(counts: Any, height: int, width: int) -> Rle:
    whole: Rle = {"size": [height, width], "counts": counts}
    if isinstance(counts, str) and rle.runs(counts).tolist() == [height * width]:
        return whole  # empty, which `validate` refuses
    return rle.validate(whole, height, width)


def _from_runs(counts: list[Any], height: int, width: int) -> Rle:
    if not all(type(run) is int and run >= 0 for run in counts) or sum(counts) != height * width:
        raise InvalidMask(f"its runs must be whole numbers that add up to {height * width} pixels.")
    inside = np.arange(len(counts)) % 2 == 1
    return rle.encode(np.repeat(inside, counts).reshape(width, height).T)


def _from_polygons(polygons: Sequence[Any], height: int, width: int) -> Rle:
    if not polygons or not all(isinstance(each, list) and len(each) >= 6 and len(each) % 2 == 0 for each in polygons):
        raise InvalidMask("a polygon is a list of at least three points, [x, y, x, y, x, y, …].")
    if not all(type(value) in (int, float) and math.isfinite(value) for value in chain.from_iterable(polygons)):
        raise InvalidMask("a polygon's coordinates must be numbers.")
    # What lies outside of the image is not drawn, and far away it would cost memory.
    limits = np.array([width, height], np.float64)
    clipped = [np.clip(np.reshape(each, (-1, 2)), 0, limits).ravel().tolist() for each in polygons]
    merged = coco_mask.merge(coco_mask.frPyObjects(clipped, height, width))
    counts = merged["counts"]
    return {"size": [height, width], "counts": counts.decode("ascii") if isinstance(counts, bytes) else counts}
