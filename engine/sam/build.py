"""One function per model size."""

from collections.abc import Callable

import torch

from engine.errors import InvalidInput
from engine.sam.config import SamConfig, TinyConfig, VitConfig
from engine.sam.image_encoder import ImageEncoderViT
from engine.sam.mask_decoder import MaskDecoder
from engine.sam.model import Sam
from engine.sam.prompt_encoder import PromptEncoder
from engine.sam.tiny_encoder import TinyEncoder
from engine.sam.transformer import TwoWayTransformer


def vit_b() -> SamConfig:
    """ViT-B: 91 M encoder parameters."""
    return SamConfig("vit_b", VitConfig(embed_dim=768, depth=12, num_heads=12, global_attn_indexes=(2, 5, 8, 11)))


def vit_l() -> SamConfig:
    """ViT-L: 308 M encoder parameters."""
    return SamConfig("vit_l", VitConfig(embed_dim=1024, depth=24, num_heads=16, global_attn_indexes=(5, 11, 17, 23)))


def vit_h() -> SamConfig:
    """ViT-H: 636 M encoder parameters."""
    return SamConfig("vit_h", VitConfig(embed_dim=1280, depth=32, num_heads=16, global_attn_indexes=(7, 15, 23, 31)))


def vit_t() -> SamConfig:
    """The bundled default: a 4 M parameter encoder under the published prompt encoder and mask decoder."""
    return SamConfig("vit_t", TinyConfig(), image_size=640)


ARCHITECTURES: dict[str, Callable[[], SamConfig]] = {
    "vit_b": vit_b,
    "vit_l": vit_l,
    "vit_h": vit_h,
    "vit_t": vit_t,
}


def architecture(name: str) -> SamConfig:
    """The configuration of a named size. Raises InvalidInput for an unknown name."""
    if name not in ARCHITECTURES:
        raise InvalidInput(f"There is no architecture {name!r}; choose one of {', '.join(sorted(ARCHITECTURES))}.")
    return ARCHITECTURES[name]()


def build_sam(config: SamConfig | str) -> Sam:
    """A model with freshly initialised weights, in evaluation mode. `config` may be the name of a size."""
    c = architecture(config) if isinstance(config, str) else config
    if isinstance(c.encoder, VitConfig):
        encoder: ImageEncoderViT | TinyEncoder = ImageEncoderViT(
            img_size=c.image_size,
            patch_size=c.encoder.patch_size,
            embed_dim=c.encoder.embed_dim,
            depth=c.encoder.depth,
            num_heads=c.encoder.num_heads,
            mlp_ratio=c.encoder.mlp_ratio,
            out_chans=c.prompt_embed_dim,
            window_size=c.encoder.window_size,
            global_attn_indexes=c.encoder.global_attn_indexes,
        )
    else:
        encoder = TinyEncoder(
            widths=c.encoder.widths,
            depths=c.encoder.depths,
            mlp_ratios=c.encoder.mlp_ratios,
            head_dim=c.encoder.head_dim,
            out_chans=c.prompt_embed_dim,
        )
    prompt_encoder = PromptEncoder(
        embed_dim=c.prompt_embed_dim,
        side=c.embedding_side,
        input_side=c.image_size,
        mask_in_chans=c.mask_in_chans,
        text_dim=c.text_dim,
    )
    mask_decoder = MaskDecoder(
        transformer_dim=c.prompt_embed_dim,
        transformer=TwoWayTransformer(
            depth=c.decoder_depth,
            embedding_dim=c.prompt_embed_dim,
            num_heads=c.decoder_num_heads,
            mlp_dim=c.decoder_mlp_dim,
        ),
        num_multimask_outputs=c.num_multimask_outputs,
        iou_head_depth=c.iou_head_depth,
        iou_head_hidden_dim=c.iou_head_hidden_dim,
    )
    return Sam(c, encoder, prompt_encoder, mask_decoder).eval()


def empty_sam(config: SamConfig) -> Sam:
    """The model on the meta device: shapes and keys without memory, to be filled by a checkpoint."""
    with torch.device("meta"):
        return build_sam(config)
