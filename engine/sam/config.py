"""What a model is, as data: everything `build` needs, kept beside the weights as JSON."""

import json
from dataclasses import asdict, dataclass, fields
from typing import Any

from engine.errors import InvalidCheckpoint


@dataclass(frozen=True)
class VitConfig:
    """The reference encoder (`engine.sam.image_encoder.ImageEncoderViT`)."""

    embed_dim: int
    depth: int
    num_heads: int
    global_attn_indexes: tuple[int, ...]
    patch_size: int = 16
    window_size: int = 14
    mlp_ratio: float = 4.0

    def __post_init__(self) -> None:
        if self.embed_dim % self.num_heads:
            raise InvalidCheckpoint(f"embed_dim {self.embed_dim} is not a multiple of num_heads {self.num_heads}.")
        if self.patch_size != 16:
            raise InvalidCheckpoint(f"The mask decoder needs patches of 16 pixels, not {self.patch_size}.")


@dataclass(frozen=True)
class TinyConfig:
    """The small encoder (`engine.sam.tiny_encoder.TinyEncoder`)."""

    widths: tuple[int, int, int, int] = (48, 128, 192, 224)
    depths: tuple[int, int, int, int] = (2, 3, 4, 2)
    mlp_ratios: tuple[int, int, int, int] = (2, 4, 4, 3)
    head_dim: int = 32

    def __post_init__(self) -> None:
        if self.widths[3] % self.head_dim:
            raise InvalidCheckpoint(
                f"The deepest width {self.widths[3]} is not a multiple of head_dim {self.head_dim}."
            )


@dataclass(frozen=True)
class SamConfig:
    """One model. `arch` names it for people; the rest is its shape. Published values are the defaults."""

    arch: str
    encoder: VitConfig | TinyConfig
    image_size: int = 1024
    prompt_embed_dim: int = 256
    mask_in_chans: int = 16
    decoder_depth: int = 2
    decoder_mlp_dim: int = 2048
    decoder_num_heads: int = 8
    num_multimask_outputs: int = 3
    iou_head_depth: int = 3
    iou_head_hidden_dim: int = 256
    text_dim: int | None = None
    """Values of a text prompt's embedding (768 for CLIP ViT-L/14); the published models take no text."""

    def __post_init__(self) -> None:
        if self.image_size % 32:
            raise InvalidCheckpoint(f"image_size {self.image_size} is not a multiple of 32.")
        if self.text_dim is not None and self.text_dim < 1:
            raise InvalidCheckpoint(f"text_dim is at least 1, or null for a model without text: not {self.text_dim}.")

    @property
    def embedding_side(self) -> int:
        """Positions along the image embedding."""
        return self.image_size // 16

    def to_json(self) -> str:
        """The config as one JSON object; `encoder` carries its kind."""
        kind = "vit" if isinstance(self.encoder, VitConfig) else "tiny"
        data = asdict(self)
        return json.dumps(data | {"encoder": {"kind": kind, **data["encoder"]}}, indent=1)

    @classmethod
    def from_json(cls, text: str) -> "SamConfig":
        """Inverse of `to_json`. Raises InvalidCheckpoint for anything else."""
        try:
            data: dict[str, Any] = json.loads(text)
            encoder = dict(data.pop("encoder"))
            kind = {"vit": VitConfig, "tiny": TinyConfig}[encoder.pop("kind")]
            listed = {key: tuple(value) if isinstance(value, list) else value for key, value in encoder.items()}
            known = {field.name for field in fields(cls)}
            return cls(encoder=kind(**listed), **{key: value for key, value in data.items() if key in known})
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise InvalidCheckpoint(f"The model's JSON is not a model configuration: {error}.") from error
