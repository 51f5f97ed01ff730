"""The reference image encoder: a ViT with windowed attention, a few global blocks and relative positions.

Source: Segment Anything, section 3 and appendix A; Li et al., "Exploring Plain Vision Transformer Backbones".
Module names are the published ones, so that official state dicts load as they are.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from engine.sam.layers import LayerNorm2d, MLPBlock, drop_path


class ImageEncoderViT(nn.Module):
    """B×3×S×S normalised image in the model-input frame → B×`out_chans`×(S/16)×(S/16) embedding.

    For training, `checkpoint_blocks` trades time for memory: blocks keep their input only and are computed again on
    the way back. `set_drop_path` switches stochastic depth on. Neither is part of the state dict; both start off.
    """

    def __init__(
        self,
        *,
        img_size: int,
        patch_size: int,
        embed_dim: int,
        depth: int,
        num_heads: int,
        mlp_ratio: float,
        out_chans: int,
        window_size: int,
        global_attn_indexes: tuple[int, ...],
    ) -> None:
        super().__init__()
        side = img_size // patch_size
        self.patch_embed = PatchEmbed(patch_size, embed_dim)
        self.pos_embed = nn.Parameter(torch.zeros(1, side, side, embed_dim))
        self.blocks = nn.ModuleList(
            Block(embed_dim, num_heads, mlp_ratio, side, 0 if i in global_attn_indexes else window_size)
            for i in range(depth)
        )
        self.neck = nn.Sequential(
            nn.Conv2d(embed_dim, out_chans, kernel_size=1, bias=False),
            LayerNorm2d(out_chans),
            nn.Conv2d(out_chans, out_chans, kernel_size=3, padding=1, bias=False),
            LayerNorm2d(out_chans),
        )
        self.checkpoint_blocks = False

    def set_drop_path(self, rate: float) -> None:
        """Drop residual branches while training: never in the first block, with `rate` in the last, linear between."""
        for block, share in zip(self.blocks, torch.linspace(0, rate, len(self.blocks)).tolist(), strict=True):
            assert isinstance(block, Block)
            block.drop_path = share

    def forward(self, x: Tensor) -> Tensor:
        x = self.patch_embed(x) + self.pos_embed
        for block in self.blocks:
            if self.checkpoint_blocks and torch.is_grad_enabled():
                x = checkpoint(block, x, use_reentrant=False)
            else:
                x = block(x)
        return self.neck(x.permute(0, 3, 1, 2))


class PatchEmbed(nn.Module):
    """B×3×H×W → B×(H/p)×(W/p)×C: one linear map per non-overlapping patch."""

    def __init__(self, patch_size: int, embed_dim: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(3, embed_dim, kernel_size=patch_size, stride=patch_size)

    def forward(self, x: Tensor) -> Tensor:
        return self.proj(x).permute(0, 2, 3, 1)


class Block(nn.Module):
    """Pre-norm transformer block on B×H×W×C; attends inside windows, or everywhere when `window_size` is 0."""

    def __init__(self, dim: int, num_heads: int, mlp_ratio: float, side: int, window_size: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(dim, eps=1e-6)
        self.attn = Attention(dim, num_heads, window_size or side)
        self.norm2 = nn.LayerNorm(dim, eps=1e-6)
        self.mlp = MLPBlock(dim, int(dim * mlp_ratio))
        self.window_size = window_size
        self.drop_path = 0.0

    def forward(self, x: Tensor) -> Tensor:
        attended = self.norm1(x)
        if self.window_size:
            height, width = attended.shape[1:3]
            windows, padded = window_partition(attended, self.window_size)
            attended = window_unpartition(self.attn(windows), self.window_size, padded, (height, width))
        else:
            attended = self.attn(attended)
        rate = self.drop_path if self.training else 0.0
        x = x + drop_path(attended, rate)
        return x + drop_path(self.mlp(self.norm2(x)), rate)


class Attention(nn.Module):
    """Multi-head self-attention on B×S×S×C with relative positions decomposed into rows and columns."""

    def __init__(self, dim: int, num_heads: int, side: int) -> None:
        super().__init__()
        self.num_heads = num_heads
        head_dim = dim // num_heads
        self.qkv = nn.Linear(dim, dim * 3)
        self.proj = nn.Linear(dim, dim)
        self.rel_pos_h = nn.Parameter(torch.zeros(2 * side - 1, head_dim))
        self.rel_pos_w = nn.Parameter(torch.zeros(2 * side - 1, head_dim))

    def forward(self, x: Tensor) -> Tensor:
        batch, height, width, dim = x.shape
        qkv = self.qkv(x).reshape(batch, height * width, 3, self.num_heads, -1).permute(2, 0, 3, 1, 4)
        q, k, v = qkv.unbind(0)  # each B×heads×(H·W)×head_dim
        bias = self._position_bias(q, height, width)
        out = F.scaled_dot_product_attention(q, k, v, attn_mask=bias)
        return self.proj(out.transpose(1, 2).reshape(batch, height, width, dim))

    def _position_bias(self, q: Tensor, height: int, width: int) -> Tensor:
        """Query-dependent bias, B×heads×(H·W)×(H·W): one term for the row offset, one for the column offset."""
        batch, heads, _, head_dim = q.shape
        grid = q.reshape(batch, heads, height, width, head_dim)
        rows = torch.einsum("bnhwc,hkc->bnhwk", grid, relative_positions(self.rel_pos_h, height))
        columns = torch.einsum("bnhwc,wkc->bnhwk", grid, relative_positions(self.rel_pos_w, width))
        bias = rows[..., :, None] + columns[..., None, :]
        return bias.reshape(batch, heads, height * width, height * width)


def relative_positions(table: Tensor, side: int) -> Tensor:
    """Rows of a (2·side−1)×C offset table arranged as side×side×C, indexed [query, key]."""
    index = torch.arange(side, device=table.device)
    return table[index[:, None] - index[None, :] + (side - 1)]


def window_partition(x: Tensor, window: int) -> tuple[Tensor, tuple[int, int]]:
    """B×H×W×C → (B·n)×window×window×C, zero-padded at the right and bottom; also returns the padded (H, W)."""
    batch, height, width, dim = x.shape
    pad_h, pad_w = -height % window, -width % window
    x = F.pad(x, (0, 0, 0, pad_w, 0, pad_h))
    rows, columns = (height + pad_h) // window, (width + pad_w) // window
    x = x.view(batch, rows, window, columns, window, dim).transpose(2, 3)
    return x.reshape(-1, window, window, dim), (height + pad_h, width + pad_w)


def window_unpartition(windows: Tensor, window: int, padded: tuple[int, int], size: tuple[int, int]) -> Tensor:
    """Inverse of `window_partition`, without the padding: → B×H×W×C."""
    rows, columns = padded[0] // window, padded[1] // window
    x = windows.view(-1, rows, columns, window, window, windows.shape[-1]).transpose(2, 3)
    return x.reshape(-1, padded[0], padded[1], windows.shape[-1])[:, : size[0], : size[1]]
