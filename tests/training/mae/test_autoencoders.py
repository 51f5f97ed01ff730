"""Encoders are pre-trained by the arithmetic that the segmentation model uses, on visible patches alone."""

import pytest
import torch
from safetensors.torch import save_file

from engine.errors import InvalidSetting
from engine.sam import build_sam
from engine.sam.image_encoder import ImageEncoderViT
from engine.training.initialise_mae import initialise_from_mae
from engine.training.mae.patches import hide
from engine.training.mae.recipe import Autoencoder, build_autoencoder
from engine.training.mae.vit_autoencoder import VitAutoencoder, sine_cosine_positions
from tests.training.mae.shapes import TINY, VIT, recipe


def built(kind: str) -> Autoencoder:
    torch.manual_seed(0)
    return build_autoencoder(recipe(), VIT if kind == "vit" else TINY)


def patches_of(model: Autoencoder) -> int:
    return (64 // model.patch_side) ** 2


@torch.no_grad()
def test_blocks_compute_what_the_encoder_computes() -> None:
    """With every patch visible, the sequence of patches gives the feature map that goes into the encoder's neck."""
    model = built("vit")
    assert isinstance(model, VitAutoencoder)
    images = torch.randn(2, 3, 64, 64)
    seen: list[torch.Tensor] = []
    handle = model.encoder.neck.register_forward_pre_hook(lambda _, arguments: seen.append(arguments[0]))
    model.encoder(images)
    handle.remove()
    tokens = model.encode(images, torch.arange(16).expand(2, 16))
    assert torch.allclose(tokens.transpose(1, 2).reshape(seen[0].shape), seen[0], atol=1e-5)


@pytest.mark.parametrize("kind", ["vit", "tiny"])
@torch.no_grad()
def test_what_is_hidden_is_not_seen(kind: str) -> None:
    """Hidden pixels change the loss through the target alone: with the same target, not at all."""
    model = built(kind).eval()
    hidden = hide(1, patches_of(model), 0.5, torch.Generator().manual_seed(0))
    images = torch.randn(1, 3, 64, 64)
    side = 64 // model.patch_side
    covered = hidden.reshape(1, 1, side, side).repeat_interleave(model.patch_side, -1)
    covered = covered.repeat_interleave(model.patch_side, -2)
    # Normalised targets do not know brightness, so brighter hidden patches have the same target.
    brighter = torch.where(covered, images + 3, images)
    assert float(model(brighter, hidden)) == pytest.approx(float(model(images, hidden)), rel=1e-5)
    visible_changed = torch.where(covered, images, images * 0.5 + torch.randn_like(images))
    assert float(model(visible_changed, hidden)) != pytest.approx(float(model(images, hidden)), rel=1e-5)


@pytest.mark.parametrize("kind", ["vit", "tiny"])
def test_every_trained_parameter_gets_a_gradient(kind: str) -> None:
    model = built(kind)
    hidden = hide(2, patches_of(model), 0.5, torch.Generator().manual_seed(0))
    model(torch.randn(2, 3, 64, 64), hidden).backward()
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            assert parameter.grad is not None, name
    fixed = [name for name, parameter in model.named_parameters() if not parameter.requires_grad]
    assert all(part in " ".join(fixed) for part in (["pos_embed", "rel_pos_h", "neck"] if kind == "vit" else []))
    assert kind == "vit" or not fixed


@pytest.mark.parametrize("kind", ["vit", "tiny"])
def test_the_segmentation_model_starts_from_what_was_pretrained(kind: str, tmp_path) -> None:
    model = built(kind)
    state = {key: value.contiguous() for key, value in model.encoder_state().items()}
    save_file(state, tmp_path / "encoder.safetensors")
    torch.manual_seed(1)
    sam = build_sam(VIT if kind == "vit" else TINY)
    neck = {key: value.clone() for key, value in sam.image_encoder.neck.state_dict().items()}
    initialise_from_mae(sam, tmp_path / "encoder.safetensors")
    wanted, got = model.encoder.state_dict(), sam.image_encoder.state_dict()
    for key in got:
        if key.startswith("neck."):
            assert torch.equal(got[key], neck[key.removeprefix("neck.")])
        elif not key.endswith(("pos_embed", "rel_pos_h", "rel_pos_w")):
            assert torch.equal(got[key], wanted[key]), key
    if isinstance(sam.image_encoder, ImageEncoderViT):
        assert sam.image_encoder.pos_embed.shape == (1, 8, 8, 32)


def test_positions_are_those_that_are_published() -> None:
    """Values of the first, second and last of 14×14 positions, width 8, by hand: x first, y second, sines first."""
    positions = sine_cosine_positions(14, 8)
    assert torch.allclose(positions[0], torch.tensor([0.0, 0, 1, 1, 0, 0, 1, 1]))
    assert torch.allclose(positions[1], torch.tensor([0.841471, 0.0099998, 0.540302, 0.99995, 0, 0, 1, 1]), atol=1e-5)
    half = [0.420167, 0.129634, 0.907447, 0.991562]  # sin 13, sin 0.13, cos 13, cos 0.13
    assert torch.allclose(positions[-1], torch.tensor(half * 2), atol=1e-5)


def test_a_window_has_to_span_the_picture() -> None:
    with pytest.raises(InvalidSetting, match="pre-train vit at 64 pixels"):
        build_autoencoder(recipe(side=128), VIT)
