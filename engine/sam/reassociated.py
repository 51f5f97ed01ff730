"""The mask decoder in two steps with the same results: *prepare* once per image, *decode* once per prompt.

The attentions project tokens instead of positions (`reassociated_attention`). What an image→token attention adds to
the image is then a product of two thin matrices, weights (P×hT) times rows (hT×C), and three things follow:

- the first layer's image side is the same for every prompt of an image, so `prepare` computes it;
- a mask prompt is a few features per position under a linear layer, so it too enters the first layer as a thin
  product;
- layer normalisation is linear up to one factor per position, so the first transposed convolution of the upscaling
  moves through the layers to the embedding, and only thin products are left of it per prompt.

Shapes: B prompts, P = S·S positions, T tokens, C channels, h heads of width d, F features of a mask prompt.
"""

import math
from typing import NamedTuple, cast

import torch
from torch import Tensor, nn

from engine.sam.model import Sam
from engine.sam.reassociated_attention import ImageToToken, ThinProduct, TokenToImage
from engine.sam.reassociated_heads import OutputHeads, convolution_as_matrix
from engine.sam.transformer import TwoWayAttentionBlock


class PreparedImage(NamedTuple):
    """What all prompts of one image share. The ONNX graphs call the fields `prepared_` and their name."""

    state: Tensor
    """1×P×C: image embedding, "no mask" embedding and the constants that the first layer adds."""
    keys: Tensor
    """h×d×P: of the first token→image attention."""
    values: Tensor
    """h×P×d: of the first token→image attention."""
    queries: Tensor
    """h×d×P: of the first image→token attention."""
    upscaled: Tensor
    """1×P×C: `state` under the first transposed convolution, which was moved here through the layers."""


