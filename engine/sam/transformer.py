"""The two-way transformer of the mask decoder. Source: Segment Anything, appendix A, "Lightweight mask decoder"."""

from torch import Tensor, nn
from torch.nn import functional as F

from engine.sam.layers import MLPBlock


class TwoWayTransformer(nn.Module):
    """Tokens and image positions attend to each other, `depth` times, then tokens to the image once more.

    `dropout` is for training, on every residual branch (the paper: 0.1); it starts off, as in the published code.
    """

    def __init__(self, *, depth: int, embedding_dim: int, num_heads: int, mlp_dim: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            TwoWayAttentionBlock(embedding_dim, num_heads, mlp_dim, skip_first_layer_pe=i == 0) for i in range(depth)
        )
        self.final_attn_token_to_image = Attention(embedding_dim, num_heads, downsample_rate=2)
        self.norm_final_attn = nn.LayerNorm(embedding_dim)
        self.dropout = 0.0

    def set_dropout(self, rate: float) -> None:
        """The share of each residual branch's values that is dropped while training."""
        self.dropout = rate
        for layer in self.layers:
            assert isinstance(layer, TwoWayAttentionBlock)
            layer.dropout = rate

    def forward(self, image_embedding: Tensor, image_pe: Tensor, point_embedding: Tensor) -> tuple[Tensor, Tensor]:
        """Image B×C×H×W with its position code, tokens B×N×C → tokens B×N×C, image B×(H·W)×C."""
        keys = image_embedding.flatten(2).transpose(1, 2)
        key_pe = image_pe.flatten(2).transpose(1, 2)
        queries = point_embedding
        for layer in self.layers:
            queries, keys = layer(queries, keys, query_pe=point_embedding, key_pe=key_pe)
        attended = self.final_attn_token_to_image(q=queries + point_embedding, k=keys + key_pe, v=keys)
        return self.norm_final_attn(queries + F.dropout(attended, self.dropout, self.training)), keys


class TwoWayAttentionBlock(nn.Module):
    """Token self-attention, tokens → image, MLP on the tokens, image → tokens; post-norm."""

    def __init__(self, embedding_dim: int, num_heads: int, mlp_dim: int, *, skip_first_layer_pe: bool) -> None:
        super().__init__()
        self.self_attn = Attention(embedding_dim, num_heads)
        self.norm1 = nn.LayerNorm(embedding_dim)
        self.cross_attn_token_to_image = Attention(embedding_dim, num_heads, downsample_rate=2)
        self.norm2 = nn.LayerNorm(embedding_dim)
        self.mlp = MLPBlock(embedding_dim, mlp_dim, nn.ReLU)
        self.norm3 = nn.LayerNorm(embedding_dim)
        self.norm4 = nn.LayerNorm(embedding_dim)
        self.cross_attn_image_to_token = Attention(embedding_dim, num_heads, downsample_rate=2)
        self.skip_first_layer_pe = skip_first_layer_pe
        self.dropout = 0.0

    def forward(self, queries: Tensor, keys: Tensor, query_pe: Tensor, key_pe: Tensor) -> tuple[Tensor, Tensor]:
        if self.skip_first_layer_pe:
            # In the first layer the tokens are the position codes themselves.
            queries = self._drop(self.self_attn(q=queries, k=queries, v=queries))
        else:
            placed = queries + query_pe
            queries = queries + self._drop(self.self_attn(q=placed, k=placed, v=queries))
        queries = self.norm1(queries)
        queries = queries + self._drop(self.cross_attn_token_to_image(q=queries + query_pe, k=keys + key_pe, v=keys))
        queries = self.norm2(queries)
        queries = self.norm3(queries + self._drop(self.mlp(queries)))
        keys = keys + self._drop(self.cross_attn_image_to_token(q=keys + key_pe, k=queries + query_pe, v=queries))
        return queries, self.norm4(keys)

    def _drop(self, branch: Tensor) -> Tensor:
        return F.dropout(branch, self.dropout, self.training)


class Attention(nn.Module):
    """Multi-head attention whose inner width is `embedding_dim / downsample_rate`."""

    def __init__(self, embedding_dim: int, num_heads: int, downsample_rate: int = 1) -> None:
        super().__init__()
        inner = embedding_dim // downsample_rate
        self.num_heads = num_heads
        self.q_proj = nn.Linear(embedding_dim, inner)
        self.k_proj = nn.Linear(embedding_dim, inner)
        self.v_proj = nn.Linear(embedding_dim, inner)
        self.out_proj = nn.Linear(inner, embedding_dim)

    def forward(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        q, k, v = (self._split(projected) for projected in (self.q_proj(q), self.k_proj(k), self.v_proj(v)))
        # Spelled out: with a handful of tokens on one side and 16 channels a head, the fused kernel's backward pass
        # took a quarter of a training step on a CPU.
        weights = (q @ k.transpose(-2, -1) * q.shape[-1] ** -0.5).softmax(-1)
        return self.out_proj((weights @ v).transpose(1, 2).flatten(2))

    def _split(self, x: Tensor) -> Tensor:
        """B×N×(heads·d) → B×heads×N×d."""
        return x.unflatten(-1, (self.num_heads, -1)).transpose(1, 2)
