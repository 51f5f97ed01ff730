"""AdamW with a learning rate that falls towards the encoder's input. Source: Segment Anything, appendix A.

Or, for the matrices, Muon: K. Jordan et al., "Muon: An optimizer for hidden layers in neural networks" (2024), scaled
to the size of AdamW's steps as in Liu et al., "Muon is Scalable for LLM Training" (2025).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import nn

from engine.errors import InvalidSetting
from engine.sam import Sam
from engine.sam.config import VitConfig

TINY_STAGES = ("stem", "stage4", "down8", "stage8", "down16", "stage16", "down32", "stage32")
"""Of the small encoder, in the order of its forward pass; what follows learns at the full rate."""

NOT_DECAYED = re.compile(r"\.(pos_embed|rel_pos_[hw])$")

SMALLEST_MATRIX = 16
"""Shorter side of the matrices that Muon steps: with fewer rows there is nothing to make even."""

Method = Literal["adamw", "muon"]


@dataclass(frozen=True)
class OptimizerSettings:
    """The defaults are the paper's for ViT-H.

    Attributes:
        weight_decay: of matrices and kernels; biases, norms and position embeddings are not decayed.
        betas: of AdamW.
        layer_decay: a layer of the encoder learns at this times the rate of the next; 1 is the same rate everywhere.
        gradient_clip: largest norm of all gradients together.
        method: "adamw" for all parameters as in the paper, or "muon" for the matrices of linear layers.
        momentum: of Muon.
    """

    weight_decay: float = 0.1
    betas: tuple[float, float] = (0.9, 0.999)
    layer_decay: float = 1.0
    gradient_clip: float = 1.0
    method: Method = "adamw"
    momentum: float = 0.95

    def __post_init__(self) -> None:
        if self.weight_decay < 0 or not self.gradient_clip > 0:
            raise InvalidSetting("weight_decay must not be negative, and gradient_clip must be above 0.")
        if not 0 <= self.momentum < 1:
            raise InvalidSetting(f"momentum is at least 0 and below 1, not {self.momentum}.")
        if not all(0 <= beta < 1 for beta in self.betas):
            raise InvalidSetting(f"betas are in [0, 1), not {self.betas[0]} and {self.betas[1]}.")
        if not 0 < self.layer_decay <= 1:
            raise InvalidSetting(f"layer_decay is above 0 and at most 1, not {self.layer_decay}.")


class Optimizers:
    """One or two optimizers that share the parameters of a model, stepped and saved as one."""

    def __init__(self, *parts: torch.optim.Optimizer) -> None:
        self.parts = parts

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        """Of all of them; each group's `share` is its part of the learning rate (see `set_rate`)."""
        return [group for part in self.parts for group in part.param_groups]

    def step(self) -> None:
        """Move the weights."""
        for part in self.parts:
            part.step()

    def zero_grad(self) -> None:
        """Let go of the gradients."""
        for part in self.parts:
            part.zero_grad(set_to_none=True)

    def state_dict(self) -> dict[str, Any]:
        """What `load_state_dict` takes. That of AdamW alone is its own."""
        first, *others = (part.state_dict() for part in self.parts)
        return first | {"others": others} if others else first

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Raises ValueError where the state is that of other optimizers or groups."""
        states = [dict(state), *state.get("others", [])]
        states[0].pop("others", None)
        for part, own in zip(self.parts, states, strict=True):
            part.load_state_dict(own)


def make_optimizer(model: Sam, settings: OptimizerSettings) -> Optimizers:
    """The optimizer of a model's parameters, in groups of one rate and decay."""
    matrices = _matrices(model) if settings.method == "muon" else set[int]()
    groups: dict[tuple[bool, float, float], list[nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        decay = settings.weight_decay if parameter.ndim > 1 and not NOT_DECAYED.search(name) else 0.0
        key = id(parameter) in matrices, decay, rate_share(name, model, settings.layer_decay)
        groups.setdefault(key, []).append(parameter)

    def some(muon: bool) -> list[dict[str, Any]]:
        return [
            {"params": parameters, "weight_decay": decay, "share": share}
            for (by_muon, decay, share), parameters in groups.items()
            if by_muon == muon
        ]

    adamw = torch.optim.AdamW(some(muon=False), lr=0.0, betas=settings.betas, fused=True)
    if not matrices:
        return Optimizers(adamw)
    muon = torch.optim.Muon(some(muon=True), lr=0.0, momentum=settings.momentum, adjust_lr_fn="match_rms_adamw")
    return Optimizers(adamw, muon)


def _matrices(model: Sam) -> set[int]:
    """Which parameters are weights of linear layers, by identity."""
    linear = (module.weight for module in model.modules() if isinstance(module, nn.Linear))
    return {id(weight) for weight in linear if min(weight.shape) >= SMALLEST_MATRIX}


def set_rate(optimizer: Optimizers, rate: float) -> None:
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
