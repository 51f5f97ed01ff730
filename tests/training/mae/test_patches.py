"""What is hidden and what is to be restored of it."""

import pytest
import torch

from engine.training.mae.patches import hide, normalised, restoration_loss, to_patches


def test_the_same_number_of_patches_is_hidden_in_every_image() -> None:
    hidden = hide(200, 196, 0.75, torch.Generator().manual_seed(0))
    assert hidden.shape == (200, 196)
    assert hidden.sum(1).tolist() == [147] * 200
    # Any patch may be hidden, none is favoured.
    assert float((hidden.float().mean(0) - 0.75).abs().max()) < 0.15


def test_patches_are_rows_of_pixels_with_colours_last() -> None:
    image = torch.arange(2 * 3 * 4 * 6.0).reshape(2, 3, 4, 6)
    patches = to_patches(image, 2)
    assert patches.shape == (2, 6, 12)
    # The second patch of the first row starts two pixels to the right.
    assert torch.equal(patches[1, 1], image[1, :, :2, 2:4].permute(1, 2, 0).flatten())


def test_targets_have_no_brightness_and_no_contrast() -> None:
    patches = torch.rand(3, 5, 12) * 40 + 7
    targets = normalised(patches)
    assert torch.allclose(targets.mean(-1), torch.zeros(3, 5), atol=1e-5)
    assert torch.allclose(targets.var(-1), torch.ones(3, 5), atol=1e-4)


def test_only_hidden_patches_count() -> None:
    torch.manual_seed(0)
    images = torch.randn(2, 3, 8, 8)
    hidden = torch.tensor([[True, False, False, True], [False, True, True, False]])
    perfect = normalised(to_patches(images, 4))
    spoiled = perfect + 5 * ~hidden[..., None]
    assert float(restoration_loss(spoiled, images, hidden, 4)) == pytest.approx(0, abs=1e-9)
    # Off by 2 in one of the four hidden patches: 4 / 4.
    wrong = perfect.clone()
    wrong[0, 3] += 2
    assert float(restoration_loss(wrong, images, hidden, 4)) == pytest.approx(1)
