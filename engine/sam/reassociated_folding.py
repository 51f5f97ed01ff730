"""The weights of the two-step decoder are folded from the published ones, in float64, once per model.

Shapes: P positions, C channels, h heads of width d, F features of a mask prompt.
"""

from typing import NamedTuple, cast

import torch
from torch import Tensor, nn

from engine.sam.transformer import Attention


class Arriving(NamedTuple):
    """What the image has where it arrives at a layer, besides the prepared embedding and the additions of a prompt."""

    constant: Tensor
    """C: the same at every position."""
    position: Tensor
    """C×P: the position code, where it is asked for."""


class Source(NamedTuple):
    """What a layer's image→token attention adds to the image, as later normalisations leave it."""

    values: Tensor
    """h×d×C: per value of a head."""
    constant: Tensor
    """C: besides, at every position; with that of the image before."""


class SoFar(NamedTuple):
    """What has become of the image up to a layer."""

    image: Arriving
    sources: list[Source]
    """Of the layers before."""
    mask_weight: Tensor
    """F×C: what each feature of a mask prompt adds."""


class Projection(NamedTuple):
    """A linear layer's weights in float64."""

    weight: Tensor
    bias: Tensor


def projections(attention: Attention) -> tuple[Projection, Projection, Projection, Projection]:
    """Those of queries, keys, values and the output."""
    q, k, v, out = attention.q_proj, attention.k_proj, attention.v_proj, attention.out_proj
    return _wide(q), _wide(k), _wide(v), _wide(out)


def source_of(attention: Attention, image: Arriving) -> Source:
    """An image→token attention as a source, before the layer's own normalisation."""
    out = projections(attention)[3]
    return Source(out.weight.T.unflatten(0, (attention.num_heads, -1)), out.bias + image.constant)


def through(norm: nn.LayerNorm, rows: Tensor) -> Tensor:
    """Rows …×C as the normalisation leaves them, but for its constant and the factor of each position."""
    return (rows - rows.mean(dim=-1, keepdim=True)) * norm.weight.detach().double()


def convolution_as_matrix(convolution: nn.ConvTranspose2d) -> tuple[Tensor, Tensor]:
    """A transposed convolution with stride = kernel = 2 as a matrix C×(4·C') and a bias, columns by place."""
    weight = convolution.weight.detach().double().permute(0, 2, 3, 1).flatten(1)
    return weight, cast(Tensor, convolution.bias).detach().double().repeat(4)


def keep(module: nn.Module, name: str, value: Tensor) -> None:
    """Registers a folded weight, in float32."""
    module.register_buffer(name, value.to(torch.float32).contiguous())


def _wide(linear: nn.Linear) -> Projection:
    return Projection(linear.weight.detach().double(), linear.bias.detach().double())
