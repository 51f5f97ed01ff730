"""The prompts a simulated annotator gives, vectorised over masks. Source: Segment Anything, appendix A.

Every random choice is read from a table of uniform and normal numbers, drawn on the CPU for the masks of the whole
global batch: the same masks get the same prompts on any device and any number of processes. Coordinates are pixels of
the model input, relative to the window that is trained on.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from engine.sam.prompt_encoder import BACKGROUND, BOX_BOTTOM_RIGHT, BOX_TOP_LEFT, FOREGROUND, PADDING


@dataclass(frozen=True)
class PromptDraws:
    """Random numbers for B images × M masks, E error points each. Uniform in [0, 1) but for `box`.

    Attributes:
        kind: B×M, whether the first prompt is a box.
        first: B×M×3, which cell of the mask the first point is in, and where (x, y) in that cell.
        box: B×M×4, standard normal: how the four sides of the box are moved.
        errors: B×M×E×3, as `first`, for every further point.
    """

    kind: Tensor
    first: Tensor
    box: Tensor
    errors: Tensor

    @classmethod
    def draw(cls, images: int, masks: int, error_points: int, generator: torch.Generator) -> "PromptDraws":
        """A table for a whole global batch."""
        uniform = torch.rand(images, masks, 4 + 3 * error_points, generator=generator)
        normal = torch.randn(images, masks, 4, generator=generator)
        return cls(uniform[..., 0], uniform[..., 1:4], normal, uniform[..., 4:].unflatten(-1, (error_points, 3)))

    def rows(self, rows: range, device: torch.device) -> "PromptDraws":
        """The part for some images of the batch, on the device that plays them."""
        parts = (value[rows.start : rows.stop].to(device) for value in (self.kind, self.first, self.box, self.errors))
        return PromptDraws(*parts)


def first_prompt(
    target: Tensor, scale: float, draws: PromptDraws, box_probability: float, noise: float, limit: float
) -> tuple[Tensor, Tensor]:
    """A foreground point and a padding token, or the two corners of a noisy box: coordinates P×2×2, labels P×2.

    `target` is P×h×w booleans, P = B·M; one of its cells is `scale` pixels wide.
    """
    point = uniform_point(target, draws.first.flatten(0, 1), scale)
    corners = noisy_box(target, draws.box.flatten(0, 1), scale, noise, limit)
    uses_box = draws.kind.flatten() < box_probability
    as_point = torch.stack([point, torch.zeros_like(point)], dim=1)
    coords = torch.where(uses_box[:, None, None], corners, as_point)
    box_labels = torch.tensor([BOX_TOP_LEFT, BOX_BOTTOM_RIGHT], device=target.device)
    point_labels = torch.tensor([FOREGROUND, PADDING], device=target.device)
    return coords, torch.where(uses_box[:, None], box_labels, point_labels)


def error_point(logits: Tensor, target: Tensor, draws: Tensor, scale: float) -> tuple[Tensor, Tensor]:
    """A point uniform in the error region of `logits > 0` (P×h×w): coordinates P×2, labels P.

    Foreground where the mask misses the target, background where it spills over. Without any error, a point in the
    target. `target` is P×h×w booleans, `draws` P×3 uniform numbers.
    """
    wrong = (logits > 0) != target
    region = torch.where(wrong.any(-1).any(-1)[:, None, None], wrong, target)
    cell = uniform_cell(region, draws[:, 0])
    inside = target.flatten(1).gather(1, cell[:, None])[:, 0]
    return _point_in(cell, draws[:, 1:], target.shape[-1], scale), torch.where(inside, FOREGROUND, BACKGROUND)


def uniform_point(region: Tensor, draws: Tensor, scale: float) -> Tensor:
    """A point uniform in each region of P×h×w booleans, in pixels: P×2 (x, y). `draws` is P×3."""
    return _point_in(uniform_cell(region, draws[:, 0]), draws[:, 1:], region.shape[-1], scale)


def uniform_cell(region: Tensor, uniform: Tensor) -> Tensor:
    """Of n true cells in row-major order the ⌊u·n⌋-th: P×h×w booleans and P numbers in [0, 1) → flat indices P.

    The first cell where a region is empty.
    """
    height, width = region.shape[-2:]
    # First the row, then the column: a running sum over all cells would be most of a round's time.
    in_row = region.sum(-1)
    up_to_row = in_row.cumsum(1)
    count = up_to_row[:, -1]
    rank = torch.minimum((uniform * count).long(), count - 1)  # rounding may reach n
    row = (up_to_row <= rank[:, None]).sum(1, keepdim=True).clamp(max=height - 1)
    before = (up_to_row - in_row).gather(1, row)
    cells = region.gather(1, row[..., None].expand(-1, 1, width))[:, 0]
    column = (cells.cumsum(1) <= rank[:, None] - before).sum(1).clamp(max=width - 1)
    return torch.where(count > 0, row[:, 0] * width + column, 0)


def noisy_box(region: Tensor, normal: Tensor, scale: float, noise: float, limit: float) -> Tensor:
    """Corners P×2×2 of each region's box, each coordinate moved by `noise`·side·N(0, 1), at most `limit` pixels."""
    height, width = region.shape[-2:]
    x0, x1 = _extent(region.any(1))
    y0, y1 = _extent(region.any(2))
    box = torch.stack([x0, y0, x1, y1], dim=1).float() * scale
    sides = (box[:, 2:] - box[:, :2]).repeat(1, 2)
    moved = (box + (normal * noise * sides).clamp(-limit, limit)).clamp(min=0)
    moved[:, 0::2].clamp_(max=width * scale)
    moved[:, 1::2].clamp_(max=height * scale)
    return moved.reshape(-1, 2, 2)


def _extent(present: Tensor) -> tuple[Tensor, Tensor]:
    """First and one past the last true position of P×n; at least one position wide."""
    size = present.shape[1]
    positions = torch.arange(size, device=present.device)
    first = torch.where(present, positions, size).amin(1).clamp(max=size - 1)
    return first, torch.where(present, positions + 1, 0).amax(1).maximum(first + 1)


def _point_in(cell: Tensor, within: Tensor, width: int, scale: float) -> Tensor:
    corner = torch.stack([cell % width, cell // width], dim=1).float()
    # Prompt coordinates name a pixel by its corner and are moved to its centre by the prompt encoder.
    return (corner + within) * scale - 0.5
