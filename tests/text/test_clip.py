"""CLIP is read from a folder, without a network, and embeds texts and crops in one space."""

import shutil
import socket
from pathlib import Path

import pytest
import torch

from engine.errors import InvalidCheckpoint, InvalidInput
from engine.text.clip import Clip, load_clip
from tests.text.tiny_clip import write_tiny_clip

pytest.importorskip("transformers", reason="needs the extra `text`")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_clip(tmp_path_factory.mktemp("clip"))


@pytest.fixture(scope="module")
def clip(folder: Path) -> Clip:
    return load_clip(folder)


def test_loading_and_embedding_need_no_network(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a connection was tried")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert load_clip(folder).embed_texts(["a wheel"]).shape == (1, 16)


def test_texts_become_vectors_of_length_one_whatever_is_beside_them(clip: Clip) -> None:
    both = clip.embed_texts(["a wheel", "a cat on a mat"])
    assert both.shape == (2, clip.dim)
    assert torch.allclose(both.norm(dim=1), torch.ones(2))
    assert not torch.allclose(both[0], both[1])
    assert torch.allclose(clip.embed_texts(["a wheel"])[0], both[0], atol=1e-5)


def test_a_long_text_is_cut(clip: Clip) -> None:
    assert torch.equal(clip.embed_texts(["wheel " * 50]), clip.embed_texts(["wheel " * 60]))


@pytest.mark.parametrize("text", ["", "  "])
def test_an_empty_text_is_refused(clip: Clip, text: str) -> None:
    with pytest.raises(InvalidInput, match="must not be empty"):
        clip.embed_texts([text])


def test_a_crop_embeds_as_clip_embeds_it_where_the_object_fills_it(clip: Clip) -> None:
    crops = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0)) * 255
    embedded = clip.embed_crops(crops, torch.ones(2, 1, 32, 32))
    mean = torch.tensor([0.48145466, 0.4578275, 0.40821073]).view(3, 1, 1)
    std = torch.tensor([0.26862954, 0.26130258, 0.27577711]).view(3, 1, 1)
    with torch.no_grad():
        plain = clip._model.get_image_features((crops / 255 - mean) / std).pooler_output
    assert torch.allclose(embedded, torch.nn.functional.normalize(plain, dim=-1), atol=1e-5)


def test_the_last_layer_reads_the_object_only(clip: Clip) -> None:
    """With one layer before, other patches still reach the object's; so the model is cut to its last layer."""
    layers = clip._model.vision_model.encoder.layers
    clip._model.vision_model.encoder.layers = layers[-1:]
    try:
        crop = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0)) * 255
        mask = torch.zeros(1, 1, 32, 32)
        mask[..., :10, :8] = 1  # touches the patches (0, 0) and (1, 0)
        elsewhere, below = crop.clone(), crop.clone()
        elsewhere[..., 16:, 16:] = 0
        below[..., 8:16, :8] = 0
        embedded = [clip.embed_crops(each, mask) for each in (crop, elsewhere, below)]
    finally:
        clip._model.vision_model.encoder.layers = layers
    assert torch.allclose(embedded[0], embedded[1], atol=1e-6)
    assert not torch.allclose(embedded[0], embedded[2], atol=1e-3)


def test_folders_of_anything_else_are_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidCheckpoint, match="holds no CLIP model"):
        load_clip(tmp_path)
    broken = shutil.copytree(folder, tmp_path / "broken")
    (broken / "model.safetensors").write_bytes(b"nothing")
    with pytest.raises(InvalidCheckpoint, match="cannot be read as a CLIP model"):
        load_clip(broken)
    (broken / "model.safetensors").unlink()
    with pytest.raises(InvalidCheckpoint, match="cannot be read as a CLIP model"):
        load_clip(broken)


def test_a_model_of_parts_is_refused_by_what_is_missing(folder: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    partial = shutil.copytree(folder, tmp_path / "partial")
    state = load_file(partial / "model.safetensors")
    del state["visual_projection.weight"]
    save_file(state, partial / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(InvalidCheckpoint, match=r"missing visual_projection\.weight"):
        load_clip(partial)
