"""Fitting the head to collected answers."""

import copy
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.errors import InvalidInput
from engine.training.predicted_iou.collect import Answers

HELD_OUT = 5
"""Every fifth image is left out of the fit, and tells when it is good."""


@dataclass(frozen=True)
class FitSettings:
    """How the head is fitted: AdamW on `batch` answers a step, the rate falling to zero as half a cosine."""

    steps: int = 3000
    batch: int = 1024
    learning_rate: float = 1e-3
    weight_decay: float = 0.05
    look_every: int = 100


@dataclass(frozen=True)
class Fitted:
    """Root mean square errors of the predicted IoU on the held-out images, after further prompts; `bias` is predicted
    less true."""

    before: float
    after: float
    bias_before: float
    bias_after: float


def fit_head(head: nn.Module, answers: Answers, settings: FitSettings, seed: int = 0) -> Fitted:
    """Fit `head` in place, and leave it as it was best on the held-out images, the start included.

    What it says of the answers to a first prompt stays: three candidates are ranked by it, which the training of
    everything together does better than a fit of the head alone.

    Raises InvalidInput when there are too few images to hold some out.
    """
    held_image = answers.images % HELD_OUT == 0
    held = held_image & ~answers.first
    if not held.any() or held_image.all():
        raise InvalidInput("The predicted IoU needs answers to further prompts on at least two images to be fitted.")
    with torch.no_grad():
        wanted = torch.where(answers.first[:, None], head(answers.tokens), answers.ious)
    tokens, ious = answers.tokens[~held_image], wanted[~held_image]
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.AdamW(head.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, settings.steps)
    before, bias_before = _errors(head, answers, held)
    best, bias, weights = before, bias_before, copy.deepcopy(head.state_dict())
    for step in range(1, settings.steps + 1):
        chosen = torch.randint(len(tokens), (settings.batch,), generator=generator).to(tokens.device)
        optimizer.zero_grad(set_to_none=True)
        F.mse_loss(head(tokens[chosen]), ious[chosen]).backward()
        optimizer.step()
        schedule.step()
        if step % settings.look_every == 0 or step == settings.steps:
            error, its_bias = _errors(head, answers, held)
            if error < best:
                best, bias, weights = error, its_bias, copy.deepcopy(head.state_dict())
    head.load_state_dict(weights)
    return Fitted(before, best, bias_before, bias)


@torch.no_grad()
def _errors(head: nn.Module, answers: Answers, which: Tensor) -> tuple[float, float]:
    """Root mean square error and bias of the answers `which`."""
    difference = head(answers.tokens[which]) - answers.ious[which]
    return float(difference.square().mean().sqrt()), float(difference.mean())
