"""First weights of an image encoder from masked-autoencoder pre-training.

Sources: Segment Anything, appendix A ("MAE pre-trained ViT"); He et al., "Masked Autoencoders Are Scalable Vision
Learners" (2022), whose published files are read as they are; Li et al., "Exploring Plain Vision Transformer Backbones
for Object Detection" (2022), for what becomes of positions at a higher resolution.
"""

import argparse
import math
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from engine.errors import InvalidCheckpoint
from engine.sam import Sam
from engine.sam.checkpoint import read_weights, require_match
from engine.sam.image_encoder import ImageEncoderViT

NOT_OF_THE_ENCODER = ("cls_token", "mask_token", "norm.", "fc_norm.", "head.", "decoder_")
"""What masked autoencoders, and classifiers made from them, have besides the encoder's blocks; not used."""


@torch.no_grad()
def initialise_from_mae(sam: Sam, path: Path | str) -> None:
    """Give the image encoder of `sam` the weights of a masked autoencoder, in place; all else stays as it is.

    For a ViT, `path` is in the format of facebookresearch/mae (`.pth`, bare or under "model", or safetensors): absolute
    positions are interpolated to the grid of `sam`, relative positions start at zero, and patches of another size
    (those of the published ViT-H have 14 pixels) are resized. For the small encoder it is what our own pre-training
    wrote. Raises InvalidCheckpoint, naming the first keys, for a file of anything else.
    """
    path = Path(path)
    state = _read_mae(path)
    encoder = sam.image_encoder
    pretrained = pretrained_part(encoder.state_dict())
    if isinstance(encoder, ImageEncoderViT):
        state = {key: value for key, value in state.items() if not key.startswith(NOT_OF_THE_ENCODER)}
        state = _fitted(state, pretrained["pos_embed"], pretrained["patch_embed.proj.weight"])
    wanted = {published_name(key): value for key, value in pretrained.items()}
    require_match(state, wanted, f"a masked autoencoder of {sam.config.arch}", path.name)
    encoder.load_state_dict({key: state[published_name(key)] for key in pretrained}, strict=False)
    for name, parameter in encoder.named_parameters():
        if name.endswith((".rel_pos_h", ".rel_pos_w")):
            parameter.zero_()


def pretrained_part(encoder_state: dict[str, Tensor]) -> dict[str, Tensor]:
    """The part of an image encoder that pre-training has: neither the neck nor relative positions."""
    fresh = (".rel_pos_h", ".rel_pos_w")
    return {
        key: value for key, value in encoder_state.items() if not key.startswith("neck.") and not key.endswith(fresh)
    }


def published_name(key: str) -> str:
    """How a file of facebookresearch/mae calls a parameter of our encoder."""
    return key.replace(".mlp.lin1.", ".mlp.fc1.").replace(".mlp.lin2.", ".mlp.fc2.") if "blocks." in key else key


def interpolate_positions(positions: Tensor, side: int) -> Tensor:
    """Absolute positions 1×(1+n²)×C, the class token's first, → 1×side×side×C; bicubic."""
    grid = math.isqrt(positions.shape[1])
    square = positions[:, -grid * grid :].float().reshape(1, grid, grid, -1)
    if grid == side:
        return square
    resized = F.interpolate(square.permute(0, 3, 1, 2), (side, side), mode="bicubic", align_corners=False)
    return resized.permute(0, 2, 3, 1)


def resize_patches(weight: Tensor, side: int) -> Tensor:
    """Patch embedding C×3×p×p → C×3×side×side, so that a patch and its bilinearly resized self give the same token.

    Plain interpolation of the weights would change the tokens' size. Source: Beyer et al., "FlexiViT" (2023), 3.4.
    """
    size = weight.shape[-1]
    if size == side:
        return weight.float()
    pixels = torch.eye(size * size).reshape(size * size, 1, size, size)
    resize = F.interpolate(pixels, (side, side), mode="bilinear", align_corners=False).flatten(1).T  # side²×p²
    resized = weight.float().flatten(2) @ torch.linalg.pinv(resize)
    return resized.reshape(*weight.shape[:2], side, side)


def _read_mae(path: Path) -> dict[str, Tensor]:
    # Checkpoints of a run, not just the published weights, carry its options, which are harmless.
    with torch.serialization.safe_globals([argparse.Namespace]):
        state = read_weights(path)
    if isinstance(state, dict) and isinstance(state.get("model"), dict):
        state = state["model"]
    if not isinstance(state, dict) or not all(isinstance(value, Tensor) for value in state.values()):
        raise InvalidCheckpoint(f"{path.name} holds no state dict: expected tensors by name.")
    return state


def _fitted(state: dict[str, Tensor], positions: Tensor, patches: Tensor) -> dict[str, Tensor]:
    """Positions and patches resized to these where they can be; what cannot is left for the comparison of shapes."""
    fitted = dict(state)
    given = state.get("pos_embed")
    if (
        given is not None
        and given.ndim == 3
        and math.isqrt(given.shape[1]) ** 2 in (given.shape[1], given.shape[1] - 1)
    ):
        fitted["pos_embed"] = interpolate_positions(given, positions.shape[1])
    kernel = state.get("patch_embed.proj.weight")
    if kernel is not None and kernel.ndim == 4 and kernel.shape[-1] == kernel.shape[-2]:
        fitted["patch_embed.proj.weight"] = resize_patches(kernel, patches.shape[-1])
    return fitted
