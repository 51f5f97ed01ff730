"""AdamW with a learning rate that falls towards the encoder's input. Source: Segment Anything, appendix A."""

import re
from dataclasses import dataclass

import torch

from engine.errors import InvalidSetting
from engine.sam import Sam
from engine.sam.config import VitConfig

TINY_STAGES = ("stem", "stage4", "down8", "stage8", "down16", "stage16", "down32", "stage32")
"""Of the small encoder, in the order of its forward pass; what follows learns at the full rate."""

NOT_DECAYED = re.compile(r"\.(pos_embed|rel_pos_[hw])$")


@dataclass(frozen=True)
class OptimizerSettings:
    """The defaults are the paper's for ViT-H.

    Attributes:
        weight_decay: of matrices and kernels; biases, norms and position embeddings are not decayed.
        betas: of AdamW.
        layer_decay: a layer of the encoder learns at this times the rate of the next; 1 is the same rate everywhere.
        gradient_clip: largest norm of all gradients together.
    """

    weight_decay: float = 0.1
    betas: tuple[float, float] = (0.9, 0.999)
    layer_decay: float = 1.0
    gradient_clip: float = 1.0

    def __post_init__(self) -> None:
        if self.weight_decay < 0 or not self.gradient_clip > 0:
            raise InvalidSetting("weight_decay must not be negative, and gradient_clip must be above 0.")
        if not all(0 <= beta < 1 for beta in self.betas):
            raise InvalidSetting(f"betas are in [0, 1), not {self.betas[0]} and {self.betas[1]}.")
        if not 0 < self.layer_decay <= 1:
            raise InvalidSetting(f"layer_decay is above 0 and at most 1, not {self.layer_decay}.")


def make_optimizer(model: Sam, settings: OptimizerSettings) -> torch.optim.AdamW:
    """AdamW over groups of parameters; each group's `share` is its part of the learning rate (see `set_rate`)."""
    groups: dict[tuple[float, float], list[torch.nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        decay = settings.weight_decay if parameter.ndim > 1 and not NOT_DECAYED.search(name) else 0.0
        groups.setdefault((decay, rate_share(name, model, settings.layer_decay)), []).append(parameter)
    return torch.optim.AdamW(
        [{"params": group, "weight_decay": decay, "share": share} for (decay, share), group in groups.items()],
        lr=0.0,
        betas=settings.betas,
        fused=True,
    )


def set_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Give every group its share of a learning rate."""
    for group in optimizer.param_groups:
        group["lr"] = rate * group["share"]


def rate_share(name: str, model: Sam, layer_decay: float) -> float:
    """`layer_decay` to the power of the encoder layers between a parameter and the neck; 1 outside the encoder's body.

    Counted as BEiT does: the patch embedding is one layer, each block another.
    """
    if not name.startswith("image_encoder."):
        return 1.0
    part = name.split(".")[1:]
    if isinstance(model.config.encoder, VitConfig):
        depth = model.config.encoder.depth
        if part[0] == "blocks":
            return layer_decay ** (depth - int(part[1]))
        return layer_decay ** (depth + 1) if part[0] in ("patch_embed", "pos_embed") else 1.0
    return layer_decay ** (len(TINY_STAGES) - TINY_STAGES.index(part[0])) if part[0] in TINY_STAGES else 1.0
