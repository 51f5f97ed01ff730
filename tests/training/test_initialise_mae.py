"""Image encoders take the weights of masked autoencoders, resized, and refuse files of anything else."""

import argparse
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional as F

from engine.errors import InvalidCheckpoint
from engine.sam import Sam, SamConfig, VitConfig, build_sam
from engine.sam.image_encoder import ImageEncoderViT
from engine.training.initialise_mae import initialise_from_mae, resize_patches


def small_vit() -> Sam:
    torch.manual_seed(0)
    encoder = VitConfig(embed_dim=32, depth=2, num_heads=2, global_attn_indexes=(1,), window_size=4)
    return build_sam(SamConfig("small", encoder, image_size=128, prompt_embed_dim=32, decoder_mlp_dim=32))


def published(patch: int = 16, grid: int = 4, depth: int = 2, width: int = 32) -> dict[str, Tensor]:
    """A pre-trained file as facebookresearch/mae names things, with random values."""
    torch.manual_seed(1)
    shapes = {
        "cls_token": (1, 1, width),
        "pos_embed": (1, 1 + grid * grid, width),
        "patch_embed.proj.weight": (width, 3, patch, patch),
        "patch_embed.proj.bias": (width,),
        "norm.weight": (width,),
        "norm.bias": (width,),
        "mask_token": (1, 1, 16),
        "decoder_embed.weight": (16, width),
        "decoder_pos_embed": (1, 1 + grid * grid, 16),
        "decoder_blocks.0.norm1.weight": (16,),
    }
    for n in range(depth):
        for name, shape in {
            "norm1": (width,),
            "attn.qkv": (3 * width, width),
            "attn.proj": (width, width),
            "norm2": (width,),
            "mlp.fc1": (4 * width, width),
            "mlp.fc2": (width, 4 * width),
        }.items():
            shapes |= {f"blocks.{n}.{name}.weight": shape, f"blocks.{n}.{name}.bias": shape[:1]}
    return {name: torch.randn(shape) for name, shape in shapes.items()}


def vit(sam: Sam) -> ImageEncoderViT:
    assert isinstance(sam.image_encoder, ImageEncoderViT)
    return sam.image_encoder


@pytest.mark.parametrize("form", ["model.pth", "bare.pth", "with_options.pth", "weights.safetensors"])
def test_every_form_of_file_gives_the_encoder_its_weights(tmp_path: Path, form: str) -> None:
    state, path = published(), tmp_path / form
    if form == "weights.safetensors":
        save_file(state, path)
    elif form == "with_options.pth":
        torch.save({"model": state, "args": argparse.Namespace(lr=1.0), "epoch": 3}, path)
    else:
        torch.save({"model": state} if form == "model.pth" else state, path)
    sam = small_vit()
    with torch.no_grad():
        for parameter in sam.image_encoder.parameters():
            parameter.fill_(7.0)
    fresh = {
        key: value.clone() for key, value in sam.state_dict().items() if not key.startswith("image_encoder.blocks")
    }

    initialise_from_mae(sam, path)
    encoder = sam.image_encoder.state_dict()
    for ours, theirs in {
        "patch_embed.proj.weight": "patch_embed.proj.weight",
        "blocks.1.attn.qkv.weight": "blocks.1.attn.qkv.weight",
        "blocks.0.mlp.lin1.weight": "blocks.0.mlp.fc1.weight",
        "blocks.1.mlp.lin2.bias": "blocks.1.mlp.fc2.bias",
        "blocks.0.norm2.bias": "blocks.0.norm2.bias",
    }.items():
        assert torch.equal(encoder[ours], state[theirs]), ours
    for n in range(2):
        assert not encoder[f"blocks.{n}.attn.rel_pos_h"].any()
        assert not encoder[f"blocks.{n}.attn.rel_pos_w"].any()
    for key in fresh:
        if ".patch_embed." not in key and not key.endswith("pos_embed"):
            assert torch.equal(sam.state_dict()[key], fresh[key]), key


def test_positions_are_interpolated_without_the_class_token(tmp_path: Path) -> None:
    state = published(grid=4)
    ramp = torch.arange(4.0).repeat(4)  # the column of each of the 4×4 positions
    state["pos_embed"] = torch.cat([torch.tensor([99.0]), ramp])[None, :, None].repeat(1, 1, 32)
    torch.save(state, tmp_path / "mae.pth")
    sam = small_vit()
    initialise_from_mae(sam, tmp_path / "mae.pth")
    positions = vit(sam).pos_embed.detach()
    assert positions.shape == (1, 8, 8, 32)
    assert torch.allclose(positions[:, 0], positions[:, -1], atol=1e-5)
    # A quarter of the way between columns 1 and 2: weights -27, 225, 67, -9 of 256 (cubic convolution, a = -3/4).
    assert float(positions[0, 0, 3, 0]) == pytest.approx((225 + 2 * 67 - 3 * 9) / 256)
    assert positions.max() < 4


def test_positions_of_the_same_grid_are_copied(tmp_path: Path) -> None:
    state = published(grid=8)
    torch.save(state, tmp_path / "mae.pth")
    sam = small_vit()
    initialise_from_mae(sam, tmp_path / "mae.pth")
    assert torch.equal(vit(sam).pos_embed.flatten(1, 2), state["pos_embed"][:, 1:])


def test_smaller_patches_are_resized_so_that_tokens_stay(tmp_path: Path) -> None:
    torch.manual_seed(0)
    weight, image = torch.randn(8, 3, 14, 14), torch.randn(1, 3, 14, 14)
    larger = F.interpolate(image, (16, 16), mode="bilinear", align_corners=False)
    token = F.conv2d(larger, resize_patches(weight, 16))
    assert torch.allclose(token, F.conv2d(image, weight), atol=1e-3)
    torch.save(published(patch=14), tmp_path / "huge.pth")
    initialise_from_mae(small_vit(), tmp_path / "huge.pth")


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (published(depth=3), r"unknown blocks\.2\."),
        (published(depth=1), r"missing blocks\.1\.norm1\.weight"),
        (published(width=64), r"wrong shape: pos_embed is \[1, 8, 8, 64\], not \[1, 8, 8, 32\]"),
        ({"weight": torch.zeros(1)}, r"missing pos_embed, patch_embed\.proj\.weight"),
        ({"model": {"epoch": 3}}, "holds no state dict"),
        ([1, 2], "holds no state dict"),
    ],
)
def test_other_files_are_refused_by_the_first_keys_that_differ(tmp_path: Path, state: object, reason: str) -> None:
    torch.save(state, tmp_path / "other.pth")
    sam = small_vit()
    before = {key: value.clone() for key, value in sam.state_dict().items()}
    with pytest.raises(InvalidCheckpoint, match=reason):
        initialise_from_mae(sam, tmp_path / "other.pth")
    assert all(torch.equal(value, before[key]) for key, value in sam.state_dict().items())


def test_a_pickle_that_would_run_code_is_refused(tmp_path: Path) -> None:
    class Runs:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return print, ("ran",)

    torch.save({"model": Runs()}, tmp_path / "bad.pth")
    with pytest.raises(InvalidCheckpoint, match="is refused: it would run print"):
        initialise_from_mae(small_vit(), tmp_path / "bad.pth")
