"""Which position of the head answers for which true box, and what a wrong answer costs."""

import torch
from torch import Tensor

from engine.detector.head import HeadOutput, Positions, boxes_of, quality_focal_loss

# Positions this many strides around an object's centre see it best (FCOS's centre sampling).
_CENTRE_RADIUS = 1.5
_BOX_WEIGHT = 2.0
_NONE = -1


def assign(positions: Positions, boxes: Tensor) -> Tensor:
    """The index of the box that each of L positions answers for, -1 for none. Boxes N×4 in the model-input frame.

    A position answers for a box around it whose centre is close and whose size is its level's; for the smallest of
    several, because the larger ones have other positions.
    """
    if not len(boxes):
        return torch.full((len(positions.centres),), _NONE, device=positions.centres.device)
    centres = positions.centres[:, None]
    sides = torch.cat([centres - boxes[:, :2], boxes[:, 2:] - centres], dim=-1)
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    close = (centres - middle).abs().amax(dim=-1) < _CENTRE_RADIUS * positions.strides[:, None]
    farthest = sides.amax(dim=-1)
    of_level = (farthest >= positions.reach[:, :1]) & (farthest < positions.reach[:, 1:])
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(dim=-1)
    costs = torch.where((sides.amin(dim=-1) > 0) & close & of_level, areas, torch.inf)
    least, which = costs.min(dim=1)
    return torch.where(least.isfinite(), which, _NONE)


def detection_loss(
    output: HeadOutput, positions: Positions, boxes: list[Tensor], sizes: list[tuple[int, int]]
) -> Tensor:
    """Scores against the IoU of their boxes, and 1 - generalised IoU of the boxes, per position that answers for one.

    Args:
        boxes: per image, the true boxes N×4 in the model-input frame.
        sizes: per image, (height, width) of the image in the model input: positions on padding do not count.
    """
    assigned = torch.stack([assign(positions, each) for each in boxes])
    predicted = boxes_of(output.distances, positions.centres)
    quality = torch.zeros_like(output.scores)
    answering = assigned != _NONE
    count = max(int(answering.sum()), 1)
    box_loss = output.distances.sum() * 0
    if answering.any():
        true = torch.cat([each[of_image[of_image != _NONE]] for each, of_image in zip(boxes, assigned, strict=True)])
        iou, generalised = _overlaps(predicted[answering], true)
        quality[answering] = iou.detach()
        box_loss = (1 - generalised).sum()
    limits = torch.tensor([(width, height) for height, width in sizes], device=positions.centres.device)
    on_image = (positions.centres < limits[:, None]).all(dim=-1)
    score_loss = quality_focal_loss(output.scores[on_image], quality[on_image])
    return (score_loss + _BOX_WEIGHT * box_loss) / count


def _overlaps(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """IoU and generalised IoU (Rezatofighi et al., 2019) of boxes N×4, pair by pair."""
    shared = (torch.minimum(a[:, 2:], b[:, 2:]) - torch.maximum(a[:, :2], b[:, :2])).clamp(min=0).prod(dim=1)
    around = (torch.maximum(a[:, 2:], b[:, 2:]) - torch.minimum(a[:, :2], b[:, :2])).prod(dim=1).clamp(min=1e-6)
    union = (a[:, 2:] - a[:, :2]).prod(dim=1) + (b[:, 2:] - b[:, :2]).prod(dim=1) - shared
    iou = shared / union.clamp(min=1e-6)
    return iou, iou - (around - union) / around
