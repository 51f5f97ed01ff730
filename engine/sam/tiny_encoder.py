"""The image encoder of `vit_t`: convolutions where the map is large, attention where it is small.

Four million parameters, no absolute positions and no batch statistics, so that it runs at any input size that is a
multiple of 32 and trains with any batch size. Blocks follow ConvNeXt (Liu et al., 2022), with hard swish in place of
GELU: on a CPU the exact GELU took a quarter of the encoder's time.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.sam.layers import LayerNorm2d, MLPBlock
from engine.sam.regions import RegionFeatures


class TinyEncoder(nn.Module):
    """B×3×S×S normalised image in the model-input frame → B×`out_chans`×(S/16)×(S/16) embedding.

    `widths`, `depths` and `mlp_ratios` are those of the stages at stride 4, 8, 16 and 32; the last one
    attends globally and is added back to stride 16.
    """

    def __init__(
        self,
        *,
        widths: tuple[int, int, int, int],
        depths: tuple[int, int, int, int],
        mlp_ratios: tuple[int, int, int, int],
        head_dim: int,
        out_chans: int,
    ) -> None:
        super().__init__()
        fine, middle, coarse, deep = widths
        self.stem = nn.Sequential(
            nn.Conv2d(3, fine // 2, kernel_size=3, stride=2, padding=1),
            LayerNorm2d(fine // 2),
            nn.Hardswish(),
            nn.Conv2d(fine // 2, fine, kernel_size=3, stride=2, padding=1),
            LayerNorm2d(fine),
        )
        self.stage4 = nn.Sequential(*(ConvBlock(fine, mlp_ratios[0]) for _ in range(depths[0])))
        self.down8 = nn.Sequential(LayerNorm2d(fine), nn.Conv2d(fine, middle, kernel_size=2, stride=2))
        self.stage8 = nn.Sequential(*(ConvBlock(middle, mlp_ratios[1]) for _ in range(depths[1])))
        self.down16 = nn.Sequential(LayerNorm2d(middle), nn.Conv2d(middle, coarse, kernel_size=2, stride=2))
        self.stage16 = nn.Sequential(*(ConvBlock(coarse, mlp_ratios[2]) for _ in range(depths[2])))
        self.down32 = nn.Sequential(LayerNorm2d(coarse), nn.Conv2d(coarse, deep, kernel_size=2, stride=2))
        self.stage32 = nn.Sequential(*(AttentionBlock(deep, head_dim, mlp_ratios[3]) for _ in range(depths[3])))
        self.up16 = nn.Sequential(LayerNorm2d(deep), nn.Conv2d(deep, coarse, kernel_size=1))
        self.fuse16 = ConvBlock(coarse, mlp_ratios[2])
        self.regions = RegionFeatures(fine, coarse)
        self.regions16 = nn.Conv2d(self.regions.channels, coarse, kernel_size=4, stride=4)
        self.neck = nn.Sequential(
            nn.Conv2d(coarse, out_chans, kernel_size=1, bias=False),
            LayerNorm2d(out_chans),
            nn.Conv2d(out_chans, out_chans, kernel_size=3, padding=1, bias=False),
            LayerNorm2d(out_chans),
        )
        self.apply(_initialise)

    def forward(self, x: Tensor) -> Tensor:
        pixels = x
        fine = self.stage4(self.stem(x))
        x = self.stage8(self.down8(fine))
        x = self.stage16(self.down16(x))
        context = self.up16(self.stage32(self.down32(x)))
        x = x + F.interpolate(context, size=x.shape[-2:], mode="bilinear", align_corners=False)
        x = self.fuse16(x)
        return self.neck(x + self.regions16(self.regions(pixels, fine, x)))


class ConvBlock(nn.Module):
    """7×7 depthwise convolution, then an MLP at each position; residual, on B×C×H×W."""

    def __init__(self, dim: int, mlp_ratio: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(dim, dim, kernel_size=7, padding=3, groups=dim)
        self.norm = nn.LayerNorm(dim, eps=1e-6)
        self.mlp = MLPBlock(dim, mlp_ratio * dim, nn.Hardswish)
        self.scale = nn.Parameter(torch.ones(dim))

    def forward(self, x: Tensor) -> Tensor:
        y = self.mlp(self.norm(self.depthwise(x).permute(0, 2, 3, 1)))
        return x + (self.scale * y).permute(0, 3, 1, 2)


class AttentionBlock(nn.Module):
    """Global self-attention whose positions come from a 3×3 depthwise convolution; residual, on B×C×H×W."""

    def __init__(self, dim: int, head_dim: int, mlp_ratio: int) -> None:
        super().__init__()
        self.num_heads = dim // head_dim
        self.position = nn.Conv2d(dim, dim, kernel_size=3, padding=1, groups=dim)
        self.norm1 = nn.LayerNorm(dim, eps=1e-6)
        self.qkv = nn.Linear(dim, 3 * dim)
        self.proj = nn.Linear(dim, dim)
        self.norm2 = nn.LayerNorm(dim, eps=1e-6)
        self.mlp = MLPBlock(dim, mlp_ratio * dim, nn.Hardswish)

    def forward(self, x: Tensor) -> Tensor:
        batch, dim, height, width = x.shape
        x = x + self.position(x)
        tokens = x.flatten(2).transpose(1, 2)
        qkv = self.qkv(self.norm1(tokens)).reshape(batch, -1, 3, self.num_heads, dim // self.num_heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        attended = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(batch, -1, dim)
        tokens = tokens + self.proj(attended)
        tokens = tokens + self.mlp(self.norm2(tokens))
        return tokens.transpose(1, 2).reshape(batch, dim, height, width)


def _initialise(module: nn.Module) -> None:
    # Unit variance through the convolutions. The customary tiny weights and layer scales leave the residual branches
    # silent for a thousand steps, which a short run does not have.
    if isinstance(module, nn.Conv2d):
        nn.init.trunc_normal_(module.weight, std=module.weight[0].numel() ** -0.5)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
