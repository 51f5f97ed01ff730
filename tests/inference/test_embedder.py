import gc
import weakref
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from engine.inference import encoder
from engine.inference.embedder import Embedder
from engine.sam import Sam, build_sam
from engine.sam.transforms import resize_longest_side


@pytest.fixture
def image() -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (50, 80, 3), dtype=np.uint8)


def test_without_half_precision_the_embedding_is_that_of_the_model(
    tiny_sam: Sam, image: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoder, "native_half_precision", lambda device: None)
    embedding = Embedder(tiny_sam).embed(image)
    assert embedding.dtype == np.float16
    resized = resize_longest_side(image, tiny_sam.image_size)[None].to(tiny_sam.device)
    with torch.no_grad():
        expected = tiny_sam.image_encoder(tiny_sam.preprocess(resized.float()))[0].cpu().numpy()
    np.testing.assert_allclose(embedding, expected, atol=2e-3, rtol=1e-3)


def test_in_the_precision_of_this_machine_the_embedding_is_close_to_the_model_s(
    tiny_sam: Sam, image: NDArray[np.uint8]
) -> None:
    embedding = Embedder(tiny_sam).embed(image)
    resized = resize_longest_side(image, tiny_sam.image_size)[None].to(tiny_sam.device)
    with torch.no_grad():
        expected = tiny_sam.image_encoder(tiny_sam.preprocess(resized.float()))[0].cpu().numpy()
    a, b = embedding.astype(np.float64).ravel(), expected.astype(np.float64).ravel()
    assert a @ b / np.linalg.norm(a) / np.linalg.norm(b) >= 0.999


def test_an_image_gets_the_same_embedding_first_and_later(tiny_sam: Sam, image: NDArray[np.uint8]) -> None:
    embedder = Embedder(tiny_sam)
    np.testing.assert_array_equal(embedder.embed(image), embedder.embed(image))


def test_threads_that_share_an_embedder_get_the_embedding_of_their_own_image(tiny_sam: Sam) -> None:
    images = np.random.default_rng(1).integers(0, 256, (8, 40, 64, 3), dtype=np.uint8)
    embedder = Embedder(tiny_sam)
    embedder.embed(images[0])  # settles the precision
    alone = [embedder.embed(image) for image in images]
    with ThreadPoolExecutor(4) as threads:
        together = list(threads.map(embedder.embed, images))
    np.testing.assert_array_equal(together, alone)


def test_weights_in_single_precision_go_once_half_precision_is_settled_on(
    tiny_sam: Sam, image: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoder, "native_half_precision", lambda device: torch.bfloat16)
    sam = build_sam(tiny_sam.config)
    sam.load_state_dict(tiny_sam.state_dict())
    weight = weakref.ref(sam.image_encoder.get_parameter("blocks.0.mlp.lin1.weight"))
    embedder = Embedder(sam)
    del sam
    embedder.embed(image)
    gc.collect()
    assert weight() is None
