"""Edge-aware smoothing: what lies within one region becomes alike, what lies across an edge stays different.

Sources: the recursive filter of Gastal and Oliveira, "Domain Transform for Edge-Aware Image and Video Processing"
(2011), with learned edges as in Chen et al., "Semantic Image Segmentation with Task-Specific Edge Detection Using CNNs
and a Discriminatively Trained Domain Transform" (2016).
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

ITERATIONS = 2
"""Passes over rows and columns; each has half the reach of the one before."""


class RegionFeatures(nn.Module):
    """Where the region of each position lies and what it looks like: B×`channels`×(S/4)×(S/4).

    Positions, colours and a few learned signals are smoothed within regions. Two cells of one region end with nearly
    the same smoothed position, those of two regions with different ones, however alike they look. Edges are seen at
    `SCALES` sensitivities, so that a part and its whole can both be regions.
    """

    SCALES = 2
    REACH = 48.0  # standard deviation of the smoothing in cells of 4 pixels, where there is no edge
    FREQUENCIES = (1.0, 2.0, 4.0)  # half waves over `PERIOD` cells
    PERIOD = 128.0

    def __init__(self, fine: int, coarse: int, hidden: int = 32, learned: int = 5) -> None:
        super().__init__()
        self.learned = learned
        self.fine = nn.Conv2d(fine, hidden, kernel_size=1)
        self.coarse = nn.Conv2d(coarse, hidden, kernel_size=1)
        self.signals = nn.Conv2d(hidden, 2 * self.SCALES + learned, kernel_size=3, padding=1)
        # A difference of one standard deviation of colour is an edge from the start; contours are learned on top.
        self.contrast = nn.Parameter(torch.tensor([4.0, 16.0]))
        self.channels = 6 + self.SCALES * (4 * len(self.FREQUENCIES) + 3 + learned)

    def forward(self, pixels: Tensor, fine: Tensor, coarse: Tensor) -> Tensor:
        """From normalised pixels B×3×S×S and features at stride 4 and 16."""
        hidden = self.fine(fine) + F.interpolate(
            self.coarse(coarse), size=fine.shape[-2:], mode="bilinear", align_corners=False
        )
        predicted = self.signals(F.hardswish(hidden)).float()
        edges, learned = predicted.split([2 * self.SCALES, self.learned], dim=1)
        colour = F.avg_pool2d(pixels.float(), 4)
        start = torch.cat([_positions(colour, self.PERIOD), colour, learned], dim=1)
        across = (colour - colour.roll(1, 3)).abs().sum(1, keepdim=True)
        down = (colour - colour.roll(1, 2)).abs().sum(1, keepdim=True)
        # Every low-res mask value sees the colours it decides on; with the squares, likeness to a colour is linear.
        parts = [colour, colour.square()]
        for scale in range(self.SCALES):
            contour = F.softplus(edges[:, 2 * scale : 2 * scale + 2] - 1) * 4
            smooth = smooth_within_edges(
                start,
                contour[:, :1] + self.contrast[scale] * across,
                contour[:, 1:] + self.contrast[scale] * down,
                self.REACH,
            )
            position, rest = smooth[:, :2], smooth[:, 2:]
            for frequency in self.FREQUENCIES:
                angle = torch.pi * frequency * position
                parts += [angle.cos(), angle.sin()]
            parts.append(rest)
        return torch.cat(parts, dim=1)


def _positions(like: Tensor, period: float) -> Tensor:
    """x and y of the cells of B×…×H×W in units of `period` cells: B×2×H×W."""
    batch, _, height, width = like.shape
    x = torch.arange(width, device=like.device, dtype=like.dtype).expand(batch, height, width)
    y = torch.arange(height, device=like.device, dtype=like.dtype)[:, None].expand(batch, height, width)
    return torch.stack([x, y], dim=1) / period


def smooth_within_edges(signals: Tensor, across: Tensor, down: Tensor, reach: float) -> Tensor:
    """Signals B×C×H×W smoothed along rows and columns, less where there is an edge.

    `across` B×1×H×W is the edge (≥ 0) between a cell and its left neighbour, `down` between it and the one above.
    `reach` is the standard deviation in cells without edges.
    """
    for iteration in range(ITERATIONS):
        sigma = reach * 3**0.5 * 2 ** (ITERATIONS - iteration - 1) / (4**ITERATIONS - 1) ** 0.5
        for dim, edge in ((3, across), (2, down)):
            weight = torch.exp(-(2**0.5) / sigma * (1 + edge))
            signals = smooth_along(signals, weight, dim)
    return signals


@torch.compiler.disable()
def smooth_along(signals: Tensor, weight: Tensor, dim: int) -> Tensor:
    """Forth and back along a dimension: each cell takes the share `weight` (B×1×H×W) from the neighbour before it.

    `weight` at a cell is that between it and the one before; the first has none.
    """
    x, w = signals.movedim(dim, 0), weight.movedim(dim, 0)
    forth = _Recursion.apply(x, w)
    # Backwards, what counts is the weight between a cell and the one after it.
    back = _Recursion.apply(forth.flip(0), torch.cat([w[:1], w[1:].flip(0)]))
    return back.flip(0).movedim(0, dim)


class _Recursion(torch.autograd.Function):
    """y₀ = x₀, yᵢ = xᵢ + wᵢ (yᵢ₋₁ − xᵢ) over the first dimension, L×B×C×N with weights L×B×1×N.

    Written out with its gradient: autograd would record thousands of operations. On a CPU a loop over L of small steps;
    on a GPU, which would wait for each to be launched, few large ones.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, w: Tensor) -> Tensor:
        x, w = x.contiguous(), w.contiguous()
        if _in_large_steps(x):
            y = scan(torch.cat([x[:1], x[1:] - w[1:] * x[1:]]), w)
        else:
            y = torch.empty_like(x)
            y[0] = x[0]
            for before, here, share, out in zip(y[:-1], x[1:], w[1:], y[1:], strict=True):
                torch.lerp(here, before, share.expand_as(here), out=out)
        ctx.save_for_backward(x, w, y)
        return y

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Tensor) -> tuple[Tensor, Tensor]:
        x, w, y = ctx.saved_tensors
        g = grad_outputs[0].contiguous()
        if _in_large_steps(g):
            g = scan(g.flip(0), torch.cat([w[:1], w[1:].flip(0)])).flip(0)
        else:
            g = g.clone()
            backwards = zip(g[:-1].unbind(), g[1:].unbind(), w[1:].unbind(), strict=True)
            for here, after, share in reversed(list(backwards)):
                here.addcmul_(after, share)
        grad_w = torch.zeros_like(w)
        grad_w[1:] = (g[1:] * (y[:-1] - x[1:])).sum(2, keepdim=True)
        grad_x = g * (1 - w)
        grad_x[0] = g[0]
        return grad_x, grad_w


def _in_large_steps(x: Tensor) -> bool:
    return x.is_cuda


def scan(x: Tensor, w: Tensor) -> Tensor:
    """y₀ = x₀, yᵢ = xᵢ + wᵢ yᵢ₋₁ over the first dimension, L×B×C×N with weights L×B×1×N, in ⌈log₂ L⌉ large steps.

    Source: Hillis and Steele, "Data Parallel Algorithms" (1986).
    """
    y, reach = x, 1
    while reach < len(x):
        y = torch.cat([y[:reach], torch.addcmul(y[reach:], w[reach:].expand_as(y[reach:]), y[:-reach])])
        # How much of the cell `reach` before the first one summed so far arrives here.
        w = torch.cat([w[:reach], w[reach:] * w[:-reach]])
        reach *= 2
    return y
