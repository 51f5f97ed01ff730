"""The prompts a simulated annotator gives, vectorised over masks. Source: Segment Anything, appendix A.

Every random choice is read from a table of uniform and normal numbers, drawn on the CPU for the masks of the whole
global batch: the same masks get the same prompts on any device and any number of processes. Coordinates are pixels of
the model input, relative to the window that is trained on.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from engine.sam.prompt_encoder import BACKGROUND, BOX_BOTTOM_RIGHT, BOX_TOP_LEFT, FOREGROUND, PADDING

MIDDLE = 0.9
"""A point counts as in the middle when it is this share of the largest distance from the border, or more."""


@dataclass(frozen=True)
class PromptDraws:
    """Random numbers for B images × M masks, E error points each. Uniform in [0, 1) but for `box`.

    Attributes:
        kind: B×M, whether the first prompt is a box.
        first: B×M×3, which cell of the mask the first point is in, and where (x, y) in that cell.
        box: B×M×4, standard normal: how the four sides of the box are moved.
        errors: B×M×E×3, as `first`, for every further point.
        central: B×M×(1+E), whether a point is in the middle of its region: the first one, then the further ones.
    """

    kind: Tensor
    first: Tensor
    box: Tensor
    errors: Tensor
    central: Tensor

    @classmethod
    def draw(cls, images: int, masks: int, error_points: int, generator: torch.Generator) -> "PromptDraws":
        """A table for a whole global batch."""
        uniform = torch.rand(images, masks, 4 + 3 * error_points, generator=generator)
        normal = torch.randn(images, masks, 4, generator=generator)
        central = torch.rand(images, masks, 1 + error_points, generator=generator)
        errors = uniform[..., 4:].unflatten(-1, (error_points, 3))
        return cls(uniform[..., 0], uniform[..., 1:4], normal, errors, central)

    def rows(self, rows: range, device: torch.device) -> "PromptDraws":
        """The part for some images of the batch, on the device that plays them."""
        tables = (self.kind, self.first, self.box, self.errors, self.central)
        return PromptDraws(*(table[rows.start : rows.stop].to(device) for table in tables))


def first_prompt(
    target: Tensor,
    scale: float,
    draws: PromptDraws,
    box_probability: float,
    noise: float,
    limit: float,
    central_share: float = 0.0,
) -> tuple[Tensor, Tensor]:
    """A foreground point and a padding token, or the two corners of a noisy box: coordinates P×2×2, labels P×2.

    `target` is P×h×w booleans, P = B·M; one of its cells is `scale` pixels wide. `central_share` of the points are in
    the middle of their mask, the others anywhere in it.
    """
    region = target
    if central_share:
        in_the_middle = draws.central[..., 0].flatten() < central_share
        region = torch.where(in_the_middle[:, None, None], middle(target), target)
    point = uniform_point(region, draws.first.flatten(0, 1), scale)
    corners = noisy_box(target, draws.box.flatten(0, 1), scale, noise, limit)
    uses_box = draws.kind.flatten() < box_probability
    as_point = torch.stack([point, torch.zeros_like(point)], dim=1)
    coords = torch.where(uses_box[:, None, None], corners, as_point)
    box_labels = torch.tensor([BOX_TOP_LEFT, BOX_BOTTOM_RIGHT], device=target.device)
    point_labels = torch.tensor([FOREGROUND, PADDING], device=target.device)
    return coords, torch.where(uses_box[:, None], box_labels, point_labels)


def error_point(
    logits: Tensor, target: Tensor, draws: Tensor, scale: float, in_the_middle: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """A point uniform in the error region of `logits > 0` (P×h×w): coordinates P×2, labels P.

    Foreground where the mask misses the target, background where it spills over. Without any error, a point in the
    target. `target` is P×h×w booleans, `draws` P×3 uniform numbers, `in_the_middle` P booleans: those points are in
    the middle of whichever error reaches deepest.
    """
    answer = logits > 0
    wrong = answer != target
    region = torch.where(wrong.any(-1).any(-1)[:, None, None], wrong, target)
    if in_the_middle is not None:
        # What is missed and what is too much may touch: each is as deep as it is by itself.
        deepest = middle(region & target, region & answer & ~target)
        region = torch.where(in_the_middle[:, None, None], deepest, region)
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


def middle(*regions: Tensor) -> Tensor:
    """The cells almost as far from the border as any: of P×h×w booleans, over all `regions` together, again P×h×w.

    The border of the window counts as a border.
    """
    depth = torch.stack([border_distance(region) for region in regions]).amax(0)
    deepest = depth.flatten(1).amax(1)[:, None, None]
    return (depth >= MIDDLE * deepest) & (depth > 0)


def border_distance(region: Tensor) -> Tensor:
    """Distance, in cells, of each true cell of P×h×w booleans to the nearest that is not; 0 where it is not true.

    Exact, in two passes: within columns, then over rows, where the nearest column is looked for among all.
    """
    height, width = region.shape[-2:]
    rows = torch.arange(height, device=region.device)[:, None]
    above = torch.where(region, -1, rows).cummax(1).values
    below = torch.where(region, height, rows).flip(1).cummin(1).values.flip(1)
    in_column = torch.minimum(rows - above, below - rows).float()
    columns = torch.arange(width, device=region.device, dtype=torch.float32)
    across = (columns[:, None] - columns[None, :]).square()
    squared = (in_column.square()[:, :, None, :] + across).amin(-1)
    to_side = torch.minimum(columns + 1, width - columns)
    return torch.minimum(squared.sqrt(), to_side) * region


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
