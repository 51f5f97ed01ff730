"""Losses of the promptable model. Source: Segment Anything, section 3 and appendix A, "Losses"."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

FOCAL_ALPHA, FOCAL_GAMMA = 0.25, 2.0
AFFINITY_SCALE = 10.0
AFFINITY_QUERIES = 4
"""Positions of each mask that are compared with all others."""


@dataclass(frozen=True)
class LossWeights:
    """Weights of the three terms; the paper's are the defaults."""

    focal: float = 20.0
    dice: float = 1.0
    iou: float = 1.0
    others: float = 0.0
    """Share of the mean over all masks in a round with several; the paper back-propagates the lowest loss only. From
    scratch, a little of it keeps the masks that have not won yet from dying."""


def focal_loss(logits: Tensor, target: Tensor) -> Tensor:
    """Focal loss (Lin et al., 2017), mean over positions: …×H×W logits and 0/1 targets → …."""
    cross_entropy = F.binary_cross_entropy_with_logits(logits, target, reduction="none")
    probability = logits.sigmoid()
    wrong = probability + target - 2 * probability * target  # 1 − the probability given to the true class
    balance = FOCAL_ALPHA * target + (1 - FOCAL_ALPHA) * (1 - target)
    return (balance * wrong.pow(FOCAL_GAMMA) * cross_entropy).mean((-2, -1))


def dice_loss(logits: Tensor, target: Tensor) -> Tensor:
    """1 − soft Dice (Milletari et al., 2016): …×H×W logits and 0/1 targets → …."""
    probability = logits.sigmoid()
    overlap = 2 * (probability * target).sum((-2, -1))
    return 1 - (overlap + 1) / (probability.sum((-2, -1)) + target.sum((-2, -1)) + 1)


def mask_iou(logits: Tensor, target: Tensor) -> Tensor:
    """IoU of the mask `logits > 0` with a 0/1 target, …×H×W → …; 0 where both are empty."""
    mask, truth = logits > 0, target > 0.5
    intersection = (mask & truth).sum((-2, -1)).float()
    return intersection / (mask | truth).sum((-2, -1)).clamp(min=1)


def affinity_loss(embeddings: Tensor, target: Tensor, present: Tensor, uniform: Tensor) -> tuple[Tensor, Tensor]:
    """Embedding positions of one mask should be alike, and unlike the rest.

    For each mask, random positions inside it are compared (cosine) with every position, against the share of the mask
    there. Not in the paper: it reaches the encoder before the decoder has learnt to look anything up, which a short
    run from scratch cannot wait for.

    Args:
        embeddings: B×C×S×S.
        target: B×M×4S×4S, 0/1.
        present: B×M, 1 where there is a mask.
        uniform: B×M×Q numbers in [0, 1) that choose Q positions of each mask.

    Returns:
        B×M losses and B×M IoUs of the positions called alike with the mask; 0 for masks that are absent.
    """
    features = F.normalize(embeddings.float().flatten(2), dim=1)  # B×C×S²
    share = F.avg_pool2d(target.float(), 4).flatten(2)  # B×M×S²
    masks, queries = uniform.shape[1:]
    # Positions well inside are what a click would be in: the eighth power all but leaves out the border.
    likely = share.pow(8).cumsum(-1)
    asked = torch.searchsorted(likely, uniform * likely[..., -1:], right=True).clamp(max=share.shape[-1] - 1)
    clicked = features.gather(2, asked.flatten(1)[:, None].expand(-1, features.shape[1], -1))
    logits = AFFINITY_SCALE * (clicked.transpose(1, 2) @ features - 0.5)
    logits = logits.unflatten(1, (masks, queries))
    wanted = share[:, :, None].expand_as(logits)
    error = F.binary_cross_entropy_with_logits(logits, wanted, reduction="none")
    inside = (error * wanted).sum(-1) / wanted.sum(-1).clamp(min=1)
    outside = (error * (1 - wanted)).sum(-1) / (1 - wanted).sum(-1).clamp(min=1)
    loss = ((inside + outside) / 2).mean(-1) * present
    with torch.no_grad():
        called, true = logits > 0, wanted > 0.5
        iou = (called & true).sum(-1) / (called | true).sum(-1).clamp(min=1)
    return loss, iou.mean(-1) * present


def mask_losses(logits: Tensor, predicted_iou: Tensor, target: Tensor, weights: LossWeights) -> tuple[Tensor, Tensor]:
    """Loss of one interactive round for each prompt, over the masks that may answer it.

    Args:
        logits: P×K×H×W low-res logits of the K masks that answer this round.
        predicted_iou: P×K.
        target: P×H×W, 0/1.
        weights: of the terms.

    Returns:
        Losses P (only the lowest mask loss of each prompt is back-propagated, IoU errors of all K are), and the true
        IoUs P×K.
    """
    truth = target[:, None].expand_as(logits)
    mask_loss = weights.focal * focal_loss(logits, truth) + weights.dice * dice_loss(logits, truth)
    with torch.no_grad():
        true_iou = mask_iou(logits, truth)
    iou_error = (predicted_iou - true_iou).square().mean(1)
    loss = mask_loss.min(1).values + weights.iou * iou_error
    if weights.others:
        loss = loss + weights.others * mask_loss.mean(1)
    return loss, true_iou
