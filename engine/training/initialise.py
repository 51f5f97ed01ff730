"""First weights for a model trained from scratch in little time."""

import torch
from torch import nn

from engine.sam import Sam
from engine.sam.transformer import Attention, TwoWayAttentionBlock

LOOKUP_GAIN = 3.0


@torch.no_grad()
def tie_position_lookup(sam: Sam) -> None:
    """Make every cross-attention of the decoder start by looking where the prompt is.

    Queries and keys carry the same position code. With equal query and key projections their product is largest where
    the positions agree, so a point token reads the image at the point from the first step on; independent projections
    have to discover that, which takes hundreds of steps of empty masks.
    """
    transformer = sam.mask_decoder.transformer
    attentions: list[nn.Module] = [transformer.final_attn_token_to_image]
    for layer in transformer.layers:
        assert isinstance(layer, TwoWayAttentionBlock)
        attentions += [layer.cross_attn_token_to_image, layer.cross_attn_image_to_token]
    for attention in attentions:
        assert isinstance(attention, Attention)
        attention.q_proj.weight.mul_(LOOKUP_GAIN)
        attention.k_proj.weight.copy_(attention.q_proj.weight)
