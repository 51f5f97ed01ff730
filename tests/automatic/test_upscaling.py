"""Upscaling by rectangles against upscaling all of it, on images wide, high, small and not a multiple of anything."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from engine.automatic import upscaling as module
from engine.automatic.filters import boxes_of_masks, stability_score
from engine.automatic.upscaling import Box, Upscaling
from engine.sam import Sam
from engine.sam.predictor import EmbeddedImage, Predictor

SIZES = [(96, 128), (300, 211), (33, 500), (20, 17), (128, 128)]
LOW_SIDE = 32
OFFSET = 1.0


def embedded(sam: Sam, size: tuple[int, int]) -> EmbeddedImage:
    return Predictor(sam).embed(np.zeros((*size, 3), np.uint8))


def smooth_logits(seed: int) -> torch.Tensor:
    coarse = torch.randn(1, 1, 6, 6, generator=torch.Generator().manual_seed(seed)) * 3
    return torch.nn.functional.interpolate(coarse, (LOW_SIDE, LOW_SIDE), mode="bicubic")[0, 0] - 1


def full_size(sam: Sam, image: EmbeddedImage, low: torch.Tensor) -> torch.Tensor:
    return sam.postprocess_masks(low[None, None], image.input_size, image.original_size)[0, 0]


def placed(mask: module.UpscaledMask, size: tuple[int, int]) -> NDArray[np.bool_]:
    whole = np.zeros(size, np.bool_)
    whole[mask.box.top : mask.box.bottom, mask.box.left : mask.box.right] = mask.inside
    return whole


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("piece", [16, 4096])
def test_a_mask_is_that_of_the_published_two_steps(
    tiny_sam: Sam, size: tuple[int, int], piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PIECE", piece)
    image = embedded(tiny_sam, size)
    upscaling = Upscaling(image, LOW_SIDE)
    for seed in range(4):
        low = smooth_logits(seed)
        expected = full_size(tiny_sam, image, low)
        cropped = upscaling.crop_padding(low)
        x0, y0, x1, y1 = upscaling.reach(boxes_of_masks(cropped > -OFFSET)).tolist()
        mask = upscaling.mask(cropped, Box(x0, y0, x1 + 1, y1 + 1), OFFSET)
        if mask is None:
            assert not (expected > 1e-4).any()
            continue
        unclear = (expected.abs() < 1e-4).numpy()
        different = placed(mask, size) != (expected > 0).numpy()
        assert not (different & ~unclear).any()
        assert mask.area == mask.inside.sum()
        assert mask.stability == pytest.approx(float(stability_score(expected, 0, OFFSET)), abs=2e-3)


@pytest.mark.parametrize("size", SIZES)
def test_what_is_sure_at_low_resolution_holds_at_full_resolution(tiny_sam: Sam, size: tuple[int, int]) -> None:
    image = embedded(tiny_sam, size)
    upscaling = Upscaling(image, LOW_SIDE)
    for seed in range(6):
        low = upscaling.crop_padding(smooth_logits(seed))
        exact = boxes_of_masks(full_size(tiny_sam, image, smooth_logits(seed)) > 0).tolist()
        outline = upscaling.reach(boxes_of_masks(low > 0)).tolist()
        assert outline[0] <= exact[0] and outline[1] <= exact[1]
        assert outline[2] >= exact[2] and outline[3] >= exact[3]
        framed = torch.nn.functional.pad(low > 0, (1, 1, 1, 1), value=True)
        inner = framed.unfold(0, 3, 1).unfold(1, 3, 1).all(-1).all(-1)
        core = upscaling.core(boxes_of_masks(inner))
        if core is not None and inner.any():
            x0, y0, x1, y1 = core.tolist()
            assert exact[0] <= x0 and exact[1] <= y0
            assert exact[2] >= x1 and exact[3] >= y1


def test_an_empty_mask_is_none(tiny_sam: Sam) -> None:
    upscaling = Upscaling(embedded(tiny_sam, (40, 60)), LOW_SIDE)
    nothing = upscaling.crop_padding(torch.full((LOW_SIDE, LOW_SIDE), -0.5))
    assert upscaling.mask(nothing, Box(0, 0, 60, 40), OFFSET) is None
