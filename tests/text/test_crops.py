"""A crop is the square around a mask's enlarged box, in the pixels of its own image."""

import torch

from engine.text.crops import cut_out


def scene() -> tuple[torch.Tensor, torch.Tensor]:
    """Two 64-pixel images with two masks of 16 cells each; colours differ by image, red falls from left to right."""
    images = torch.zeros(2, 3, 64, 64)
    images[:, 0] = torch.arange(64.0)
    images[1, 1] = 100
    masks = torch.zeros(2, 2, 16, 16, dtype=torch.bool)
    masks[:, 0, 4:8, 4:8] = True  # 16×16 pixels at 16
    masks[:, 1, 6:8, 2:10] = True  # 32×8 pixels, its centre at (24, 28)
    return images, masks


def test_a_square_mask_fills_a_crop_of_its_box() -> None:
    images, masks = scene()
    crops, shares = cut_out(images, masks, torch.ones(2, 2), torch.zeros(2, 2, dtype=torch.bool), 16)
    assert crops.shape == (4, 3, 16, 16)
    assert torch.allclose(crops[0, 0, 8], torch.arange(16.0) + 16, atol=0.01)
    assert torch.equal(crops[:, 1].mean((1, 2)).round(), torch.tensor([0.0, 0.0, 100.0, 100.0]))
    assert float(shares[0, 0, 4:12, 4:12].min()) == 1


def test_a_long_mask_is_framed_by_its_longer_side() -> None:
    images, masks = scene()
    crops, shares = cut_out(images, masks, torch.ones(2, 2), torch.zeros(2, 2, dtype=torch.bool), 16)
    assert torch.allclose(crops[1, 0, 8], torch.arange(16.0) * 2 + 8.5, atol=0.01)
    # A quarter of the square is mask, in its middle.
    assert torch.equal(shares[1, 0].mean(1) > 0.5, torch.tensor([False] * 6 + [True] * 4 + [False] * 6))


def test_enlarged_crops_show_what_is_around_and_zero_beyond_the_image() -> None:
    images, masks = scene()
    images[:, 2] = 50
    crops, shares = cut_out(images, masks, torch.full((2, 2), 2.0), torch.zeros(2, 2, dtype=torch.bool), 16)
    assert torch.allclose(crops[0, 0, 8], torch.arange(16.0) * 2 + 8.5, atol=0.01)
    assert float(shares[0].mean()) < 0.3
    # 64 pixels about (24, 28): the first eight columns of pixels lie left of the image.
    assert float(crops[1, 2, :, :1].abs().max()) == 0
    assert float(crops[1, 2, 8, 4]) == 50


def test_blanked_crops_keep_the_object_alone() -> None:
    images, masks = scene()
    images[:, 2] = 50
    blank = torch.tensor([[False, True], [True, False]])
    crops, _ = cut_out(images, masks, torch.full((2, 2), 2.0), blank, 16)
    for index, alone in enumerate(blank.flatten().tolist()):
        corner, middle = crops[index, 2, 1, 14], crops[index, 2, 8, 8]
        assert float(middle) == 50
        assert float(corner) == (0 if alone else 50)


def test_a_missing_mask_gives_the_whole_image() -> None:
    images, masks = scene()
    masks[0, 1] = False
    crops, shares = cut_out(images, masks, torch.ones(2, 2), torch.zeros(2, 2, dtype=torch.bool), 16)
    assert torch.isfinite(crops).all()
    assert not shares[1].any()
