from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from engine.errors import InvalidInput
from engine.inference.decoder import Decoded, Decoder
from engine.inference.prompts import Box, Point, Prompt
from engine.sam import Sam
from engine.sam.transforms import apply_boxes, apply_coords

PROMPTS = {
    "one point": Prompt([Point(30.5, 40, 1)]),
    "four points": Prompt([Point(30, 40, 1), Point(70, 8, 0), Point(0, 0, 0), Point(90, 61, 1)]),
    "box": Prompt([], Box(5, 6, 60, 50)),
    "box and point": Prompt([Point(30, 40, 1)], Box(5, 6, 60, 50)),
}
IMAGE_SIZE = (64, 96)


@pytest.fixture(scope="module")
def embedding() -> NDArray[np.float32]:
    return np.random.default_rng(2).normal(size=(1, 32, 8, 8)).astype(np.float32)


@torch.no_grad()
def predicted_by_torch(
    sam: Sam, embedding: NDArray[np.float32], prompt: Prompt, mask: NDArray[np.float32] | None, *, multimask: bool
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    points = boxes = None
    if prompt.points:
        coords = np.array([[(point.x, point.y) for point in prompt.points]])
        labels = torch.tensor([[point.label for point in prompt.points]])
        points = torch.from_numpy(apply_coords(coords, IMAGE_SIZE, sam.image_size)), labels
    if prompt.box is not None:
        corners = np.array([[prompt.box.x0, prompt.box.y0, prompt.box.x1, prompt.box.y1]])
        boxes = torch.from_numpy(apply_boxes(corners, IMAGE_SIZE, sam.image_size))
    masks = None if mask is None else torch.from_numpy(mask)[None, None]
    sparse, dense = sam.prompt_encoder(points=points, boxes=boxes, masks=masks)
    low, iou = sam.mask_decoder(
        image_embeddings=torch.from_numpy(embedding),
        image_pe=sam.prompt_encoder.get_dense_pe(),
        sparse_prompt_embeddings=sparse,
        dense_prompt_embeddings=dense,
        multimask_output=multimask,
    )
    return low[0].numpy(), iou[0].numpy()


@pytest.mark.parametrize("prompt", PROMPTS.values(), ids=PROMPTS.keys())
@pytest.mark.parametrize("with_mask", [False, True])
def test_the_server_decodes_what_the_model_predicts(
    tiny_sam: Sam, decoder: Decoder, embedding: NDArray[np.float32], prompt: Prompt, with_mask: bool
) -> None:
    mask = np.random.default_rng(1).normal(0, 5, (32, 32)).astype(np.float32) if with_mask else None
    decoded = decoder.decode(decoder.prepare(embedding), prompt, IMAGE_SIZE, mask)
    for multimask, indices in ((False, slice(0, 1)), (True, slice(1, None))):
        logits, iou = predicted_by_torch(tiny_sam, embedding, prompt, mask, multimask=multimask)
        np.testing.assert_allclose(decoded.low_res_logits[indices], logits, atol=1e-4)
        np.testing.assert_allclose(decoded.predicted_iou[indices], iou, atol=1e-4)


def test_a_half_precision_embedding_gives_the_same_masks(decoder: Decoder, embedding: NDArray[np.float32]) -> None:
    prompt = PROMPTS["one point"]
    whole = decoder.decode(decoder.prepare(embedding), prompt, IMAGE_SIZE).low_res_logits > 0
    half = decoder.decode(decoder.prepare(embedding[0].astype(np.float16)), prompt, IMAGE_SIZE).low_res_logits > 0
    assert (whole & half).sum() / (whole | half).sum() > 0.99


def test_threads_that_share_a_decoder_get_their_own_masks(decoder: Decoder, embedding: NDArray[np.float32]) -> None:
    prepared = decoder.prepare(embedding)
    prompts = [Prompt([Point(x, 20, 1)]) for x in range(0, 96, 8)]
    alone = [decoder.decode(prepared, prompt, IMAGE_SIZE).low_res_logits for prompt in prompts]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda prompt: decoder.decode(prepared, prompt, IMAGE_SIZE).low_res_logits, prompts))
    for expected, got in zip(alone, together, strict=True):
        np.testing.assert_allclose(got, expected, atol=1e-5)


def test_one_point_offers_three_candidates_best_first_and_more_offer_one() -> None:
    decoded = Decoded(np.zeros((4, 2, 2), np.float32), np.array([0.99, 0.5, 0.9, 0.7], np.float32))
    assert decoded.candidates(PROMPTS["one point"]) == [2, 3, 1]
    assert decoded.candidates(PROMPTS["four points"]) == [0]
    assert decoded.candidates(PROMPTS["box and point"]) == [0]


def test_a_mask_or_embedding_of_another_size_is_refused(decoder: Decoder, embedding: NDArray[np.float32]) -> None:
    prepared = decoder.prepare(embedding)
    with pytest.raises(InvalidInput, match="32×32"):
        decoder.decode(prepared, PROMPTS["one point"], IMAGE_SIZE, np.zeros((64, 64), np.float32))
    with pytest.raises(InvalidInput, match="shape"):
        decoder.prepare(np.zeros((32, 64, 64), np.float32))
