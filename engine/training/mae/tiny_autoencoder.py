"""A masked autoencoder around the small convolutional encoder: hidden patches are painted over.

Convolutions cannot leave patches out, so a learned colour stands for hidden pixels and the whole encoder runs, as in
Xie et al., "SimMIM" (2022), which also finds a single linear layer enough of a decoder and patches of 32 pixels, the
encoder's coarsest stride, right. What is restored are normalised patches under a squared error, which Tian et al.,
"Designing BERT for Convolutional Networks" (2023), find best for convolutional encoders.
"""

import torch
from torch import Tensor, nn

from engine.errors import InvalidSetting
from engine.sam import SamConfig, build_sam
from engine.sam.tiny_encoder import TinyEncoder
from engine.training.initialise_mae import pretrained_part
from engine.training.mae.patches import restoration_loss

CELL = 16
"""Pixels along a position of the embedding."""


class TinyAutoencoder(nn.Module):
    """Images and which 32-pixel patches are hidden → loss."""

    patch_side = 32

    def __init__(self, config: SamConfig) -> None:
        super().__init__()
        if config.image_size % self.patch_side:
            raise InvalidSetting(f"Pictures are a multiple of {self.patch_side} pixels, not {config.image_size}.")
        encoder = build_sam(config).image_encoder
        assert isinstance(encoder, TinyEncoder)
        self.encoder = encoder
        self.mask_token = nn.Parameter(torch.zeros(1, 3, 1, 1))
        self.head = nn.Conv2d(config.prompt_embed_dim, 3 * CELL**2, kernel_size=1)

    def forward(self, images: Tensor, hidden: Tensor) -> Tensor:
        """The loss, a scalar, of restoring the `hidden` (B×N) patches of normalised images B×3×S×S."""
        side = images.shape[-1] // self.patch_side
        patches = hidden.reshape(-1, 1, side, side)
        painted = torch.where(_enlarged(patches, self.patch_side), self.mask_token.to(images.dtype), images)
        restored = self.head(self.encoder(painted)).flatten(2).transpose(1, 2)
        cells = _enlarged(patches, self.patch_side // CELL).flatten(1)
        return restoration_loss(restored, images, cells, CELL)

    def encoder_state(self) -> dict[str, Tensor]:
        """The encoder's weights by their own names, without the neck."""
        return pretrained_part(self.encoder.state_dict())


def _enlarged(patches: Tensor, times: int) -> Tensor:
    return patches.repeat_interleave(times, -1).repeat_interleave(times, -2)
