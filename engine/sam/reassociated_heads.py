"""The mask decoder's output: the upscaling, the hypernetworks and the IoU head.

A transposed convolution whose stride is its kernel is a matrix product per position. The first one moves through the
layers to the embedding, where it is prepared, and to the rows that a prompt adds; and the normalisation behind it does
not mind by what factor a position is scaled, so the embedding needs none.

Shapes: B prompts, P = S·S positions, C channels, n rows.
"""

import math
from typing import NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.sam.layers import MLP, LayerNorm2d
from engine.sam.mask_decoder import MaskDecoder
from engine.sam.reassociated_folding import SoFar, convolution_as_matrix, keep
from engine.sam.reassociated_image import ThinSum

# Positions that are upscaled together: 4·C/4 numbers each, twice as many behind the second step.
_PIECE = 512


class ThinImage(NamedTuple):
    """What B prompts add to the embedding after the first transposed convolution, positions scaled by `spread`."""

    weights: Tensor
    """B×n×P"""
    rows: Tensor
    """B×n×C"""
    spread: Tensor
    """B×1×P: the inverse of what is left of the embedding under the layers' normalisations."""

    def of(self, prompts: Tensor) -> "ThinImage":
        """Those of some of the prompts, by index."""
        return ThinImage(self.weights[prompts], self.rows[prompts], self.spread[prompts])


