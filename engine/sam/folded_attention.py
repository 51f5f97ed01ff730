"""Self-attention with decomposed relative positions, re-arranged for inference; results as `image_encoder.Attention`.

What changes is where the arithmetic happens, never what comes out (Segment Anything, appendix A; Li et al., "Exploring
Plain Vision Transformer Backbones"):

- A bias of the keys adds one number to a whole row of logits, so softmax does not see it: dropped.
- Rows of the attention matrix sum to one, so a bias of the values passes straight through: it joins the projection's.
- Without those two, the keys and values of padding are zero: windows are padded after the projection, not before.
- The bias of relative positions is made for a block of queries and the matrix product adds itself on top, in cache: the
  whole bias, N×N for each head, never exists. In windows the product makes it: queries carry it, keys their place.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.sam.image_encoder import Attention, relative_positions

# Logits a thread holds at a time: 2 MB in bfloat16, about the second-level cache of a core.
_LOGITS_PER_THREAD = 2**20


class FoldedAttention(nn.Module):
    """`Attention` on B×S×S×C in the precision `dtype`; inside windows, or everywhere when `window` is 0."""

    qkv_weight: Tensor
    qkv_bias: Tensor
    proj_weight: Tensor
    proj_bias: Tensor
    rows: Tensor
    columns: Tensor

    def __init__(self, attention: Attention, window: int, dtype: torch.dtype) -> None:
        super().__init__()
        self.num_heads = attention.num_heads
        self.window = window
        side = (attention.rel_pos_h.shape[0] + 1) // 2
        dim = attention.proj.in_features
        scale = (dim // self.num_heads) ** -0.5
        q_scaled = torch.cat([torch.full((dim,), scale), torch.ones(2 * dim)]).to(attention.qkv.weight.device)
        q_bias, _, v_bias = attention.qkv.bias.chunk(3)
        folded = {
            "qkv_weight": attention.qkv.weight * q_scaled[:, None],
            "qkv_bias": torch.cat([q_bias * scale, torch.zeros(2 * dim, device=q_bias.device)]),
            "proj_weight": attention.proj.weight,
            "proj_bias": attention.proj.bias + attention.proj.weight @ v_bias,
            # Positions meet the queries before they are scaled.
            "rows": relative_positions(attention.rel_pos_h, side) / scale,
            "columns": relative_positions(attention.rel_pos_w, side) / scale,
        }
        for name, tensor in folded.items():
            self.register_buffer(name, tensor.detach().to(dtype))

    def forward(self, x: Tensor) -> Tensor:
        batch, height, width, dim = x.shape
        qkv = F.linear(x, self.qkv_weight, self.qkv_bias).reshape(batch, height, width, 3, self.num_heads, -1)
        window = self.window
        if not window:
            q, k, v = qkv.permute(3, 0, 4, 1, 2, 5).reshape(3, -1, height, width, qkv.shape[-1])
            attended = self._attend(q, k, v).reshape(batch, self.num_heads, height, width, -1)
            return self._project(attended.permute(0, 2, 3, 1, 4).reshape(batch, height, width, dim))
        down, across = -(-height // window), -(-width // window)
        qkv = F.pad(qkv, (0, 0, 0, 0, 0, 0, 0, across * window - width, 0, down * window - height))
        qkv = qkv.reshape(batch, down, window, across, window, 3, self.num_heads, -1)
        q, k, v = qkv.permute(5, 0, 1, 3, 6, 2, 4, 7).reshape(3, -1, window, window, qkv.shape[-1])
        attended = self._attend(q, k, v).reshape(batch, down, across, self.num_heads, window, window, -1)
        attended = attended.permute(0, 1, 4, 2, 5, 3, 6).reshape(batch, down * window, across * window, dim)
        # Contiguous: of a strided map, torch makes a batch of products with as many copies of the weights.
        return self._project(attended[:, :height, :width].contiguous())

    def _project(self, attended: Tensor) -> Tensor:
        return F.linear(attended, self.proj_weight, self.proj_bias)

    def _attend(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        """Each of n grids on its own: q, k, v n×S×S×d → n×(S·S)×d."""
        rows = torch.einsum("nhwc,hkc->nhwk", q, self.rows).flatten(1, 2)
        columns = torch.einsum("nhwc,wkc->nhwk", q, self.columns).flatten(1, 2)
        q, k, v = (each.flatten(1, 2) for each in (q, k, v))
        if q.is_cuda:
            bias = (rows[..., :, None] + columns[..., None, :]).flatten(2)
            return F.scaled_dot_product_attention(q[None], k[None], v[None], attn_mask=bias[None], scale=1.0)[0]
        return attend_in_blocks(q, k, v, rows, columns)


def attend_in_blocks(q: Tensor, k: Tensor, v: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """softmax(q kᵀ + rows + columns) v for a few queries at a time, so that their logits stay in the processor's cache.

    q, k, v n×N×d, `rows` n×N×H and `columns` n×N×W with N = H·W: the biases of each query towards the rows and columns
    of the grid of keys. → n×N×d. Not differentiable.
    """
    count, length, _ = q.shape
    height, width = rows.shape[-1], columns.shape[-1]
    budget = _LOGITS_PER_THREAD * torch.get_num_threads()
    together = min(count, budget // length**2)
    attended = torch.empty_like(q)
    if together > 1 and height + width <= q.shape[-1]:
        # Small grids: q·k + bias = [q, rows, columns] · [k, one-hot row, one-hot column], one product.
        row, column = (torch.eye(side, dtype=q.dtype, device=q.device) for side in (height, width))
        place = torch.cat([row.repeat_interleave(width, dim=0), column.repeat(height, 1)], dim=1)
        for grids in _slices(count, together):
            asked = torch.cat([q[grids], rows[grids], columns[grids]], dim=-1)
            keys = torch.cat([k[grids], place.expand(len(asked), -1, -1)], dim=-1).transpose(1, 2)
            torch.bmm(torch.softmax(torch.bmm(asked, keys), dim=-1), v[grids], out=attended[grids])
        return attended
    # Two dimensions for a part of one grid: a product of three copies whatever is not contiguous as a whole.
    queries = max(1, budget // length)
    for grid in range(count):
        keys = k[grid].t()
        for block in _slices(length, queries):
            logits = (rows[grid, block, :, None] + columns[grid, block, None, :]).flatten(1)
            weights = torch.softmax(logits.addmm_(q[grid, block], keys), dim=-1)
            torch.mm(weights, v[grid], out=attended[grid, block])
    return attended


def _slices(length: int, size: int) -> list[slice]:
    return [slice(start, min(start + size, length)) for start in range(0, length, size)]
