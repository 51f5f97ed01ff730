"""The mask decoder in two steps with the same results: *prepare* once per image, *decode* once per prompt.

The attentions project tokens instead of positions (`reassociated_attention`), and what they add to the image stays
factored (`reassociated_image`). So until the upscaling a prompt costs thin products only: all that the layers do to the
embedding alone is prepared. That holds for a mask prompt too, which is a few features per position under a linear
layer, and for the first transposed convolution of the upscaling, which moves through the layers.

Shapes: B prompts, P = S·S positions, T tokens, C channels, h heads of width d, F features of a mask prompt.
"""

import math
from typing import NamedTuple, cast

import torch
from torch import Tensor, nn

from engine.sam.model import Sam
from engine.sam.reassociated_attention import ImageToToken, Reading, TokenToImage, project
from engine.sam.reassociated_folding import Arriving, SoFar, Source, keep, source_of, through
from engine.sam.reassociated_heads import OutputHeads, ThinImage
from engine.sam.reassociated_image import Addition, Overlap, ThinSum
from engine.sam.transformer import TwoWayAttentionBlock


class PreparedLayer(NamedTuple):
    """What a layer makes of the embedding as it arrives there."""

    keys: Tensor
    """h×d×P: of the token→image attention."""
    values: Tensor
    """h×d×P: of the token→image attention."""
    queries: Tensor
    """h×d×P: of the image→token attention."""
    overlap: Overlap


class PreparedImage(NamedTuple):
    """What all prompts of one image share."""

    layers: tuple[PreparedLayer, ...]
    final_keys: Tensor
    """h×d×P: of the final token→image attention."""
    final_values: Tensor
    """h×d×P: of the final token→image attention."""
    upscaled: Tensor
    """C×P: the embedding after the first transposed convolution."""

    def named(self) -> dict[str, Tensor]:
        """All tensors, each under a name of its own."""
        named: dict[str, Tensor] = {}
        for index, layer in enumerate(self.layers):
            named |= {f"keys_{index}": layer.keys, f"values_{index}": layer.values, f"queries_{index}": layer.queries}
            named |= {f"overlap_{index}_{i}": value for i, value in enumerate(layer.overlap.values)}
            named |= {f"mask_overlap_{index}": layer.overlap.mask, f"energy_{index}": layer.overlap.energy}
        return named | {"final_keys": self.final_keys, "final_values": self.final_values, "upscaled": self.upscaled}

    @staticmethod
    def of(named: dict[str, Tensor]) -> "PreparedImage":
        """Inverse of `named`."""
        layers: list[PreparedLayer] = []
        while f"keys_{len(layers)}" in named:
            i = len(layers)
            values = tuple(named[f"overlap_{i}_{j}"] for j in range(i + 1))
            overlap = Overlap(named[f"energy_{i}"], values, named[f"mask_overlap_{i}"])
            layers.append(PreparedLayer(named[f"keys_{i}"], named[f"values_{i}"], named[f"queries_{i}"], overlap))
        return PreparedImage(tuple(layers), named["final_keys"], named["final_values"], named["upscaled"])