class OutputHeads(nn.Module):
    """The upscaling, the hypernetworks and the IoU head. Positions come last, until the masks are rearranged."""

    embedding_weight: Tensor
    mask_rows: Tensor
    bias_row: Tensor
    norm_weight: Tensor
    norm_bias: Tensor
    upscaling_weight: Tensor
    upscaling_bias: Tensor

    def __init__(self, decoder: MaskDecoder, so_far: SoFar) -> None:
        super().__init__()
        weight, bias = convolution_as_matrix(cast(nn.ConvTranspose2d, decoder.output_upscaling[0]))
        norm = cast(LayerNorm2d, decoder.output_upscaling[1])
        self.channels, self.eps = len(norm.weight), norm.eps

        def upscaled(rows: Tensor) -> Tensor:
            return _centred(rows @ weight, self.channels)

        keep(self, "embedding_weight", upscaled(torch.eye(len(weight), dtype=weight.dtype)).T)
        for index, source in enumerate(so_far.sources):
            keep(self, f"values_{index}", upscaled(source.values))
            # Each head's attention weights sum to one: a constant may be shared out among the rows of the heads.
            # The first layer's is in the embedding already.
            shared = source.constant / len(source.values) if index else torch.zeros_like(source.constant)
            keep(self, f"constant_{index}", upscaled(shared))
        keep(self, "mask_rows", upscaled(so_far.mask_weight))
        keep(self, "bias_row", upscaled(so_far.image.constant) + _centred(bias, self.channels))
        keep(self, "norm_weight", norm.weight[:, None])
        keep(self, "norm_bias", norm.bias[:, None])
        weight, bias = convolution_as_matrix(cast(nn.ConvTranspose2d, decoder.output_upscaling[3]))
        keep(self, "upscaling_weight", weight.T)
        keep(self, "upscaling_bias", bias[:, None])
        self.iou_prediction_head = decoder.iou_prediction_head
        mlps = [cast(MLP, mlp) for mlp in decoder.output_hypernetworks_mlps]
        self.hypernetwork_layers = len(mlps[0].layers)
        for i, linears in enumerate(zip(*(mlp.layers for mlp in mlps), strict=True)):
            typed = [cast(nn.Linear, linear) for linear in linears]
            self.register_buffer(f"hypernetwork_weight_{i}", torch.stack([x.weight.T for x in typed]))
            self.register_buffer(f"hypernetwork_bias_{i}", torch.stack([x.bias for x in typed])[:, None])

    def embedding_upscaled(self, embedding: Tensor) -> Tensor:
        """Embedding C×P as it leaves the last layer → after the first transposed convolution, C×P."""
        return self.embedding_weight @ embedding

    def to_upscale(self, added: ThinSum) -> ThinImage:
        """What the layers have added, after the first transposed convolution."""
        spread = torch.ones_like(added.deviations[0])
        weights: list[Tensor] = []
        rows: list[Tensor] = []
        for index, (addition, deviation) in enumerate(zip(added.additions, added.deviations, strict=True)):
            weights.append(addition.weights if index == 0 else addition.weights * spread)
            of_values = (addition.values @ self.get_buffer(f"values_{index}")).flatten(1, 2)
            rows.append(of_values + self.get_buffer(f"constant_{index}"))
            if addition.rows.shape[1] > of_values.shape[1]:
                rows.append(self.mask_rows.expand(len(of_values), -1, -1))
            spread = deviation if index == 0 else spread * deviation
        weights.append(spread)
        rows.append(self.bias_row.expand(len(spread), 1, -1))
        return ThinImage(torch.cat(weights, dim=1), torch.cat(rows, dim=1), spread)

    def predicted_iou(self, tokens: Tensor) -> Tensor:
        """Output tokens B×(1+K)×C → predicted IoU B×K."""
        return self.iou_prediction_head(tokens[:, 0])

    def masks(self, tokens: Tensor, image: ThinImage, embedding: Tensor) -> Tensor:
        """Output tokens B×(1+K)×C, what they add to the embedding C×P of `embedding_upscaled` → low-res logits
        B×K×4S×4S."""
        batch, side = len(tokens), math.isqrt(embedding.shape[1])
        # Channels first, then the four places and positions together: one matrix product takes them all.
        x = _added(embedding, image.rows, image.weights).reshape(batch, self.channels, -1)
        # The mean across rows is slow in some runtimes, a matrix product is not.
        variance = x.new_full((1, self.channels), 1 / self.channels) @ (x * x)
        scale = (variance + (self.eps * image.spread * image.spread).repeat(1, 1, 4)).rsqrt()
        x = F.gelu((x * scale) * self.norm_weight + self.norm_bias)
        x = F.gelu(_linear(self.upscaling_weight, x, self.upscaling_bias)).reshape(batch, 4, self.channels // 2, -1)
        return _unfolded(self._hypernetworks(tokens[:, 1:])[:, None] @ x, side)

    def ambiguity_masks(self, tokens: Tensor, image: ThinImage, embedding: Tensor) -> Tensor:
        """`masks` without the single mask, B×(K-1)×4S×4S, for many prompts without a graph.

        On a processor a few positions at a time, so that what is between the products stays in its caches.
        """
        if embedding.is_cuda:
            return self.masks(tokens, image, embedding)[:, 1:]
        batch, positions = len(tokens), embedding.shape[1]
        hypernetworks = self._hypernetworks(tokens[:, 1:])[:, 1:]
        found = embedding.new_empty(batch, 4, hypernetworks.shape[1], 4, positions)
        for prompt in range(batch):
            rows, weights, spread = image.rows[prompt].T, image.weights[prompt], image.spread[prompt]
            for start in range(0, positions, _PIECE):
                piece = slice(start, start + _PIECE)
                x = torch.addmm(embedding[:, piece], rows, weights[:, piece]).reshape(self.channels, -1)
                variance = x.new_full((1, self.channels), 1 / self.channels) @ (x * x)
                scale = variance.add_(self.eps * spread[:, piece].square().repeat(1, 4)).rsqrt_()
                x = F.gelu(torch.addcmul(self.norm_bias, x.mul_(scale), self.norm_weight))
                x = F.gelu(torch.addmm(self.upscaling_bias, self.upscaling_weight, x))
                masks = hypernetworks[prompt] @ x.reshape(4, self.channels // 2, -1)
                found[prompt, ..., piece] = masks.unflatten(-1, (4, -1))
        return _unfolded(found.flatten(-2), math.isqrt(positions))

    def _hypernetworks(self, mask_tokens: Tensor) -> Tensor:
        """Mask tokens B×K×C → the weights of their masks, B×K×(C/8); one perceptron per token, side by side."""
        x = mask_tokens[:, :, None]
        for i in range(self.hypernetwork_layers):
            weight, bias = self.get_buffer(f"hypernetwork_weight_{i}"), self.get_buffer(f"hypernetwork_bias_{i}")
            x = x @ weight + bias
            x = x if i == self.hypernetwork_layers - 1 else F.relu(x)
        return x[:, :, 0]


def _unfolded(masks: Tensor, side: int) -> Tensor:
    """Logits B×4×K×(4·P), by the place of the second and that of the first step, → B×K×4S×4S."""
    batch = len(masks)
    # From the second step's 2×2 places, masks, the first step's places, y, x. Each step's place comes next to its
    # axis; in two goes, because runtimes move whole runs of memory fast and single numbers slowly.
    masks = masks.reshape(batch, 2, 2, -1, 2, 2, side, side).permute(0, 3, 6, 4, 1, 5, 2, 7)
    masks = masks.reshape(-1, 4, side).transpose(1, 2)
    return masks.reshape(batch, -1, 4 * side, 4 * side)


def _added(embedding: Tensor, rows: Tensor, weights: Tensor) -> Tensor:
    """Embedding C×P plus rowsᵀ @ weights, B×C×P."""
    if len(rows) == 1:
        return torch.addmm(embedding, rows.squeeze(0).T, weights.squeeze(0))[None]
    return torch.baddbmm(embedding, rows.transpose(1, 2), weights)


def _linear(weight: Tensor, x: Tensor, bias: Tensor) -> Tensor:
    """Weight M×N, x B×N×P, bias M×1 → B×M×P."""
    if len(x) == 1:
        return torch.addmm(bias, weight, x.squeeze(0))[None]
    return torch.baddbmm(bias, weight.expand(len(x), -1, -1), x)


def _centred(upscaled: Tensor, channels: int) -> Tensor:
    """Rows …×(4·channels) by place → …×(channels·4), less the mean of each place's channels."""
    by_place = upscaled.unflatten(-1, (4, channels))
    return (by_place - by_place.mean(dim=-1, keepdim=True)).transpose(-1, -2).flatten(-2)
