import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from engine.inference.embedder import Embedder, has_native_bfloat16
from engine.sam import Sam
from engine.sam.transforms import resize_longest_side


@pytest.fixture
def image() -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (50, 80, 3), dtype=np.uint8)


def test_the_first_embedding_is_that_of_the_model_in_half_precision(tiny_sam: Sam, image: NDArray[np.uint8]) -> None:
    embedding = Embedder(tiny_sam).embed(image)
    assert embedding.dtype == np.float16
    resized = resize_longest_side(image, tiny_sam.image_size)[None].to(tiny_sam.device)
    with torch.no_grad():
        expected = tiny_sam.image_encoder(tiny_sam.preprocess(resized.float()))[0].cpu().numpy()
    np.testing.assert_allclose(embedding, expected, atol=2e-3, rtol=1e-3)


def test_later_embeddings_stay_close_whatever_precision_was_chosen(tiny_sam: Sam, image: NDArray[np.uint8]) -> None:
    embedder = Embedder(tiny_sam)
    first, second = (embedder.embed(image).astype(np.float64).ravel() for _ in range(2))
    assert first @ second / np.linalg.norm(first) / np.linalg.norm(second) >= 0.999


def test_bfloat16_is_not_used_where_the_processor_only_emulates_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx2": True})
    assert not has_native_bfloat16(torch.device("cpu"))
