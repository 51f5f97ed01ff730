"""The mask decoder's two cross-attentions with the few tokens projected instead of the many image positions.

q·(W x) = (Wᵀ q)·x and Σ a·(W x) = W (Σ a·x), so a projection can change sides without changing the result. What it
does to the embedding is prepared once per image; what the layers have added to the image is a few rows, which are
projected instead of the positions that they reach.

Shapes: B prompts, P positions, T tokens, C channels, h heads of width d, F features of a mask prompt.
"""

from typing import NamedTuple

from torch import Tensor, nn

from engine.sam.reassociated_folding import Arriving, keep, projections
from engine.sam.reassociated_image import ThinSum, shared_matmul
from engine.sam.transformer import Attention


class TokenToImage(nn.Module):
    """Tokens attend to image positions."""

    query_weight: Tensor
    query_bias: Tensor
    key_weight: Tensor
    value_weight: Tensor
    placed_keys: Tensor
    out_weight: Tensor
    out_bias: Tensor

    def __init__(self, attention: Attention, image: Arriving) -> None:
        super().__init__()
        self.num_heads = attention.num_heads
        q, k, v, out = projections(attention)
        scale = (q.weight.shape[0] // self.num_heads) ** -0.5
        keep(self, "query_weight", q.weight * scale)
        keep(self, "query_bias", q.bias * scale)
        # The keys' bias adds the same to every position, which the softmax removes.
        keep(self, "key_weight", k.weight.unflatten(0, (self.num_heads, -1)))
        keep(self, "value_weight", v.weight.unflatten(0, (self.num_heads, -1)))
        placed = k.weight @ (image.position + image.constant[:, None])
        keep(self, "placed_keys", placed.unflatten(0, (self.num_heads, -1)))
        keep(self, "out_weight", out.weight)
        # Attention weights sum to one, so what is the same at every position is a constant of the output.
        keep(self, "out_bias", out.bias + out.weight @ (v.bias + v.weight @ image.constant))

    def image_keys(self, embedding: Tensor) -> Tensor:
        """Embedding C×P → keys h×d×P, without those of the position code."""
        return project(self.key_weight, embedding)

    def image_values(self, embedding: Tensor) -> Tensor:
        """Embedding C×P → values h×d×P."""
        return project(self.value_weight, embedding)

    def first(self, tokens: Tensor, keys: Tensor, values: Tensor, mask: tuple[Tensor, Tensor] | None) -> Tensor:
        """Tokens B×T×C with their position code → what to add, B×T×C, where nothing was added to the image yet.

        `keys` are `image_keys` with `placed_keys`, and `mask` is what a mask prompt adds to the image, as features
        B×F×P and their weight F×C.
        """
        queries = self._queries(tokens)
        scores = shared_matmul(queries, keys)
        if mask is None:
            return self._output(shared_matmul(scores.softmax(dim=-1), values.transpose(1, 2)))
        features, weight = mask[0][:, None], mask[1]
        attention = (scores + (queries @ (self.key_weight @ weight.T)) @ features).softmax(dim=-1)
        of_mask = (attention @ features.transpose(2, 3)) @ (weight @ self.value_weight.transpose(1, 2))
        return self._output(shared_matmul(attention, values.transpose(1, 2)) + of_mask)

    def forward(self, tokens: Tensor, keys: Tensor, values: Tensor, added: ThinSum) -> Tensor:
        """Tokens B×T×C with their position code → what to add, B×T×C.

        `keys` and `values` are `image_keys` and `image_values`, and `added` is what the layers before have added.
        """
        queries = self._queries(tokens)
        of_image = shared_matmul(queries, keys).flatten(1, 2)
        scores = added.products((queries @ self.key_weight).flatten(1, 2), of_image)
        attention = (scores + shared_matmul(queries, self.placed_keys).flatten(1, 2)).softmax(dim=-1)
        of_added, attention = added.sums(attention)
        attended = shared_matmul(attention.unflatten(1, (self.num_heads, -1)), values.transpose(1, 2))
        of_added = of_added.unflatten(1, (self.num_heads, -1)) @ self.value_weight.transpose(1, 2)
        return self._output(attended + of_added)

    def _queries(self, tokens: Tensor) -> Tensor:
        projected = tokens @ self.query_weight.T + self.query_bias
        return _split(projected, self.num_heads)

    def _output(self, per_head: Tensor) -> Tensor:
        return per_head.transpose(1, 2).flatten(2) @ self.out_weight.T + self.out_bias


class Reading(NamedTuple):
    """What image positions read from the tokens: per head, weights × values under `ImageToToken.out_weight`."""

    weights: Tensor
    """B×hT×P: positions last, so that all that is done to them runs along memory. Each head's sum to one."""
    values: Tensor
    """B×h×T×d"""


class ImageToToken(nn.Module):
    """Image positions attend to tokens. What they read stays factored."""

    query_weight: Tensor
    query_bias: Tensor
    placed_queries: Tensor
    key_weight: Tensor
    key_bias: Tensor
    value_weight: Tensor
    value_bias: Tensor
    out_weight: Tensor

    def __init__(self, attention: Attention, image: Arriving) -> None:
        super().__init__()
        self.num_heads = attention.num_heads
        q, k, v, out = projections(attention)
        scale = (q.weight.shape[0] // self.num_heads) ** -0.5
        keep(self, "query_weight", (q.weight * scale).unflatten(0, (self.num_heads, -1)))
        placed = q.weight @ (image.position + image.constant[:, None]) + q.bias[:, None]
        keep(self, "placed_queries", (placed * scale).unflatten(0, (self.num_heads, -1)))
        keep(self, "key_weight", k.weight)
        keep(self, "key_bias", k.bias)
        keep(self, "value_weight", v.weight)
        keep(self, "value_bias", v.bias)
        keep(self, "out_weight", out.weight.T.unflatten(0, (self.num_heads, -1)))

    def image_queries(self, embedding: Tensor) -> Tensor:
        """Embedding C×P → queries h×d×P, without those of the position code."""
        return project(self.query_weight, embedding)

    def first(
        self, queries: Tensor, placed_tokens: Tensor, tokens: Tensor, mask: tuple[Tensor, Tensor] | None
    ) -> Reading:
        """Tokens B×T×C with and without their position code → what is read, where nothing was added to the image yet.

        `queries` are `image_queries` with `placed_queries`; a mask prompt is given as in `TokenToImage.first`.
        """
        keys = self._keys(placed_tokens)
        scores = shared_matmul(keys, queries)
        if mask is not None:
            features, weight = mask
            scores = scores + (keys @ (self.query_weight @ weight.T)) @ features[:, None]
        return Reading(_softmax_over_tokens(scores), self._values(tokens))

    def forward(self, queries: Tensor, placed_tokens: Tensor, tokens: Tensor, added: ThinSum) -> Reading:
        """`queries` are `image_queries`, and `added` is what the layers before have added."""
        keys = self._keys(placed_tokens)
        of_image = shared_matmul(keys, queries).flatten(1, 2)
        scores = added.products((keys @ self.query_weight).flatten(1, 2), of_image)
        scores = scores.unflatten(1, (self.num_heads, -1)) + shared_matmul(keys, self.placed_queries)
        return Reading(_softmax_over_tokens(scores), self._values(tokens))

    def _keys(self, placed_tokens: Tensor) -> Tensor:
        return _split(placed_tokens @ self.key_weight.T + self.key_bias, self.num_heads)

    def _values(self, tokens: Tensor) -> Tensor:
        return _split(tokens @ self.value_weight.T + self.value_bias, self.num_heads)


def project(weight: Tensor, image: Tensor) -> Tensor:
    """Weight h×d×C and image C×P → h×d×P."""
    return (weight.flatten(0, 1) @ image).unflatten(0, weight.shape[:2])


def _split(x: Tensor, heads: int) -> Tensor:
    """B×T×(h·d) → B×h×T×d."""
    return x.unflatten(-1, (heads, -1)).transpose(1, 2)


def _softmax_over_tokens(scores: Tensor) -> Tensor:
    """B×h×T×P scores → B×hT×P weights. Written out: along the last axis, 7 numbers at a time, softmax is slow."""
    weights = (scores - scores.amax(dim=2, keepdim=True)).exp()
    return (weights / weights.sum(dim=2, keepdim=True)).flatten(1, 2)