class TwoStepDecoder(nn.Module):
    """Prompt encoder and mask decoder of a `Sam`, re-associated.

    For inference: the weights are folded copies, so a decoder built before a training step knows nothing of it.
    """

    position: Tensor
    no_mask: Tensor
    mask_weight: Tensor
    output_tokens: Tensor
    upscaling_bias: Tensor

    @torch.no_grad()
    def __init__(self, sam: Sam) -> None:
        super().__init__()
        decoder, transformer = sam.mask_decoder, sam.mask_decoder.transformer
        blocks = [cast(TwoWayAttentionBlock, block) for block in transformer.layers]
        moved = _move_upscaling(cast(nn.ConvTranspose2d, decoder.output_upscaling[0]), blocks)
        self.prompt_encoder = sam.prompt_encoder
        self.layers = nn.ModuleList(map(TwoStepLayer, blocks, moved.weights, moved.constants))
        self.final_attention = TokenToImage(transformer.final_attn_token_to_image)
        self.final_norm = transformer.norm_final_attn
        self.heads = OutputHeads(decoder)

        no_mask = sam.prompt_encoder.no_mask_embed.weight.detach()
        to_dense = cast(nn.Conv2d, sam.prompt_encoder.mask_downscaling[6])
        # A mask's dense map replaces "no mask", which the state holds already; the difference is one more feature.
        constant = cast(Tensor, to_dense.bias)[None] - no_mask
        tokens = torch.cat([decoder.iou_token.weight, decoder.mask_tokens.weight])
        self.register_buffer("position", sam.prompt_encoder.get_dense_pe().flatten(2).transpose(1, 2).contiguous())
        self.register_buffer("no_mask", no_mask.clone())
        self.register_buffer("mask_weight", torch.cat([to_dense.weight.flatten(1).T, constant]))
        self.register_buffer("output_tokens", tokens)
        self.register_buffer("upscaling_bias", moved.bias)

    def prepare(self, image_embedding: Tensor) -> PreparedImage:
        """Image embedding 1×C×S×S → what all its prompts share."""
        first = cast(TwoStepLayer, self.layers[0])
        state = image_embedding.flatten(2).transpose(1, 2) + self.no_mask
        placed = state + self.position
        return PreparedImage(
            state=state,
            keys=first.from_image.image_keys(placed.squeeze(0)),
            values=first.from_image.image_values(state.squeeze(0)),
            queries=first.to_image.image_queries(placed.squeeze(0)),
            upscaled=state @ first.upscaling,
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
        read = self._read(prepared, sparse, masks)
        return self.heads(read.tokens, read.upscaled(prepared))

    def decode_confident(
        self, prepared: PreparedImage, sparse: Tensor, least_iou: float
    ) -> tuple[Tensor, Tensor, Tensor]:
        """The ambiguity masks of sparse prompt tokens B×N×C whose predicted IoU is above `least_iou`, M in all.

        Prompts without any are not upscaled, which is a good part of their cost.

        Returns:
            Low-res logits M×4S×4S, predicted IoU M, and the index M of each mask's prompt; in the prompts' order.
        """
        read = self._read(prepared, sparse, None)
        predicted_iou = self.heads.predicted_iou(read.tokens)[:, 1:]
        confident = predicted_iou > least_iou
        prompts = confident.any(dim=1).nonzero().squeeze(1)
        if not len(prompts):
            side = 4 * math.isqrt(prepared.state.shape[1])
            return sparse.new_empty(0, side, side), predicted_iou[confident], prompts
        logits = self.heads.masks(read.tokens[prompts], read.of(prompts).upscaled(prepared))[:, 1:]
        which = confident.nonzero()[:, 0]
        return logits[confident[prompts]], predicted_iou[confident], which

    def _read(self, prepared: PreparedImage, sparse: Tensor, masks: Tensor | None) -> "_ReadImage":
        """All attentions: what prompt tokens B×N×C, and masks, have read from the image and written to it."""
        token_position = torch.cat([self.output_tokens.expand(len(sparse), -1, -1), sparse], dim=1)
        mask = None if masks is None else (self._mask_features(masks), self.mask_weight)
        tokens, image, placed = token_position, prepared.state, prepared.state
        factors: list[Tensor] = []
        rows: list[Tensor] = []
        share = image.new_ones(1, 1, image.shape[1])
        for index, module in enumerate(self.layers):
            layer = cast(TwoStepLayer, module)
            if index == 0:
                tokens, update = layer.first(tokens, prepared, mask)
            else:
                tokens, update = layer(tokens, token_position, image, placed)
            image, scale = layer.normalise(update.added_to(image))
            placed = image + self.position
            # The norm's factor reaches everything that has been added so far.
            factors = [factor * scale for factor in (*factors, update.weights)]
            rows.append(layer.moved_rows(update))
            share = share * scale

        outputs = len(self.output_tokens)
        tokens, token_position = tokens[:, :outputs], token_position[:, :outputs]
        tokens = self.final_norm(tokens + self.final_attention(tokens + token_position, placed, image))
        factors.append(torch.ones_like(share))
        rows.append(self.upscaling_bias.expand(len(sparse), 1, -1))
        return _ReadImage(tokens, share, ThinProduct(torch.cat(factors, dim=1), torch.cat(rows, dim=1)))

    def _mask_features(self, masks: Tensor) -> Tensor:
        """Mask logits B×1×4S×4S → features B×F×P, the last of which is 1."""
        features = self.prompt_encoder.mask_downscaling[:6](masks).flatten(2)
        return torch.cat([features, torch.ones_like(features[:, :1])], dim=1)


class _ReadImage(NamedTuple):
    """B prompts after the last attention."""

    tokens: Tensor
    """B×(1+K)×C: the IoU token and the mask tokens."""
    share: Tensor
    """B×1×P: the part of each position's prepared upscaling that is left."""
    moved: ThinProduct
    """What the prompts add to it."""

    def upscaled(self, prepared: PreparedImage) -> Tensor:
        """The image after the first transposed convolution, B×P×C."""
        moved = self.moved.weights.transpose(1, 2) @ self.moved.rows
        return torch.addcmul(moved, self.share.transpose(1, 2), prepared.upscaled)

    def of(self, prompts: Tensor) -> "_ReadImage":
        """Those of some of the prompts, by index."""
        moved = ThinProduct(self.moved.weights[prompts], self.moved.rows[prompts])
        return _ReadImage(self.tokens[prompts], self.share[prompts], moved)


class TwoStepLayer(nn.Module):
    """One two-way layer whose effect on the image stays factored."""

    upscaling: Tensor
    upscaling_constant: Tensor

    def __init__(self, block: TwoWayAttentionBlock, upscaling: Tensor, upscaling_constant: Tensor) -> None:
        super().__init__()
        self.self_attention, self.norm1 = block.self_attn, block.norm1
        self.from_image, self.norm2 = TokenToImage(block.cross_attn_token_to_image), block.norm2
        self.mlp, self.norm3 = block.mlp, block.norm3
        self.to_image, self.norm4 = ImageToToken(block.cross_attn_image_to_token), block.norm4
        self.register_buffer("upscaling", upscaling)
        self.register_buffer("upscaling_constant", upscaling_constant)

    def first(
        self, tokens: Tensor, prepared: PreparedImage, mask: tuple[Tensor, Tensor] | None
    ) -> tuple[Tensor, ThinProduct]:
        """The first layer: its tokens are their own position codes, its image side is prepared.

        `mask` is a mask prompt's features B×F×P and their weight F×C.
        """
        position = tokens
        tokens = self.norm1(self.self_attention(tokens, tokens, tokens))
        attended = self.from_image.from_projected(tokens + position, prepared.keys, prepared.values, mask)
        tokens = self._perceptron(self.norm2(tokens + attended))
        update = self.to_image.from_projected(prepared.queries, tokens + position, tokens, mask)
        if mask is None:
            return tokens, update
        features, weight = mask
        weights = torch.cat([update.weights, features], dim=1)
        return tokens, ThinProduct(weights, torch.cat([update.rows, weight.expand(len(tokens), -1, -1)], dim=1))

    def forward(self, tokens: Tensor, position: Tensor, image: Tensor, placed: Tensor) -> tuple[Tensor, ThinProduct]:
        """Tokens B×T×C and image B×P×C, each with and without position codes → tokens, what to add to the image."""
        queries = tokens + position
        tokens = self.norm1(tokens + self.self_attention(queries, queries, tokens))
        attended = self.from_image(tokens + position, placed, image)
        tokens = self._perceptron(self.norm2(tokens + attended))
        return tokens, self.to_image(placed, tokens + position, tokens)

    def _perceptron(self, tokens: Tensor) -> Tensor:
        return self.norm3(tokens + self.mlp(tokens))

    def normalise(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Image B×P×C → its `norm4`, and the factor by which that scaled each position, B×1×P."""
        norm = self.norm4
        normalised, _, scale = torch.native_layer_norm(image, norm.normalized_shape, norm.weight, norm.bias, norm.eps)
        return normalised, scale.reshape(len(image), 1, -1)

    def moved_rows(self, update: ThinProduct) -> Tensor:
        """The update's rows under the moved transposed convolution, B×hT×C."""
        return update.rows @ self.upscaling + self.upscaling_constant


class _MovedUpscaling(NamedTuple):
    weights: list[Tensor]
    """Per layer, C×C: the transposed convolution as it applies before that layer's last norm."""
    constants: list[Tensor]
    """Per layer, C: what each row of its update adds besides."""
    bias: Tensor
    """C: what is left to add at the old place."""


def _move_upscaling(convolution: nn.ConvTranspose2d, blocks: list[TwoWayAttentionBlock]) -> _MovedUpscaling:
    """Moves a transposed convolution from behind the layers to before them."""
    weight, bias = convolution_as_matrix(convolution)
    weights: list[Tensor] = []
    constants = [bias]
    for block in reversed(blocks):
        constants[-1] = constants[-1] + block.norm4.bias.double() @ weight
        # Before the norm: it scales the channels and subtracts their mean.
        weight = block.norm4.weight.double()[:, None] * weight
        weight = weight - weight.mean(dim=0)
        weights.append(weight.float())
        constants.append(torch.zeros_like(bias))
    heads = blocks[0].cross_attn_image_to_token.num_heads
    # Each head's attention weights sum to one: a constant may be shared out among the rows of the heads.
    per_row = [(constant / heads).float() for constant in constants[1:]]
    return _MovedUpscaling(weights[::-1], per_row[::-1], constants[0].float())
