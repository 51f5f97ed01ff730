"""Random views of packed images, made on the device: crop, flip and turn, copy-paste, colour.

Framed as `view.py` frames them. Every image of the batch has a generator of its own, on the CPU, so that its view does
not depend on which others are made beside it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from engine.training.batch import Batch
from engine.training.data.colour import recolour
from engine.training.data.sample import LARGEST_SEEN, PASTED_AREA
from engine.training.data.settings import Augmentation, DataSettings
from engine.training.data.view import STRIDE, TURNED, WHOLE


@dataclass(frozen=True)
class Frames:
    """Where the views of a batch look: sampling grids B×window×window×2 for `grid_sample`, the part of each that is
    image B×1×window×window, where each window starts in its view B×2 (x, y), the rectangle that each sees of its image
    B×4 (x0, y0, x1, y1 in its pixels, on the CPU), and which get an object pasted B."""

    grid: Tensor
    valid: Tensor
    origin: Tensor
    seen: NDArray[np.float32]
    pasted: Tensor


@dataclass(frozen=True)
class Drawn:
    """What a batch is made of: pixels uint8 B×S×S×3, masks uint8 0/1 B×M×S×S, which of them are there B×M, and the
    images' ids."""

    pixels: Tensor
    masks: Tensor
    present: Tensor
    ids: tuple[str, ...]


def make_frames(
    sizes: Tensor,
    source_side: int,
    side: int,
    window: int,
    augmentation: Augmentation,
    generators: Sequence[np.random.Generator],
) -> Frames:
    """Frames for images of these sizes (B×2: height, width), held as squares of `source_side` pixels.

    A view fills a model input of `side` pixels; only a random `window`×`window` part of it is looked at.
    """
    table = np.stack([generator.random(11, dtype=np.float32) for generator in generators])
    random = torch.from_numpy(table).to(sizes.device)
    grid, valid, origin = _window(*_view(sizes, source_side, side, augmentation, random), window, random)
    corners = torch.cat([grid.amin((1, 2)), grid.amax((1, 2))], dim=1)
    seen: NDArray[np.float32] = ((corners + 1) / 2 * source_side).cpu().numpy()
    return Frames(grid, valid, origin, seen, random[:, 10] < augmentation.paste)


def make_views(
    drawn: Drawn, frames: Frames, settings: DataSettings, generators: Sequence[np.random.Generator]
) -> Batch:
    """Views of these images through these frames. Each image may get an object of the next one pasted onto it."""
    augmentation = settings.augmentation
    grid, valid = frames.grid, frames.valid
    pixels = drawn.pixels.permute(0, 3, 1, 2).float()
    views = F.grid_sample(pixels, grid, mode="bilinear", padding_mode="border", align_corners=False)
    # Masks are sampled at half resolution: four samples a target cell, an eighth of the memory.
    half = F.avg_pool2d(grid.permute(0, 3, 1, 2), 2).permute(0, 2, 3, 1)
    kind = torch.float16 if grid.is_cuda else torch.float32
    soft = F.grid_sample(drawn.masks.to(kind), half.to(kind), align_corners=False)
    soft = soft * F.avg_pool2d(valid, 2).to(kind)
    present = drawn.present
    if len(views) > 1 and augmentation.paste:
        views, soft, present = _paste(views, soft, present, frames.pasted)
    views = recolour(views, augmentation, generators)
    targets = F.avg_pool2d(soft, 2) > 0.5
    area = targets.sum((-2, -1))
    cells = F.avg_pool2d(valid, 4).sum((-2, -1))
    present = present & (area >= max(1, settings.smallest_area)) & (area < LARGEST_SEEN * cells)
    return Batch(views, valid, targets, present, frames.origin, drawn.ids)


