"""The mask decoder's output: the rest of the upscaling, the hypernetworks and the IoU head, positions as rows."""

import math
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.sam.layers import MLP, LayerNorm2d
from engine.sam.mask_decoder import MaskDecoder


class OutputHeads(nn.Module):
    """The rest of the upscaling, the hypernetworks and the IoU head.

    A transposed convolution whose stride is its kernel is a matrix product per position, so positions stay rows and
    only the four masks are rearranged at the end.
    """

    upscaling_weight: Tensor
    upscaling_bias: Tensor

    def __init__(self, decoder: MaskDecoder) -> None:
        super().__init__()
        norm = cast(LayerNorm2d, decoder.output_upscaling[1])
        self.channels, self.eps = len(norm.weight), norm.eps
        self.norm_weight, self.norm_bias = norm.weight, norm.bias
        weight, bias = convolution_as_matrix(cast(nn.ConvTranspose2d, decoder.output_upscaling[3]))
        self.register_buffer("upscaling_weight", weight.float())
        self.register_buffer("upscaling_bias", bias.float())
        self.iou_prediction_head = decoder.iou_prediction_head
        mlps = [cast(MLP, mlp) for mlp in decoder.output_hypernetworks_mlps]
        self.hypernetwork_layers = len(mlps[0].layers)
        for i, linears in enumerate(zip(*(mlp.layers for mlp in mlps), strict=True)):
            typed = [cast(nn.Linear, linear) for linear in linears]
            self.register_buffer(f"hypernetwork_weight_{i}", torch.stack([x.weight.T for x in typed]))
            self.register_buffer(f"hypernetwork_bias_{i}", torch.stack([x.bias for x in typed])[:, None])

    def forward(self, tokens: Tensor, upscaled: Tensor) -> tuple[Tensor, Tensor]:
        """Output tokens B×(1+K)×C, once upscaled image B×P×C → low-res logits B×K×4S×4S, predicted IoU B×K."""
        return self.masks(tokens, upscaled), self.predicted_iou(tokens)

    def predicted_iou(self, tokens: Tensor) -> Tensor:
        """Output tokens B×(1+K)×C → predicted IoU B×K."""
        return self.iou_prediction_head(tokens[:, 0])

    def masks(self, tokens: Tensor, upscaled: Tensor) -> Tensor:
        """Output tokens B×(1+K)×C, once upscaled image B×P×C → low-res logits B×K×4S×4S."""
        batch, side = len(tokens), math.isqrt(upscaled.shape[1])
        x = upscaled.reshape(batch, -1, self.channels)
        x = F.gelu(F.layer_norm(x, (self.channels,), self.norm_weight, self.norm_bias, self.eps))
        x = F.gelu(x @ self.upscaling_weight + self.upscaling_bias)
        x = x.reshape(batch, -1, self.channels // 2)
        masks = x @ self._hypernetworks(tokens[:, 1:]).transpose(1, 2)
        masks = masks.transpose(1, 2)
        for step in (2, 4):
            # The rows' order is y, x and the 2×2 of each step: bring a step's y next to y. In two steps, because
            # runtimes move whole runs of memory fast and single numbers slowly.
            masks = masks.reshape(-1, side * step // 2, 2, 16 // step**2 * 2).transpose(1, 2)
        return masks.reshape(batch, -1, 4 * side, 4 * side)

    def _hypernetworks(self, mask_tokens: Tensor) -> Tensor:
        """Mask tokens B×K×C → the weights of their masks, B×K×(C/8); one perceptron per token, side by side."""
        x = mask_tokens[:, :, None]
        for i in range(self.hypernetwork_layers):
            weight, bias = self.get_buffer(f"hypernetwork_weight_{i}"), self.get_buffer(f"hypernetwork_bias_{i}")
            x = x @ weight + bias
            x = x if i == self.hypernetwork_layers - 1 else F.relu(x)
        return x[:, :, 0]


def convolution_as_matrix(convolution: nn.ConvTranspose2d) -> tuple[Tensor, Tensor]:
    """A transposed convolution with stride = kernel = 2 as float64 matrix C×(4·C') and bias, columns by place."""
    weight = convolution.weight.detach().double().permute(0, 2, 3, 1).flatten(1)
    return weight, cast(Tensor, convolution.bias).detach().double().repeat(4)
