"""Square pictures of single objects, cut out of images on the device. Source: Segment Anything, appendix D.5."""

import torch
from torch import Tensor
from torch.nn import functional as F

OVERSAMPLING = 2
"""Samples along each pixel of a crop, averaged: a large object shrinks to a crop's few hundred pixels."""


def cut_out(images: Tensor, masks: Tensor, enlarge: Tensor, blank: Tensor, side: int) -> tuple[Tensor, Tensor]:
    """Crops of all masks, with and without what surrounds the object.

    Args:
        images: B×3×W×W, 0..255.
        masks: B×M×w×w, 0/1; a cell of theirs is W/w pixels wide.
        enlarge: B×M factors, 1 to 2 in the paper, by which each mask's box grows about its centre before it is made
            square by its longer side.
        blank: B×M, True where all but the object is set to zero.
        side: pixels along the crops.

    Returns:
        Crops (B·M)×3×side×side, zero beyond the image, and the object's share of each pixel (B·M)×1×side×side.
    """
    batch, count, cells = masks.shape[:3]
    grid = _grids(masks.flatten(0, 1) > 0.5, enlarge.flatten(), side * OVERSAMPLING)
    # All crops of an image below each other in one grid: the image is sampled as it is, not copied for each mask.
    stacked = grid.reshape(batch, count * side * OVERSAMPLING, side * OVERSAMPLING, 2)
    pictures = F.avg_pool2d(F.grid_sample(images.float(), stacked, align_corners=False), OVERSAMPLING)
    pictures = pictures.unflatten(2, (count, side)).transpose(1, 2).flatten(0, 1)
    whole = masks.float().reshape(batch * count, 1, cells, cells)
    shares = F.avg_pool2d(F.grid_sample(whole, grid, align_corners=False), OVERSAMPLING)
    return torch.where(blank.reshape(-1, 1, 1, 1), pictures * (shares > 0.5), pictures), shares


def _grids(masks: Tensor, enlarge: Tensor, side: int) -> Tensor:
    """Where to sample P masks' squares, P×side×side×2 in the [−1, 1] of `grid_sample`."""
    x0, x1 = _extent(masks.any(1))
    y0, y1 = _extent(masks.any(2))
    cells = masks.shape[-1]
    length = torch.maximum(x1 - x0, y1 - y0) * enlarge / cells
    centre = torch.stack([x0 + x1, y0 + y1], dim=-1) / cells - 1
    steps = (torch.arange(side, device=masks.device) + 0.5) / side * 2 - 1
    y, x = torch.meshgrid(steps, steps, indexing="ij")
    return torch.stack([x, y], dim=-1) * length[:, None, None, None] + centre[:, None, None]


def _extent(present: Tensor) -> tuple[Tensor, Tensor]:
    """First and one past the last true position of P×n, as floats; the whole length where there is none."""
    size = present.shape[1]
    positions = torch.arange(size, device=present.device)
    empty = ~present.any(1)
    first = torch.where(present, positions, size).amin(1).masked_fill(empty, 0)
    last = torch.where(present, positions + 1, 0).amax(1).masked_fill(empty, size)
    return first.float(), last.float()
