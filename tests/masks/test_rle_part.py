"""Rectangles of masks into RLE, against doing it with the whole mask."""

import numpy as np
import pytest

from engine.masks import rle

HEIGHT, WIDTH = 11, 17


@pytest.mark.parametrize(
    ("left", "top", "width", "height"),
    [(0, 0, WIDTH, HEIGHT), (3, 2, 5, 6), (0, 5, 4, 6), (12, 0, 5, HEIGHT), (16, 10, 1, 1), (4, 0, 6, HEIGHT)],
)
@pytest.mark.parametrize("density", [0.0, 0.4, 0.9, 1.0])
def test_a_part_is_encoded_as_the_whole_mask_would_be(
    left: int, top: int, width: int, height: int, density: float
) -> None:
    part = np.random.default_rng(1).random((height, width)) < density
    whole = np.zeros((HEIGHT, WIDTH), np.bool_)
    whole[top : top + height, left : left + width] = part
    encoded = rle.encode_part(part, left, top, HEIGHT, WIDTH)
    assert encoded == rle.encode(whole)


def test_large_parts_are_encoded_in_strips(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rle, "_STRIP_PIXELS", HEIGHT)
    part = np.random.default_rng(2).random((HEIGHT, WIDTH)) < 0.7
    assert rle.encode_part(part, 0, 0, HEIGHT, WIDTH) == rle.encode(part)
