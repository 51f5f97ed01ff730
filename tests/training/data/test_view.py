"""Views show pixels and masks at the same place, at the size inference has them."""

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.masks import rle
from engine.training.data.settings import NO_AUGMENTATION, Augmentation
from engine.training.data.view import View, coarser, cropped, jittered, see_mask, see_pixels

GENERATOR = np.random.default_rng(0)
MOVING = Augmentation(colour=0, grayscale=0, noise=0, blur=0, paste=0)


def scene(height: int, width: int) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """A bright off-centre rectangle and its mask."""
    mask = np.zeros((height, width), np.bool_)
    mask[height // 8 : height // 2, width // 4 : width // 4 * 3 - 3] = True
    return np.where(mask, 220, 30).astype(np.uint8)[..., None].repeat(3, axis=2), mask


def views(size: tuple[int, int], side: int, count: int) -> list[View]:
    generator = np.random.default_rng(1)
    crops = [cropped(size, side, MOVING, generator) for _ in range(count)]
    return crops + [jittered(size, side, (0.1, 2.0), MOVING, generator) for _ in range(count)]


@pytest.mark.parametrize("size", [(90, 61), (300, 200), (31, 128)])
@pytest.mark.parametrize("window", [128, 64])
def test_a_mask_lies_where_its_pixels_are(size: tuple[int, int], window: int) -> None:
    image, mask = scene(*size)
    for view in views(size, 128, 12):
        part = view.window(window, GENERATOR)
        pixels = see_pixels(image, part, window)[..., 0].astype(float)
        share = see_mask(rle.encode(mask), part, window)
        inside = np.zeros((window, window), np.bool_)
        inside[: part.size[0], : part.size[1]] = True
        assert (pixels[~inside] == 0).all()
        assert (share[~inside] == 0).all()
        assert np.median(np.abs((pixels - 30) / 190 - share)[inside]) < 0.02
        # But for what repeats the border of a turned image, which belongs to no mask.
        assert (pixels[share > 0.99] > 200).all()


@pytest.mark.parametrize("size", [(64, 48), (40, 80), (1000, 500)])
def test_without_augmentation_the_whole_image_fills_the_input_from_the_top_left(size: tuple[int, int]) -> None:
    image, mask = scene(*size)
    view = cropped(size, 64, NO_AUGMENTATION, GENERATOR)
    assert view.size == (64 * size[0] // max(size), 64 * size[1] // max(size))
    share = see_mask(rle.encode(mask), view, 64)
    assert share.sum() / (view.size[0] * view.size[1]) == pytest.approx(mask.mean(), rel=0.02)
    assert share[: view.size[0], : view.size[1]].shape == view.size
    if max(size) == 64:
        assert np.array_equal(see_pixels(image, view, 64)[: view.size[0], : view.size[1]], image)


def test_shrinking_averages() -> None:
    stripes = np.zeros((512, 512), np.bool_)
    stripes[:, ::2] = True
    view = cropped((512, 512), 64, NO_AUGMENTATION, GENERATOR)
    assert np.allclose(see_mask(rle.encode(stripes), view, 64), 0.5, atol=0.01)
    assert np.allclose(see_mask(rle.encode(stripes), coarser(view, 4), 16), 0.5, atol=0.01)


def test_jitter_reaches_from_a_tenth_to_twice_the_size() -> None:
    generator = np.random.default_rng(2)
    drawn = [jittered((100, 50), 128, (0.1, 2.0), NO_AUGMENTATION, generator) for _ in range(400)]
    scales = np.array([1 / view.matrix[0, 0] * 100 / 128 for view in drawn])
    assert 0.1 <= scales.min() < 0.13
    assert 1.97 < scales.max() <= 2.01
    assert np.abs(np.histogram(scales, 4, (0.1, 2.0))[0] - 100).max() < 40  # evenly
    assert max(view.size[0] for view in drawn) == 128
    corners = np.array([view.matrix[:, 2] for view in drawn])
    assert (corners >= 0).all()
    assert len(np.unique(corners[scales > 1.2], axis=0)) > 50  # cut anywhere


def test_windows_start_on_embedding_positions_inside_the_image() -> None:
    for view in views((70, 128), 128, 30):
        part = view.window(64, GENERATOR)
        assert all(place % 16 == 0 for place in part.origin)
        assert part.size[0] == min(64, view.size[0] - part.origin[1])
        assert part.size[1] > 0
