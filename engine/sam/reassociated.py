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
from torch.nn import functional as F

from engine.sam.layers import MLP, LayerNorm2d
from engine.sam.mask_decoder import MaskDecoder
from engine.sam.model import Sam
from engine.sam.reassociated_attention import ImageToToken, ThinProduct, TokenToImage
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
        moved = ThinProduct(torch.cat(factors, dim=1), torch.cat(rows, dim=1))
        return self.heads(tokens, moved.added_to(share.transpose(1, 2) * prepared.upscaled))

    def _mask_features(self, masks: Tensor) -> Tensor:
        """Mask logits B×1×4S×4S → features B×F×P, the last of which is 1."""
        features = self.prompt_encoder.mask_downscaling[:6](masks).flatten(2)
        return torch.cat([features, torch.ones_like(features[:, :1])], dim=1)


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
        weight, bias = _as_matrix(cast(nn.ConvTranspose2d, decoder.output_upscaling[3]))
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
        return masks.reshape(batch, -1, 4 * side, 4 * side), self.iou_prediction_head(tokens[:, 0])

    def _hypernetworks(self, mask_tokens: Tensor) -> Tensor:
        """Mask tokens B×K×C → the weights of their masks, B×K×(C/8); one perceptron per token, side by side."""
        x = mask_tokens[:, :, None]
        for i in range(self.hypernetwork_layers):
            weight, bias = self.get_buffer(f"hypernetwork_weight_{i}"), self.get_buffer(f"hypernetwork_bias_{i}")
            x = x @ weight + bias
            x = x if i == self.hypernetwork_layers - 1 else F.relu(x)
        return x[:, :, 0]


class _MovedUpscaling(NamedTuple):
    weights: list[Tensor]
    """Per layer, C×C: the transposed convolution as it applies before that layer's last norm."""
    constants: list[Tensor]
    """Per layer, C: what each row of its update adds besides."""
    bias: Tensor
    """C: what is left to add at the old place."""


def _move_upscaling(convolution: nn.ConvTranspose2d, blocks: list[TwoWayAttentionBlock]) -> _MovedUpscaling:
    """Moves a transposed convolution from behind the layers to before them."""
    weight, bias = _as_matrix(convolution)
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


def _as_matrix(convolution: nn.ConvTranspose2d) -> tuple[Tensor, Tensor]:
    """A transposed convolution with stride = kernel = 2 as float64 matrix C×(4·C') and bias, columns by place."""
    weight = convolution.weight.detach().double().permute(0, 2, 3, 1).flatten(1)
    return weight, cast(Tensor, convolution.bias).detach().double().repeat(4)
