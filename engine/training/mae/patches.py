"""Pictures as patches: which are hidden, and what is to be restored of them."""

import torch
from torch import Tensor

VARIANCE_FLOOR = 1e-6


def hide(images: int, patches: int, ratio: float, generator: torch.Generator) -> Tensor:
    """Which of the `patches` of each image are hidden: B×N booleans, the same number true in every row."""
    kept = max(1, int(patches * (1 - ratio)))
    order = torch.rand(images, patches, generator=generator).argsort(dim=1)
    return order.argsort(dim=1) >= kept


def to_patches(images: Tensor, side: int) -> Tensor:
    """B×3×H×W → B×N×(side²·3): row by row, each patch row by row, colours last."""
    batch, channels, height, width = images.shape
    x = images.reshape(batch, channels, height // side, side, width // side, side)
    return x.permute(0, 2, 4, 3, 5, 1).reshape(batch, -1, side * side * channels)


def normalised(patches: Tensor) -> Tensor:
    """Each patch to mean 0 and variance 1: its texture counts, not its brightness (He et al., table 1d)."""
    variance, mean = torch.var_mean(patches, dim=-1, keepdim=True)
    return (patches - mean) / (variance + VARIANCE_FLOOR).sqrt()


def restoration_loss(restored: Tensor, images: Tensor, hidden: Tensor, side: int) -> Tensor:
    """Mean squared error over the hidden patches alone.

    `restored` is B×N×(side²·3) for the patches of `images` B×3×H×W, `hidden` B×N.
    """
    error = (restored.float() - normalised(to_patches(images, side).float())).square().mean(-1)
    return (error * hidden).sum() / hidden.sum()
