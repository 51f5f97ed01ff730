"""Colours change as often as asked, each image by its own generator alone."""

import numpy as np
import torch

from engine.training.data.colour import recolour
from engine.training.data.settings import NO_AUGMENTATION, Augmentation


def generators(*seeds: int) -> list[np.random.Generator]:
    return [np.random.default_rng(seed) for seed in seeds]


def test_an_image_changes_the_same_whatever_is_beside_it() -> None:
    images = torch.rand(4, 3, 16, 16, generator=torch.Generator().manual_seed(0)) * 255
    strong = Augmentation(colour=1, grayscale=0.3, noise=0.7, blur=0.5)
    together = recolour(images, strong, generators(0, 1, 2, 3))
    assert not torch.equal(together, images)
    for row in range(4):
        assert torch.equal(recolour(images[row : row + 1], strong, generators(row))[0], together[row])
    assert float(together.min()) >= 0
    assert float(together.max()) <= 255


def test_nothing_changes_without_augmentation() -> None:
    images = torch.rand(2, 3, 8, 8) * 255
    assert torch.equal(recolour(images, NO_AUGMENTATION, generators(0, 1)), images)


def test_gray_images_are_gray() -> None:
    images = torch.rand(3, 3, 8, 8) * 200
    only_gray = Augmentation(colour=0, grayscale=1, noise=0, blur=0)
    gray = recolour(images, only_gray, generators(0, 1, 2))
    assert torch.allclose(gray[:, 0], gray[:, 1], atol=1e-3)
