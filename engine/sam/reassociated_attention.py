"""The mask decoder's two cross-attentions with the few tokens projected instead of the many image positions.

q·(W x) = (Wᵀ q)·x and Σ a·(W x) = W (Σ a·x), so a projection can change sides without changing the result. With 7
tokens against 4,096 positions it costs less on the tokens' side, even with one projected token per head.

Shapes: B prompts, P positions, T tokens, C channels, h heads of width d, F features of a mask prompt. Weights are
folded copies, computed in float64 and kept in float32.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from engine.sam.transformer import Attention


class TokenToImage(nn.Module):
    """Tokens attend to image positions."""

    query_weight: Tensor
    query_bias: Tensor
    key_weight: Tensor
    value_weight: Tensor
    out_weight: Tensor
    out_bias: Tensor

    def __init__(self, attention: Attention) -> None:
        super().__init__()
        self.num_heads = attention.num_heads
        q, k, v, out = _projections(attention)
        scale = (q.weight.shape[0] // self.num_heads) ** -0.5
        _keep(self, "query_weight", q.weight * scale)
        _keep(self, "query_bias", q.bias * scale)
        # The keys' bias adds the same to every position, which the softmax removes.
        _keep(self, "key_weight", k.weight.unflatten(0, (self.num_heads, -1)))
        _keep(self, "value_weight", v.weight.unflatten(0, (self.num_heads, -1)).transpose(1, 2))
        _keep(self, "out_weight", out.weight)
        # Attention weights sum to one, so the values' bias is a constant of the output.
        _keep(self, "out_bias", out.bias + out.weight @ v.bias)

    def forward(self, tokens: Tensor, placed_image: Tensor, image: Tensor) -> Tensor:
        """Tokens B×T×C with their position code, image B×P×C with and without its own → what to add, B×T×C."""
        queries = (self._queries(tokens) @ self.key_weight).flatten(1, 2)
        attended = (queries @ placed_image.transpose(1, 2)).softmax(dim=-1) @ image
        return self._output(attended.unflatten(1, (self.num_heads, -1)) @ self.value_weight)

    def image_keys(self, placed_image: Tensor) -> Tensor:
        """Image P×C with its position code → keys h×d×P."""
        return self.key_weight @ placed_image.T

    def image_values(self, image: Tensor) -> Tensor:
        """Image P×C → values h×P×d."""
        return image @ self.value_weight

    def from_projected(
        self, tokens: Tensor, keys: Tensor, values: Tensor, mask: tuple[Tensor, Tensor] | None
    ) -> Tensor:
        """`forward` on keys and values of `image_keys` and `image_values`.

        `mask` is what a mask prompt adds to the image, as features B×F×P and their weight F×C.
        """
        queries = self._queries(tokens)
        scores = _shared_matmul(queries, keys)
        if mask is None:
            return self._output(_shared_matmul(scores.softmax(dim=-1), values))
        features, weight = mask[0][:, None], mask[1]
        attention = (scores + (queries @ (self.key_weight @ weight.T)) @ features).softmax(dim=-1)
        of_mask = (attention @ features.transpose(2, 3)) @ (weight @ self.value_weight)
        return self._output(_shared_matmul(attention, values) + of_mask)

    def _queries(self, tokens: Tensor) -> Tensor:
        projected = tokens @ self.query_weight.T + self.query_bias
        return _split(projected, self.num_heads)

    def _output(self, per_head: Tensor) -> Tensor:
        return per_head.transpose(1, 2).flatten(2) @ self.out_weight.T + self.out_bias


class ThinProduct(NamedTuple):
    """An addition to the image, B×P×C, as the product weightsᵀ @ rows."""

    weights: Tensor
    """B×hT×P: positions last, so that all that is done to them runs along memory."""
    rows: Tensor
    """B×hT×C"""

    def added_to(self, image: Tensor) -> Tensor:
        """Image 1×P×C or B×P×C plus the product, B×P×C."""
        if len(self.weights) == 1:
            return torch.addmm(image.squeeze(0), self.weights.squeeze(0).T, self.rows.squeeze(0))[None]
        return torch.baddbmm(image, self.weights.transpose(1, 2), self.rows)


class ImageToToken(nn.Module):
    """Image positions attend to tokens. What they read stays factored."""

    query_weight: Tensor
    query_bias: Tensor
    key_weight: Tensor
    key_bias: Tensor
    value_weight: Tensor
    value_bias: Tensor
    out_weight: Tensor
    out_bias: Tensor

    def __init__(self, attention: Attention) -> None:
        super().__init__()
        self.num_heads = attention.num_heads
        q, k, v, out = _projections(attention)
        scale = (q.weight.shape[0] // self.num_heads) ** -0.5
        _keep(self, "query_weight", (q.weight * scale).unflatten(0, (self.num_heads, -1)))
        _keep(self, "query_bias", (q.bias * scale).reshape(self.num_heads, -1, 1))
        _keep(self, "key_weight", k.weight)
        _keep(self, "key_bias", k.bias)
        _keep(self, "value_weight", v.weight)
        _keep(self, "value_bias", v.bias)
        _keep(self, "out_weight", out.weight.T.unflatten(0, (self.num_heads, -1)))
        # Each head's weights sum to one: a constant of the output may be shared out among the rows of the heads.
        _keep(self, "out_bias", out.bias / self.num_heads)

    def forward(self, placed_image: Tensor, placed_tokens: Tensor, tokens: Tensor) -> ThinProduct:
        """Image B×P×C and tokens B×T×C, each with its position code, and the bare tokens → what to add."""
        keys = self._keys(placed_tokens)
        projected = (keys @ self.query_weight).flatten(1, 2)
        scores = projected @ placed_image.transpose(1, 2)
        scores = scores.unflatten(1, (self.num_heads, -1)) + keys @ self.query_bias
        return ThinProduct(_softmax_over_tokens(scores), self._rows(tokens))

    def image_queries(self, placed_image: Tensor) -> Tensor:
        """Image P×C with its position code → queries h×d×P."""
        return self.query_weight @ placed_image.T + self.query_bias

    def from_projected(
        self, queries: Tensor, placed_tokens: Tensor, tokens: Tensor, mask: tuple[Tensor, Tensor] | None
    ) -> ThinProduct:
        """`forward` on queries of `image_queries` and a mask prompt as in `TokenToImage`."""
        keys = self._keys(placed_tokens)
        scores = _shared_matmul(keys, queries)
        if mask is not None:
            features, weight = mask
            scores = scores + (keys @ (self.query_weight @ weight.T)) @ features[:, None]
        return ThinProduct(_softmax_over_tokens(scores), self._rows(tokens))

    def _keys(self, placed_tokens: Tensor) -> Tensor:
        return _split(placed_tokens @ self.key_weight.T + self.key_bias, self.num_heads)

    def _rows(self, tokens: Tensor) -> Tensor:
        values = _split(tokens @ self.value_weight.T + self.value_bias, self.num_heads)
        return (values @ self.out_weight + self.out_bias).flatten(1, 2)


def _split(x: Tensor, heads: int) -> Tensor:
    """B×T×(h·d) → B×h×T×d."""
    return x.unflatten(-1, (heads, -1)).transpose(1, 2)


def _softmax_over_tokens(scores: Tensor) -> Tensor:
    """B×h×T×P scores → B×hT×P weights. Written out: along the last axis, 7 numbers at a time, softmax is slow."""
    weights = (scores - scores.amax(dim=2, keepdim=True)).exp()
    return (weights / weights.sum(dim=2, keepdim=True)).flatten(1, 2)


def _shared_matmul(many: Tensor, one: Tensor) -> Tensor:
    """B×h×T×n times h×n×m: the prompts' tokens side by side, so that the shared factor is not copied for each."""
    rows = many.transpose(0, 1)
    return (rows.flatten(1, 2) @ one).unflatten(1, rows.shape[1:3]).transpose(0, 1)


class _Wide(NamedTuple):
    """A linear layer's weights in float64."""

    weight: Tensor
    bias: Tensor


def _wide(linear: nn.Linear) -> _Wide:
    return _Wide(linear.weight.detach().double(), linear.bias.detach().double())


def _projections(attention: Attention) -> tuple[_Wide, _Wide, _Wide, _Wide]:
    return (
        _wide(attention.q_proj),
        _wide(attention.k_proj),
        _wide(attention.v_proj),
        _wide(attention.out_proj),
    )


def _keep(module: nn.Module, name: str, value: Tensor) -> None:
    module.register_buffer(name, value.float().contiguous())
