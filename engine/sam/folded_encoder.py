"""The reference image encoder re-arranged for inference: the same embedding, sooner and in a tenth of the memory."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.sam.folded_attention import FoldedAttention
from engine.sam.image_encoder import Block, ImageEncoderViT

# Tokens that go through an MLP together: the four times wider layer between its halves stays in the cache.
_MLP_TOKENS = 2048


def fold_encoder(encoder: nn.Module, dtype: torch.dtype = torch.float32) -> nn.Module:
    """An image encoder in the form for inference: what it computes up to rounding, or its half precision `dtype`.

    Any other encoder than `ImageEncoderViT` has no other form: in half precision it runs as autocast has it.
    """
    if isinstance(encoder, ImageEncoderViT):
        return FoldedEncoder(encoder, dtype)
    return encoder if dtype == torch.float32 else _Autocast(encoder, dtype)


class FoldedEncoder(nn.Module):
    """An `ImageEncoderViT` for inference, B×3×S×S → B×`out_chans`×(S/16)×(S/16) in float32.

    In float32 the embedding is that of `encoder` up to rounding. In a half precision only matrix products, the logits
    of attention and the MLP's activations are: the residual stream, its norms and what goes in and out stay float32.
    Weights are converted once, here; what is not converted is shared with `encoder`, whose later changes do not
    reach the rest. Not differentiable.
    """

    reduce_weight: Tensor
    mix_weight: Tensor

    def __init__(self, encoder: ImageEncoderViT, dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        self.dtype = dtype
        self.patches = encoder.patch_embed.proj
        self.pos_embed = encoder.pos_embed
        self.blocks = nn.ModuleList(FoldedBlock(block, dtype) for block in encoder.blocks if isinstance(block, Block))
        reduce, norm_reduced, mix, norm_mixed = encoder.neck
        assert isinstance(reduce, nn.Conv2d) and isinstance(mix, nn.Conv2d)
        self.norm_reduced, self.norm_mixed = norm_reduced, norm_mixed
        self.register_buffer("reduce_weight", reduce.weight.detach().to(dtype))
        self.register_buffer("mix_weight", mix.weight.detach().to(dtype))

    @torch.no_grad()
    def forward(self, x: Tensor) -> Tensor:
        x = self._embed_patches(x) + self.pos_embed
        for block in self.blocks:
            block(x)
        x = F.conv2d(x.permute(0, 3, 1, 2).to(self.dtype), self.reduce_weight)
        x = F.conv2d(self.norm_reduced(x.float()).to(self.dtype), self.mix_weight, padding=1)
        return self.norm_mixed(x.float())

    def _embed_patches(self, x: Tensor) -> Tensor:
        """B×3×S×S → B×(S/p)×(S/p)×C: a matrix product, because torch convolves strides this large slowly."""
        patches = self.patches
        x = F.pixel_unshuffle(x, patches.stride[0]).permute(0, 2, 3, 1)
        return F.linear(x, patches.weight.flatten(1), patches.bias)


class FoldedBlock(nn.Module):
    """Pre-norm transformer block; adds to the residual stream B×S×S×C, float32, in place."""

    lin1_weight: Tensor
    lin1_bias: Tensor
    lin2_weight: Tensor
    lin2_bias: Tensor

    def __init__(self, block: Block, dtype: torch.dtype) -> None:
        super().__init__()
        self.dtype = dtype
        self.norm1, self.norm2 = block.norm1, block.norm2
        self.attention = FoldedAttention(block.attn, block.window_size, dtype)
        for name in ("lin1", "lin2"):
            layer = getattr(block.mlp, name)
            self.register_buffer(f"{name}_weight", layer.weight.detach().to(dtype))
            self.register_buffer(f"{name}_bias", layer.bias.detach().to(dtype))

    def forward(self, x: Tensor) -> None:
        x += self.attention(self.norm1(x).to(self.dtype))
        for tokens in x.view(-1, x.shape[-1]).split(_MLP_TOKENS):
            hidden = F.linear(self.norm2(tokens).to(self.dtype), self.lin1_weight, self.lin1_bias)
            tokens += F.linear(F.gelu(hidden), self.lin2_weight, self.lin2_bias)


class _Autocast(nn.Module):
    """A module with its matrix products and convolutions in a half precision; the result is float32."""

    def __init__(self, module: nn.Module, dtype: torch.dtype) -> None:
        super().__init__()
        self.module, self.dtype = module, dtype

    def forward(self, x: Tensor) -> Tensor:
        with torch.autocast(x.device.type, self.dtype):
            return self.module(x).float()
