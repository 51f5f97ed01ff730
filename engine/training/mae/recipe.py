"""How encoders are pre-trained. Values from He et al. (2022), appendix A.1, unless a comment says otherwise."""

import math
from dataclasses import dataclass, replace

from engine.errors import InvalidSetting
from engine.sam import SamConfig, TinyConfig, architecture
from engine.training.mae.tiny_autoencoder import TinyAutoencoder
from engine.training.mae.vit_autoencoder import VitAutoencoder

Autoencoder = VitAutoencoder | TinyAutoencoder


@dataclass(frozen=True)
class MaeRecipe:
    """Everything a run of pre-training depends on besides its pictures and its seed.

    Attributes:
        arch: the model whose encoder is pre-trained.
        epochs: passes over the pictures.
        images: of one optimizer step, over all processes.
        images_per_pass: what one device handles at once.
        base_learning_rate: for 256 images; the rate is in proportion to `images`.
        warmup_epochs: of a linear warm-up; then the rate falls to zero along half a cosine.
        betas: of AdamW.
        weight_decay: of matrices and kernels.
        hidden: share of the patches.
        side: of the pictures, in pixels.
        smallest_crop: share of a picture's area that a random crop has at least; it is mirrored half of the time.
        decoder_width: of a ViT's decoder; the small encoder has a single layer.
        decoder_depth: its blocks.
        decoder_heads: its attention heads.
    """

    arch: str
    epochs: int = 800
    images: int = 4096
    images_per_pass: int = 64
    base_learning_rate: float = 1.5e-4
    warmup_epochs: int = 40
    betas: tuple[float, float] = (0.9, 0.95)
    weight_decay: float = 0.05
    hidden: float = 0.75
    side: int = 224
    smallest_crop: float = 0.2
    decoder_width: int = 512
    decoder_depth: int = 8
    decoder_heads: int = 16

    def __post_init__(self) -> None:
        architecture(self.arch)
        for name in ("epochs", "images", "images_per_pass", "decoder_width", "decoder_depth", "decoder_heads"):
            if getattr(self, name) < 1:
                raise InvalidSetting(f"{name} is at least 1, not {getattr(self, name)}.")
        if not 0 <= self.warmup_epochs <= self.epochs:
            raise InvalidSetting(f"{self.warmup_epochs} warm-up epochs do not fit into {self.epochs} epochs.")
        if not 0 < self.hidden < 1:
            raise InvalidSetting(f"hidden is a share of the patches: between 0 and 1, not {self.hidden}.")
        if not 0 < self.smallest_crop <= 1:
            raise InvalidSetting(f"smallest_crop is above 0 and at most 1, not {self.smallest_crop}.")
        if not self.base_learning_rate > 0 or self.weight_decay < 0 or not all(0 <= beta < 1 for beta in self.betas):
            raise InvalidSetting("base_learning_rate is above 0, weight_decay not negative, betas are in [0, 1).")
        if self.side < 32 or self.side % 32:
            raise InvalidSetting(f"side is a multiple of 32 pixels, not {self.side}.")

    @property
    def learning_rate(self) -> float:
        """After the warm-up."""
        return self.base_learning_rate * self.images / 256

    def steps(self, pictures: int) -> int:
        """Optimizer steps of all epochs over that many pictures."""
        return max(1, self.epochs * pictures // self.images)

    def rate(self, step: int, steps: int) -> float:
        """The learning rate of a step (counted from 0) of a run of `steps`."""
        warmup = steps * self.warmup_epochs / self.epochs
        if step < warmup:
            return self.learning_rate * (step + 1) / math.ceil(warmup)
        return self.learning_rate * 0.5 * (1 + math.cos(math.pi * (step - warmup) / (steps - warmup)))

    def check(self, world: int) -> None:
        """Raise InvalidSetting where `world` processes cannot share a batch evenly."""
        if self.images % world:
            raise InvalidSetting(f"A batch of {self.images} images cannot be shared evenly by {world} processes.")


def mae(arch: str = "vit_b", epochs: int = 800) -> MaeRecipe:
    """Pre-training of the encoder of a model, as published; for the small encoder, with what suits convolutions."""
    recipe = MaeRecipe(arch, epochs=epochs, warmup_epochs=min(40, epochs // 20))
    if isinstance(architecture(arch).encoder, TinyConfig):
        # Less is hidden: SimMIM and SparK both take 60 % where the hidden part is painted over or convolved.
        return replace(recipe, hidden=0.6)
    return recipe


def build_autoencoder(recipe: MaeRecipe, config: SamConfig | None = None) -> Autoencoder:
    """The model to pre-train, freshly initialised; `config` replaces that of the recipe's `arch`.

    Raises InvalidSetting for sizes that do not fit together.
    """
    config = replace(config or architecture(recipe.arch), image_size=recipe.side)
    if isinstance(config.encoder, TinyConfig):
        return TinyAutoencoder(config)
    return VitAutoencoder(config, width=recipe.decoder_width, depth=recipe.decoder_depth, heads=recipe.decoder_heads)