def _view(
    sizes: Tensor, source_side: int, side: int, augmentation: Augmentation, table: Tensor
) -> tuple[Tensor, Tensor]:
    """Sampling grid B×side×side×2 for `grid_sample`, and the part of it that is image, B×1×side×side."""
    device = sizes.device
    longest = sizes.amax(1)
    fraction = augmentation.smallest_crop + (1 - augmentation.smallest_crop) * table[:, 0]
    stretch = augmentation.aspect ** (2 * table[:, 1] - 1)
    crop = torch.minimum((longest * fraction)[:, None] * torch.stack([stretch.rsqrt(), stretch.sqrt()], dim=1), sizes)
    crop = torch.where(table[:, 2:3] < WHOLE, sizes, crop)
    corner = table[:, 3:5] * (sizes - crop)
    scale = crop.amax(1) / side  # source pixels per view pixel
    steps = torch.arange(side, device=device) + 0.5
    y, x = torch.meshgrid(steps, steps, indexing="ij")
    view = torch.stack([x, y], dim=-1)[None] * scale[:, None, None, None]  # relative to the crop's corner
    inside = (view[..., 0] < crop[:, 1, None, None]) & (view[..., 1] < crop[:, 0, None, None])
    flips = table[:, 5] < augmentation.flip
    mirrored = crop[:, 1, None, None] - view[..., 0]
    view = torch.stack([torch.where(flips[:, None, None], mirrored, view[..., 0]), view[..., 1]], dim=-1)
    # Turn about the crop's centre; what falls outside the image repeats its border and belongs to no mask.
    turned = table[:, 6] < TURNED
    angle = torch.deg2rad((2 * table[:, 7] - 1) * augmentation.rotation_degrees) * turned
    centre = crop.flip(1)[:, None, None] / 2
    cos, sin = angle.cos()[:, None, None], angle.sin()[:, None, None]
    dx, dy = (view - centre).unbind(-1)
    source = torch.stack([cos * dx - sin * dy, sin * dx + cos * dy], dim=-1) + centre + corner.flip(1)[:, None, None]
    return source / source_side * 2 - 1, inside[:, None].float()


def _window(grid: Tensor, valid: Tensor, window: int, table: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """A random part of each sampling grid, starting on an embedding position, not beyond the image if that can be."""
    if window == grid.shape[1]:
        return grid, valid, torch.zeros(len(grid), 2, device=grid.device)
    # One transfer for the whole batch: where each window starts is needed on the CPU.
    extent = torch.stack([valid[:, 0, 0].sum(1), valid[:, 0, :, 0].sum(1)], dim=1)
    places = ((extent - window).clamp(min=0) // STRIDE + 1) * table[:, 8:10]
    origin = places.floor() * STRIDE
    corners = origin.long().tolist()
    grids = [one[y : y + window, x : x + window] for one, (x, y) in zip(grid, corners, strict=True)]
    valids = [one[:, y : y + window, x : x + window] for one, (x, y) in zip(valid, corners, strict=True)]
    return torch.stack(grids), torch.stack(valids), origin


def _paste(images: Tensor, soft: Tensor, present: Tensor, wanted: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The first mask's object of the next image covers this image and its masks where `wanted` and worth it.

    The pasted object takes the place of this image's last mask.
    """
    area = soft[:, 0].float().mean((-2, -1)).roll(-1)
    chosen = wanted & present[:, 0].roll(-1) & (area > PASTED_AREA[0]) & (area < PASTED_AREA[1])
    alpha = soft[:, :1].roll(-1, dims=0) * chosen[:, None, None, None].to(soft.dtype)
    cover = F.interpolate(alpha.float(), images.shape[-2:], mode="bilinear", align_corners=False)
    images = images * (1 - cover) + images.roll(-1, dims=0) * cover
    soft = soft * (1 - alpha)
    last = torch.where(chosen[:, None, None], alpha[:, 0], soft[:, -1])
    soft = torch.cat([soft[:, :-1], last[:, None]], dim=1)
    return images, soft, torch.cat([present[:, :-1], present[:, -1:] | chosen[:, None]], dim=1)
