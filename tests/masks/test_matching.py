"""Pairs of masks that are the same thing."""

import numpy as np

from engine.masks import rle
from engine.masks.matching import match


def columns(start: int, stop: int) -> rle.Rle:
    mask = np.zeros((10, 100), bool)
    mask[:, start:stop] = True
    return rle.encode(mask)


def test_the_best_pairs_come_first_and_no_mask_is_in_two() -> None:
    one = [columns(0, 10), columns(50, 70), columns(90, 95)]
    other = [columns(50, 69), columns(50, 70), columns(1, 10)]
    pairs = match(one, other)
    assert [(pair.one, pair.other) for pair in pairs] == [(1, 1), (0, 2)]
    assert [round(pair.iou, 2) for pair in pairs] == [1.0, 0.9]


def test_nothing_pairs_with_nothing() -> None:
    assert match([], [columns(0, 1)]) == match([columns(0, 1)], []) == []
    assert match([columns(0, 10)], [columns(6, 16)]) == []
