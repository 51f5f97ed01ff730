"""Random views of packed images, made on the device: crop and flip, colour, copy-paste.

A view is framed as inference frames an image: its longest side fills the model input, from the top left, and the rest
is padding. Geometry and copy-paste follow Ghiasi et al., "Simple Copy-Paste" (2021).
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from engine.training.batch import Batch
from engine.training.data.settings import Augmentation
from engine.training.packed import PackedDataset


def make_batch(
    data: PackedDataset,
    images: Tensor,
    masks: int,
    side: int,
    window: int,
    augmentation: Augmentation,
    *,
    smallest_area: int,
) -> Batch:
    """Views of these images (indices B) with `masks` masks each, framed for a model input of `side` pixels.

    Only a random `window`×`window` part of each view is made. Targets under `smallest_area` cells are absent.
    """
    _, present, drawn = data.draw(images, masks)
    grid, valid = _view(data.sizes[images], data.side, side, augmentation)
    grid, valid, origin = _window(grid, valid, window)
    pixels = data.pixels[images].permute(0, 3, 1, 2).float()
    views = F.grid_sample(pixels, grid, mode="bilinear", padding_mode="border", align_corners=False)
    # Masks are sampled at half resolution: four samples a target cell, an eighth of the memory.
    half = F.avg_pool2d(grid.permute(0, 3, 1, 2), 2).permute(0, 2, 3, 1)
    soft = F.grid_sample(
        drawn.half() if drawn.is_cuda else drawn.float(), half.to(_mask_type(drawn)), align_corners=False
    )
    soft = soft * F.avg_pool2d(valid, 2).to(soft.dtype)
    views, soft = _paste(views, soft, present, augmentation)
    views = _recolour(views, augmentation)
    targets = F.avg_pool2d(soft, 2) > 0.5
    area = targets.sum((-2, -1))
    cells = F.avg_pool2d(valid, 4).sum((-2, -1))
    present = present & (area >= smallest_area) & (area < 0.95 * cells)
    ids = tuple(data.ids[index] for index in images.tolist())
    return Batch(views, valid, targets, present, origin, ids)


def _mask_type(masks: Tensor) -> torch.dtype:
    return torch.float16 if masks.is_cuda else torch.float32


def _view(sizes: Tensor, source_side: int, side: int, augmentation: Augmentation) -> tuple[Tensor, Tensor]:
    """Sampling grid B×side×side×2 for `grid_sample`, and the part of it that is image, B×1×side×side."""
    batch, device = len(sizes), sizes.device
    longest = sizes.amax(1)
    fraction = _uniform(batch, augmentation.smallest_crop, 1.0, device)
    whole = torch.rand(batch, device=device) < 0.25
    stretch = torch.exp(_uniform(batch, -1.0, 1.0, device) * torch.log(torch.tensor(augmentation.aspect)))
    crop = torch.minimum((longest * fraction)[:, None] * torch.stack([stretch.rsqrt(), stretch.sqrt()], dim=1), sizes)
    crop = torch.where(whole[:, None], sizes, crop)
    corner = torch.rand(batch, 2, device=device) * (sizes - crop)
    scale = crop.amax(1) / side  # source pixels per view pixel
    steps = torch.arange(side, device=device) + 0.5
    y, x = torch.meshgrid(steps, steps, indexing="ij")
    view = torch.stack([x, y], dim=-1)[None] * scale[:, None, None, None]  # relative to the crop's corner
    inside = (view[..., 0] < crop[:, 1, None, None]) & (view[..., 1] < crop[:, 0, None, None])
    flips = torch.rand(batch, device=device) < augmentation.flip
    mirrored = crop[:, 1, None, None] - view[..., 0]
    view = torch.stack([torch.where(flips[:, None, None], mirrored, view[..., 0]), view[..., 1]], dim=-1)
    # Turn about the crop's centre; what falls outside the image repeats its border and belongs to no mask.
    turned = torch.rand(batch, device=device) < 0.3
    angle = torch.deg2rad(_uniform(batch, -1.0, 1.0, device) * augmentation.rotation_degrees) * turned
    centre = crop.flip(1)[:, None, None] / 2
    cos, sin = angle.cos()[:, None, None], angle.sin()[:, None, None]
    dx, dy = (view - centre).unbind(-1)
    source = torch.stack([cos * dx - sin * dy, sin * dx + cos * dy], dim=-1) + centre + corner.flip(1)[:, None, None]
    return source / source_side * 2 - 1, inside[:, None].float()


def _window(grid: Tensor, valid: Tensor, window: int) -> tuple[Tensor, Tensor, Tensor]:
    """A random part of each sampling grid, starting on an embedding cell and not beyond the image if that can be."""
    side = grid.shape[1]
    if window == side:
        return grid, valid, torch.zeros(len(grid), 2, device=grid.device)
    grids, valids, origins = [], [], []
    for one, inside in zip(grid, valid, strict=True):
        height, width = int(inside[0, :, 0].sum()), int(inside[0, 0].sum())
        y = 16 * int(torch.randint(max(0, height - window) // 16 + 1, ()))
        x = 16 * int(torch.randint(max(0, width - window) // 16 + 1, ()))
        grids.append(one[y : y + window, x : x + window])
        valids.append(inside[:, y : y + window, x : x + window])
        origins.append((x, y))
    return torch.stack(grids), torch.stack(valids), torch.tensor(origins, dtype=torch.float, device=grid.device)


def _paste(images: Tensor, soft: Tensor, present: Tensor, augmentation: Augmentation) -> tuple[Tensor, Tensor]:
    """With some probability, the first mask's object of the next image of the batch covers this image and its masks.

    The pasted object takes the place of this image's last mask.
    """
    batch = len(images)
    area = soft[:, 0].float().mean((-2, -1)).roll(-1)
    usable = present[:, 0].roll(-1) & (area > 0.002) & (area < 0.3)
    chosen = usable & (torch.rand(batch, device=images.device) < augmentation.paste)
    alpha = soft[:, :1].roll(-1, dims=0) * chosen[:, None, None, None].to(soft.dtype)
    cover = F.interpolate(alpha.float(), images.shape[-2:], mode="bilinear", align_corners=False)
    images = images * (1 - cover) + images.roll(-1, dims=0) * cover
    soft = soft * (1 - alpha)
    last = torch.where(chosen[:, None, None], alpha[:, 0], soft[:, -1])
    soft = torch.cat([soft[:, :-1], last[:, None]], dim=1)
    present[:, -1] |= chosen
    return images, soft


def _recolour(images: Tensor, augmentation: Augmentation) -> Tensor:
    """Brightness, contrast, gamma, colour balance, saturation, gray, blur and noise; 0..255 in and out."""
    batch, device = len(images), images.device
    x = images / 255

    def amount(spread: float, channels: int = 1) -> Tensor:
        applies = torch.rand(batch, 1, 1, 1, device=device) < augmentation.colour
        return 1 + _uniform((batch, channels, 1, 1), -spread, spread, device) * applies

    gray = (x * x.new_tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)).sum(1, keepdim=True)
    saturation = amount(0.5) * (torch.rand(batch, 1, 1, 1, device=device) >= augmentation.grayscale)
    x = gray + (x - gray) * saturation
    x = x * amount(0.15, 3)
    mean = x.mean((1, 2, 3), keepdim=True)
    x = (mean + (x - mean) * amount(0.4)) * amount(0.3)
    x = x.clamp(1e-4, 1) ** amount(0.3)
    blurred = F.avg_pool2d(F.pad(x, (1, 1, 1, 1), mode="replicate"), 3, stride=1)
    x = torch.where(torch.rand(batch, 1, 1, 1, device=device) < augmentation.blur, blurred, x)
    noisy = torch.rand(batch, 1, 1, 1, device=device) < augmentation.noise
    x = x + torch.randn_like(x) * _uniform((batch, 1, 1, 1), 0.0, 0.05, device) * noisy
    return x.clamp(0, 1) * 255


def _uniform(shape: int | tuple[int, ...], low: float, high: float, device: torch.device) -> Tensor:
    return torch.rand(shape, device=device) * (high - low) + low
