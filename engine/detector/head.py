"""An anchor-free box head on a stored image embedding. Source: FCOS (Tian et al., 2019), one class.

A small pyramid is made from the embedding, because objects of very different sizes lie at the same place. Every
position of every level says how well it sees an object and how far the object's four sides are. There is no
centre-ness: the score is trained to be the IoU of the position's own box (generalised focal loss, Li et al., 2020).
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.detector.config import BoxHeadConfig

# What an untrained position answers: objects are rare, and a higher score would swamp the first steps.
_FIRST_SCORE_LOGIT = -4.6
_GROUPS = 16
# Beyond e⁸ strides no side can lie; keeps an untrained head finite.
_MOST_LOG_DISTANCE = 8.0


class HeadOutput(NamedTuple):
    """B images, L positions of all levels, those of the finest first, each row by row."""

    scores: Tensor
    """B×L logits."""
    distances: Tensor
    """B×L×4: left, top, right, bottom in pixels of the model input."""


class BoxHead(nn.Module):
    """Embedding B×C×S×S → scores and boxes of all positions."""

    def __init__(self, config: BoxHeadConfig) -> None:
        super().__init__()
        self.config = config
        width = config.width
        self.reduce = nn.Sequential(nn.Conv2d(config.in_channels, width, 1), nn.GroupNorm(_GROUPS, width), nn.SiLU())
        self.down = nn.ModuleList(
            nn.Sequential(nn.Conv2d(width, width, 3, stride=2, padding=1), nn.GroupNorm(_GROUPS, width), nn.SiLU())
            for _ in range(config.levels - 1)
        )
        self.tower = nn.Sequential(
            *(
                layer
                for _ in range(config.tower_depth)
                for layer in (nn.Conv2d(width, width, 3, padding=1), nn.GroupNorm(_GROUPS, width), nn.SiLU())
            )
        )
        self.score = nn.Conv2d(width, 1, 3, padding=1)
        self.sides = nn.Conv2d(width, 4, 3, padding=1)
        self.level_scale = nn.Parameter(torch.ones(config.levels))
        nn.init.constant_(_bias(self.score), _FIRST_SCORE_LOGIT)
        # A typical object of a level reaches four strides to each side.
        nn.init.constant_(_bias(self.sides), 1.4)
        for layer in (self.score, self.sides):
            nn.init.normal_(layer.weight, std=0.01)

    def forward(self, embedding: Tensor) -> HeadOutput:
        x = self.reduce(embedding)
        scores: list[Tensor] = []
        distances: list[Tensor] = []
        for level, stride in enumerate(self.config.strides):
            x = x if level == 0 else self.down[level - 1](x)
            seen = self.tower(x)
            scores.append(self.score(seen).flatten(1))
            sides = (self.sides(seen) * self.level_scale[level]).clamp(max=_MOST_LOG_DISTANCE).exp() * stride
            distances.append(sides.flatten(2).transpose(1, 2))
        return HeadOutput(torch.cat(scores, dim=1), torch.cat(distances, dim=1))


class Positions(NamedTuple):
    """Where the L positions of a head are, in pixels of the model input."""

    centres: Tensor
    """L×2 (x, y)"""
    strides: Tensor
    """L"""
    reach: Tensor
    """L×2: the shortest and the longest distance to an object's farthest side that the position's level is for."""


# An object belongs to the level at whose stride its farthest side is four to eight positions away.
_FARTHEST_POSITIONS = 4


def positions(config: BoxHeadConfig, device: torch.device | None = None) -> Positions:
    """The positions of a head's output, in its order."""
    centres: list[Tensor] = []
    strides: list[Tensor] = []
    reach: list[Tensor] = []
    for level, stride in enumerate(config.strides):
        # As a convolution of stride two with a border of one makes them.
        side = -(-config.side // 2**level)
        places = (torch.arange(side, device=device) + 0.5) * stride
        y, x = torch.meshgrid(places, places, indexing="ij")
        centres.append(torch.stack([x, y], dim=-1).flatten(0, 1))
        strides.append(torch.full((side * side,), float(stride), device=device))
        shortest = 0.0 if level == 0 else _FARTHEST_POSITIONS * stride / 2
        longest = float("inf") if level == config.levels - 1 else float(_FARTHEST_POSITIONS * stride)
        reach.append(torch.tensor([shortest, longest], device=device).expand(side * side, 2))
    return Positions(torch.cat(centres), torch.cat(strides), torch.cat(reach))


def boxes_of(distances: Tensor, centres: Tensor) -> Tensor:
    """Distances …×L×4 from centres L×2 → boxes …×L×4 (x0, y0, x1, y1)."""
    return torch.cat([centres - distances[..., :2], centres + distances[..., 2:]], dim=-1)


def quality_focal_loss(logits: Tensor, quality: Tensor) -> Tensor:
    """Sum of the generalised focal loss of logits against qualities in [0, 1] of the same shape."""
    error = (quality - logits.sigmoid()).abs().square()
    return (error * F.binary_cross_entropy_with_logits(logits, quality, reduction="none")).sum()


def _bias(layer: nn.Conv2d) -> Tensor:
    assert layer.bias is not None
    return layer.bias
