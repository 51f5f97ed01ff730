import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from engine.inference import upscale
from engine.inference.model_frame import resized_shape
from engine.inference.upscale import upscale_logits, upscale_mask
from engine.sam import Sam


def smooth_logits(seed: int) -> NDArray[np.float32]:
    coarse = torch.randn(1, 1, 16, 16, generator=torch.Generator().manual_seed(seed)) * 6
    return torch.nn.functional.interpolate(coarse, (256, 256), mode="bicubic")[0, 0].numpy()


@pytest.mark.parametrize("image_size", [(97, 143), (143, 97), (1024, 1024), (1500, 2250), (2000, 300), (683, 1024)])
def test_upscaling_without_torch_is_the_published_upscaling(small_sam: Sam, image_size: tuple[int, int]) -> None:
    low_res = smooth_logits(3)
    input_side = small_sam.image_size
    input_size = resized_shape(image_size, input_side)
    expected = small_sam.postprocess_masks(torch.from_numpy(low_res)[None, None], input_size, image_size)[0, 0].numpy()
    logits = upscale_logits(low_res, image_size, input_side)
    assert logits.shape == image_size
    np.testing.assert_allclose(logits, expected, atol=1e-4)
    np.testing.assert_array_equal(upscale_mask(low_res, image_size, input_side), logits > 0)


def test_strips_join_without_a_seam(monkeypatch: pytest.MonkeyPatch) -> None:
    low_res = smooth_logits(4)
    whole = upscale_logits(low_res, (501, 333), 1024)
    monkeypatch.setattr(upscale, "_STRIP_VALUES", 333 * 7)
    np.testing.assert_array_equal(upscale_logits(low_res, (501, 333), 1024), whole)
