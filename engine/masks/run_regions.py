"""Small holes and islands of a mask, on its runs: memory goes with the outline, whatever the size of the image."""

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.masks import rle

_Ints = NDArray[np.int64]


class _Runs(NamedTuple):
    """Runs down the columns, in order, none across two columns; `end` exclusive.

    Places count down the columns with a gap of two after each, so that what touches is in one column.
    """

    start: _Ints
    end: _Ints


def remove_small_regions(
    mask: rle.Rle, smallest_area: float, mode: Literal["holes", "islands"]
) -> tuple[rle.Rle, bool]:
    """Fills holes, or drops islands, of fewer than `smallest_area` pixels; returns (mask, changed).

    Regions are 8-connected. When every island is too small the largest one stays, so a mask never vanishes.
    Background that touches the image's border is a hole like any other, as in the published clean-up. Raises
    InvalidMask for malformed counts.
    """
    height, width = mask["size"]
    inside = _runs_of(mask)
    regions = _complement(inside, height, width) if mode == "holes" else inside
    if not len(regions.start):
        return mask, False
    labels = _labels(regions, height)
    areas = np.bincount(labels, regions.end - regions.start)
    present = areas > 0
    small = present & (areas < smallest_area)
    if not small.any():
        return mask, False
    kept = present & ~small
    if mode == "islands" and not kept.any():
        kept[areas.argmax()] = True
    rest = _Runs(*(each[kept[labels]] for each in regions))
    return _encoded(_complement(rest, height, width) if mode == "holes" else rest, height, width), True


def _runs_of(mask: rle.Rle) -> _Runs:
    height, width = mask["size"]
    ends = np.cumsum(rle.checked_runs(mask["counts"], height, width))
    start, end = ends[:-1:2], ends[1::2]
    first, last = start // height, (end - 1) // height
    # A run over several columns becomes one in each of them.
    columns = last - first + 1
    which = np.repeat(np.arange(len(start)), columns)
    nth = np.arange(len(which)) - np.repeat(np.cumsum(columns) - columns, columns)
    column = first[which] + nth
    top = np.where(nth == 0, (start - first * height)[which], 0)
    bottom = np.where(nth == columns[which] - 1, (end - last * height)[which], height)
    offset = column * (height + 2) + 1
    return _Runs(offset + top, offset + bottom)


def _complement(runs: _Runs, height: int, width: int) -> _Runs:
    """What lies between the runs of each column."""
    tops = np.arange(width) * (height + 2) + 1
    start, end = np.sort(np.concatenate([tops, runs.end])), np.sort(np.concatenate([runs.start, tops + height]))
    real = start < end
    return _Runs(start[real], end[real])


def _labels(runs: _Runs, height: int) -> _Ints:
    """The region of each run, by the number of the region's first run."""
    # Of each run: the runs of the next column that touch it, corners included.
    first = np.searchsorted(runs.end, runs.start + height + 2, side="left")
    stop = np.searchsorted(runs.start, runs.end + height + 2, side="right")
    touching = (stop - first).clip(min=0)
    left = np.repeat(np.arange(len(touching)), touching)
    right = np.arange(len(left)) - np.repeat(np.cumsum(touching) - touching, touching) + first[left]
    root = np.arange(len(touching))
    while True:
        a, b = root[left], root[right]
        apart = a != b
        if not apart.any():
            return root
        left, right = left[apart], right[apart]
        np.minimum.at(root, np.maximum(a, b)[apart], np.minimum(a, b)[apart])
        while not np.array_equal(further := root[root], root):
            root = further


def _encoded(runs: _Runs, height: int, width: int) -> rle.Rle:
    start, end = (each // (height + 2) * height + each % (height + 2) - 1 for each in runs)
    return rle.encode_runs(start, end, height, width)
