"""The models to measure: `vit_t` as it ships, the larger ones with random weights that behave like trained ones."""

import torch
from torch import nn

from engine.sam import Sam, build_sam, load_bundled
from engine.sam.image_encoder import Attention, ImageEncoderViT

_DECODER = "vit_t"


def model_to_measure(name: str) -> Sam:
    """A bundled model, or a published size: random encoder, and the trained decoder of the bundled model."""
    trained = load_bundled(_DECODER)
    if name == _DECODER:
        return trained
    with torch.random.fork_rng():
        torch.manual_seed(0)
        sam = build_sam(name)
        assert isinstance(sam.image_encoder, ImageEncoderViT)
        make_realistic(sam.image_encoder)
    for part in ("prompt_encoder", "mask_decoder"):
        getattr(sam, part).load_state_dict(getattr(trained, part).state_dict())
    # The decoder was trained on embeddings of this scale.
    sam.image_encoder.neck[3].load_state_dict(trained.image_encoder.neck[3].state_dict())
    return sam


@torch.no_grad()
def make_realistic(encoder: ImageEncoderViT) -> None:
    """Replaces initial weights by random ones with the traits of trained ones that make low precision hard.

    Attention is peaked (logits with a standard deviation of several units) and local (relative positions count as much
    as content), keys have large biases, channels differ in scale by an order of magnitude, and a few are far outliers.
    """
    nn.init.normal_(encoder.pos_embed, std=0.3)
    for module in encoder.modules():
        if isinstance(module, nn.LayerNorm):
            module.weight.copy_(torch.randn_like(module.weight).mul(0.5).exp())
            outliers = torch.randperm(len(module.weight))[: max(1, len(module.weight) // 200)]
            module.weight[outliers] *= 8
            nn.init.normal_(module.bias, std=0.2)
        elif isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, std=0.6 * module.in_features**-0.5)
            nn.init.normal_(module.bias, std=0.2)
    for module in encoder.modules():
        if isinstance(module, Attention):
            dim = module.proj.in_features
            nn.init.normal_(module.qkv.weight[: 2 * dim], std=1.2 * dim**-0.5)
            nn.init.normal_(module.qkv.bias[dim : 2 * dim], std=2.0)
            nn.init.normal_(module.rel_pos_h, std=0.15)
            nn.init.normal_(module.rel_pos_w, std=0.15)
