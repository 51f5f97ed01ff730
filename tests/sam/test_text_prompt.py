"""A text is one more sparse token, for models that have the weights for it; others stay what they were."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.errors import InvalidCheckpoint, InvalidInput
from engine.sam import Sam, SamConfig, build_sam, load_checkpoint, save_checkpoint
from engine.sam.predictor import Predictor


@pytest.fixture(scope="module")
def text_sam(tiny_sam: Sam) -> Sam:
    """`tiny_sam` that takes text embeddings of 12 values."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        sam = build_sam(replace(tiny_sam.config, text_dim=12))
    sam.load_state_dict(tiny_sam.state_dict(), strict=False)
    return sam.eval()


def text(seed: int = 0, count: int = 1) -> torch.Tensor:
    return torch.randn(count, 12, generator=torch.Generator().manual_seed(seed))


POINT = (torch.tensor([[[30.0, 40.0]]]), torch.tensor([[1]]))
BOX = torch.tensor([[10.0, 10.0, 60.0, 50.0]])


@torch.no_grad()
def test_a_text_adds_one_token_to_what_is_there(text_sam: Sam) -> None:
    encoder = text_sam.prompt_encoder
    token = encoder.embed_texts(text())
    assert token.shape == (1, 1, 32)
    for points, boxes in [(POINT, None), (None, BOX), (POINT, BOX)]:
        without, _ = encoder(points, boxes, None)
        sparse, dense = encoder(points, boxes, None, text())
        assert torch.equal(sparse, torch.cat([without, token], dim=1))
        assert torch.equal(dense, encoder.no_mask(1))


@torch.no_grad()
def test_a_text_alone_is_padded_as_a_point_is(text_sam: Sam) -> None:
    sparse, _ = text_sam.prompt_encoder(None, None, None, text(count=3))
    assert sparse.shape == (3, 2, 32)
    assert torch.equal(sparse[:, 1], text_sam.prompt_encoder.not_a_point_embed.weight.expand(3, -1))


@torch.no_grad()
def test_only_the_direction_of_an_embedding_counts(text_sam: Sam) -> None:
    encoder = text_sam.prompt_encoder
    assert torch.allclose(encoder.embed_texts(text()), encoder.embed_texts(7 * text()), atol=1e-6)


def test_a_predictor_answers_texts_with_and_without_points(text_sam: Sam) -> None:
    image = np.random.default_rng(0).integers(0, 255, (48, 64, 3)).astype(np.uint8)
    embedded = Predictor(text_sam).embed(image)
    one, scores = embedded.predict(texts=text(0), multimask_output=True)
    other, _ = embedded.predict(texts=text(1), multimask_output=True)
    assert one.shape == (1, 3, 32, 32)
    assert scores.shape == (1, 3)
    assert not torch.allclose(one, other)
    coords, labels = np.array([[[20.0, 20.0]]]), np.array([[1]])
    clicked, _ = embedded.predict(coords, labels, multimask_output=True)
    both, _ = embedded.predict(coords, labels, texts=text(0), multimask_output=True)
    assert not torch.allclose(both, clicked)
    assert not torch.allclose(both, one)


def test_without_text_a_text_model_answers_as_the_one_it_was_made_from(text_sam: Sam, tiny_sam: Sam) -> None:
    image = np.random.default_rng(0).integers(0, 255, (48, 64, 3)).astype(np.uint8)
    answers = [
        Predictor(sam).embed(image).predict(np.array([[[20.0, 20.0]]]), np.array([[1]]), multimask_output=True)
        for sam in (text_sam, tiny_sam)
    ]
    assert torch.equal(answers[0][0], answers[1][0])


def test_models_without_text_have_no_weights_for_it_and_say_so(tiny_sam: Sam) -> None:
    assert not [key for key in tiny_sam.state_dict() if "text" in key]
    with pytest.raises(InvalidInput, match="takes no text"):
        tiny_sam.prompt_encoder(None, None, None, text())


def test_embeddings_of_another_clip_are_refused(text_sam: Sam) -> None:
    with pytest.raises(InvalidInput, match="embeddings of 12 values, not 16"):
        text_sam.prompt_encoder.embed_texts(torch.zeros(1, 16))


def test_a_text_model_is_stored_and_found_again(text_sam: Sam, tmp_path: Path) -> None:
    save_checkpoint(text_sam, tmp_path / "text", half=False)
    again = load_checkpoint(tmp_path / "text.safetensors")
    assert again.config.text_dim == 12
    weight = "prompt_encoder.text_projection.weight"
    assert torch.equal(again.state_dict()[weight], text_sam.state_dict()[weight])


def test_a_text_of_no_values_is_no_configuration(tiny_sam: Sam) -> None:
    with pytest.raises(InvalidCheckpoint, match="text_dim"):
        SamConfig("odd", tiny_sam.config.encoder, text_dim=0)
