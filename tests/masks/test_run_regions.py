"""Small regions of runs, against OpenCV's components of the whole mask."""

import tracemalloc
from typing import Literal

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.errors import InvalidMask
from engine.masks import rle
from engine.masks.run_regions import remove_small_regions

Mode = Literal["holes", "islands"]


def on_pixels(mask: NDArray[np.bool_], smallest_area: float, mode: Mode) -> list[NDArray[np.bool_]]:
    """What may be left: more than one mask where several islands are the largest, and all are too small."""
    working = mask if mode == "islands" else ~mask
    count, labels, statistics, _ = cv2.connectedComponentsWithStats(working.astype(np.uint8), connectivity=8)
    areas = statistics[:, cv2.CC_STAT_AREA]
    small = [label for label in range(1, count) if areas[label] < smallest_area]
    if mode == "holes":
        return [mask | np.isin(labels, small)]
    if small and len(small) == count - 1:
        return [labels == label for label in small if areas[label] == areas[1:].max()]
    return [mask & ~np.isin(labels, small)]


def noise(height: int, width: int, seed: int, density: float, grain: int) -> NDArray[np.bool_]:
    coarse = np.random.default_rng(seed).random((-(-height // grain), -(-width // grain))) < density
    return coarse.repeat(grain, axis=0).repeat(grain, axis=1)[:height, :width]


@settings(max_examples=300, deadline=None)
@given(
    size=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    seed=st.integers(0, 1000),
    density=st.floats(0, 1),
    grain=st.integers(1, 4),
    smallest_area=st.floats(0.5, 60),
    mode=st.sampled_from(["holes", "islands"]),
)
def test_what_is_left_is_what_is_left_of_the_pixels(
    size: tuple[int, int], seed: int, density: float, grain: int, smallest_area: float, mode: Mode
) -> None:
    mask = noise(*size, seed, density, grain)
    cleaned, changed = remove_small_regions(rle.encode(mask), smallest_area, mode)
    left = rle.decode(cleaned)
    assert any(np.array_equal(left, expected) for expected in on_pixels(mask, smallest_area, mode))
    assert cleaned == rle.encode(left), "equal masks are equal strings"
    if not changed:
        assert np.array_equal(left, mask)


def test_a_region_that_winds_is_one() -> None:
    mask = np.zeros((201, 203), np.bool_)
    mask[:, ::2] = True
    mask[0, 1::4], mask[-1, 3::4] = True, True
    assert remove_small_regions(rle.encode(mask), mask.sum(), "islands")[1] is False
    mask[0, 101] = False
    cut, changed = remove_small_regions(rle.encode(mask), mask.sum(), "islands")
    assert changed
    assert rle.area(cut) == max(mask[:, :101].sum(), mask[:, 102:].sum())


def test_memory_goes_with_the_outline_and_not_with_the_image() -> None:
    side = 8000
    mask = np.zeros((side, side), np.bool_)
    mask[1000:7000, 1000:7000] = True
    mask[3000:3005, 3000:3005] = False
    encoded = rle.encode(mask)
    tracemalloc.start()
    filled, changed = remove_small_regions(encoded, 100, "holes")
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert changed
    assert rle.area(filled) == 6000 * 6000
    assert most < side * side / 10


def test_malformed_counts_are_refused() -> None:
    with pytest.raises(InvalidMask):
        remove_small_regions({"size": [4, 4], "counts": "0"}, 2, "holes")