class TwoStepDecoder(nn.Module):
    """Prompt encoder and mask decoder of a `Sam`, re-associated.

    For inference: the weights are folded copies, so a decoder built before a training step knows nothing of it.
    """

    constant: Tensor
    mask_weight: Tensor
    output_tokens: Tensor

    @torch.no_grad()
    def __init__(self, sam: Sam) -> None:
        super().__init__()
        decoder, transformer = sam.mask_decoder, sam.mask_decoder.transformer
        no_mask = sam.prompt_encoder.no_mask_embed.weight.detach().double()
        to_dense = cast(nn.Conv2d, sam.prompt_encoder.mask_downscaling[6])
        # A mask's dense map replaces "no mask", which the embedding is given first; the difference is one more feature.
        difference = cast(Tensor, to_dense.bias).detach().double() - no_mask
        mask_weight = torch.cat([to_dense.weight.detach().double().flatten(1).T, difference])
        position = sam.prompt_encoder.get_dense_pe().detach().double().squeeze(0).flatten(1)
        blocks = [cast(TwoWayAttentionBlock, block) for block in transformer.layers]
        # What the first layer adds everywhere is in the embedding from the start, but its attentions come before.
        first = cast(Tensor, blocks[0].cross_attn_image_to_token.out_proj.bias).detach().double()

        self.prompt_encoder = sam.prompt_encoder
        self.layers = nn.ModuleList()
        so_far = SoFar(Arriving(-first, position), [], mask_weight)
        for block in blocks:
            layer = TwoStepLayer(block, so_far)
            self.layers.append(layer)
            so_far = layer.leaving(so_far)
        self.final_attention = TokenToImage(transformer.final_attn_token_to_image, so_far.image)
        self.final_norm = transformer.norm_final_attn
        self.heads = OutputHeads(decoder, so_far)

        keep(self, "constant", (no_mask + first).T)
        keep(self, "mask_weight", mask_weight)
        self.register_buffer("output_tokens", torch.cat([decoder.iou_token.weight, decoder.mask_tokens.weight]))

    def prepare(self, image_embedding: Tensor) -> PreparedImage:
        """Image embedding 1×C×S×S → what all its prompts share."""
        embedding = image_embedding.squeeze(0).flatten(1) + self.constant
        layers: list[PreparedLayer] = []
        for index, module in enumerate(self.layers):
            layer, embedding = cast(TwoStepLayer, module).prepare(embedding, is_first=index == 0)
            layers.append(layer)
        return PreparedImage(
            layers=tuple(layers),
            final_keys=self.final_attention.image_keys(embedding),
            final_values=self.final_attention.image_values(embedding),
            upscaled=self.heads.embedding_upscaled(embedding),
        )

    def decode(
        self, prepared: PreparedImage, coords: Tensor, labels: Tensor, masks: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Decode B prompts of one image.

        Args:
            prepared: from `prepare`.
            coords: B×N×2 (x, y) in the model-input frame.
            labels: B×N: 0 background, 1 foreground, 2 and 3 box corners, -1 padding. The padding point that belongs
                to points without a box is the caller's to add.
            masks: logits B×1×4S×4S of a previous decode, or None.

        Returns:
            Low-res logits B×K×4S×4S and predicted IoU B×K, the single-mask token first.
        """
        return self.decode_tokens(prepared, self.prompt_encoder.embed_points(coords, labels), masks)

    def decode_tokens(
        self, prepared: PreparedImage, sparse: Tensor, masks: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """`decode` of sparse prompt tokens B×N×C."""
        tokens, image = self._read(prepared, sparse, masks)
        return self.heads.masks(tokens, image, prepared.upscaled), self.heads.predicted_iou(tokens)

    def decode_confident(
        self, prepared: PreparedImage, sparse: Tensor, least_iou: float
    ) -> tuple[Tensor, Tensor, Tensor]:
        """The ambiguity masks of sparse prompt tokens B×N×C whose predicted IoU is above `least_iou`, M in all.

        Prompts without any are not upscaled, which is a good part of their cost.

        Returns:
            Low-res logits M×4S×4S, predicted IoU M, and the index M of each mask's prompt; in the prompts' order.
        """
        tokens, image = self._read(prepared, sparse, None)
        predicted_iou = self.heads.predicted_iou(tokens)[:, 1:]
        confident = predicted_iou > least_iou
        prompts = confident.any(dim=1).nonzero().squeeze(1)
        if not len(prompts):
            side = 4 * math.isqrt(prepared.upscaled.shape[1])
            return sparse.new_empty(0, side, side), predicted_iou[confident], prompts
        logits = self.heads.ambiguity_masks(tokens[prompts], image.of(prompts), prepared.upscaled)
        which = confident.nonzero()[:, 0]
        return logits[confident[prompts]], predicted_iou[confident], which

    def _read(self, prepared: PreparedImage, sparse: Tensor, masks: Tensor | None) -> tuple[Tensor, ThinImage]:
        """All attentions: output tokens B×(1+K)×C that have read the image, and what was written to it."""
        position = torch.cat([self.output_tokens.expand(len(sparse), -1, -1), sparse], dim=1)
        mask = None if masks is None else (self._mask_features(masks), self.mask_weight)
        tokens, added = position, ThinSum()
        for index, (module, image) in enumerate(zip(self.layers, prepared.layers, strict=True)):
            layer = cast(TwoStepLayer, module)
            if index == 0:
                tokens, addition = layer.first(tokens, image, mask)
            else:
                tokens, addition = layer(tokens, position, image, added)
            added.add(addition, layer.norm4, image.overlap)

        outputs = len(self.output_tokens)
        tokens, position = tokens[:, :outputs], position[:, :outputs]
        read = self.final_attention(tokens + position, prepared.final_keys, prepared.final_values, added)
        return self.final_norm(tokens + read), self.heads.to_upscale(added)

    def _mask_features(self, masks: Tensor) -> Tensor:
        """Mask logits B×1×4S×4S → features B×F×P, the last of which is 1."""
        features = self.prompt_encoder.mask_downscaling[:6](masks).flatten(2)
        return torch.cat([features, torch.ones_like(features[:, :1])], dim=1)


class TwoStepLayer(nn.Module):
    """One two-way layer whose effect on the image stays factored."""

    row_constant: Tensor
    overlap_constants: Tensor
    overlap_mask: Tensor

    def __init__(self, block: TwoWayAttentionBlock, so_far: SoFar) -> None:
        super().__init__()
        self.self_attention, self.norm1 = block.self_attn, block.norm1
        self.from_image, self.norm2 = TokenToImage(block.cross_attn_token_to_image, so_far.image), block.norm2
        self.mlp, self.norm3 = block.mlp, block.norm3
        self.to_image, self.norm4 = ImageToToken(block.cross_attn_image_to_token, so_far.image), block.norm4
        self.source = source_of(block.cross_attn_image_to_token, so_far.image)
        sources = [*so_far.sources, self.source]
        # Each head's attention weights sum to one: a constant may be shared out among the rows of the heads.
        keep(self, "row_constant", self.source.constant / self.to_image.num_heads)
        for index, source in enumerate(sources):
            keep(self, f"overlap_values_{index}", 2 * source.values)
        constants = [2 * source.constant for source in sources[1:]]
        keep(self, "overlap_constants", torch.stack(constants) if constants else so_far.mask_weight[:0])
        keep(self, "overlap_mask", 2 * so_far.mask_weight)
        self.depth = len(sources)

    def leaving(self, so_far: SoFar) -> SoFar:
        """What arrives at the next layer."""
        sources = [*so_far.sources, self.source]
        return SoFar(
            Arriving(self.norm4.bias.detach().double(), so_far.image.position),
            [Source(through(self.norm4, values), through(self.norm4, constant)) for values, constant in sources],
            through(self.norm4, so_far.mask_weight),
        )

    def prepare(self, embedding: Tensor, *, is_first: bool) -> tuple[PreparedLayer, Tensor]:
        """Embedding C×P as it arrives → what prompts need of it here, and the embedding as it arrives next."""
        keys, queries = self.from_image.image_keys(embedding), self.to_image.image_queries(embedding)
        if is_first:
            keys, queries = keys + self.from_image.placed_keys, queries + self.to_image.placed_queries
        centred = embedding - embedding.mean(dim=0, keepdim=True)
        energy = (centred * centred).sum(dim=0, keepdim=True)
        overlap = Overlap(
            energy=torch.cat([energy, self.overlap_constants @ centred]),
            values=tuple(project(self.get_buffer(f"overlap_values_{i}"), centred) for i in range(self.depth)),
            mask=self.overlap_mask @ centred,
        )
        values = self.from_image.image_values(embedding)
        return PreparedLayer(keys, values, queries, overlap), centred * self.norm4.weight[:, None]

    def first(
        self, tokens: Tensor, image: PreparedLayer, mask: tuple[Tensor, Tensor] | None
    ) -> tuple[Tensor, Addition]:
        """The first layer: its tokens are their own position codes, and nothing was added to the image before.

        `mask` is a mask prompt's features B×F×P and their weight F×C.
        """
        position = tokens
        tokens = self.norm1(self.self_attention(tokens, tokens, tokens))
        attended = self.from_image.first(tokens + position, image.keys, image.values, mask)
        tokens = self._perceptron(self.norm2(tokens + attended))
        addition = self._addition(self.to_image.first(image.queries, tokens + position, tokens, mask))
        if mask is None:
            return tokens, addition
        features, weight = mask
        weights = torch.cat([addition.weights, features], dim=1)
        rows = torch.cat([addition.rows, weight.expand(len(tokens), -1, -1)], dim=1)
        return tokens, Addition(weights, rows, addition.values)

    def forward(
        self, tokens: Tensor, position: Tensor, image: PreparedLayer, added: ThinSum
    ) -> tuple[Tensor, Addition]:
        """Tokens B×T×C and their position codes, and what the layers before have added to the image → tokens, and what
        this one adds."""
        queries = tokens + position
        tokens = self.norm1(tokens + self.self_attention(queries, queries, tokens))
        attended = self.from_image(tokens + position, image.keys, image.values, added)
        tokens = self._perceptron(self.norm2(tokens + attended))
        return tokens, self._addition(self.to_image(image.queries, tokens + position, tokens, added))

    def _perceptron(self, tokens: Tensor) -> Tensor:
        return self.norm3(tokens + self.mlp(tokens))

    def _addition(self, reading: Reading) -> Addition:
        rows = (reading.values @ self.to_image.out_weight).flatten(1, 2) + self.row_constant
        return Addition(reading.weights, rows, reading.values)
