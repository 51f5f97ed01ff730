"""The promptable model: image encoder, prompt encoder and mask decoder under the published names."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.sam.config import SamConfig
from engine.sam.image_encoder import ImageEncoderViT
from engine.sam.mask_decoder import MaskDecoder
from engine.sam.prompt_encoder import PromptEncoder
from engine.sam.tiny_encoder import TinyEncoder
from engine.sam.transforms import normalise

PIXEL_MEAN = (123.675, 116.28, 103.53)
PIXEL_STD = (58.395, 57.12, 57.375)


class Sam(nn.Module):
    """A built model. Three parts to call, and the two ends that join them to images: pre- and post-processing."""

    pixel_mean: Tensor
    pixel_std: Tensor

    def __init__(
        self,
        config: SamConfig,
        image_encoder: ImageEncoderViT | TinyEncoder,
        prompt_encoder: PromptEncoder,
        mask_decoder: MaskDecoder,
    ) -> None:
        super().__init__()
        self.config = config
        self.image_encoder = image_encoder
        self.prompt_encoder = prompt_encoder
        self.mask_decoder = mask_decoder
        self.register_buffer("pixel_mean", torch.tensor(PIXEL_MEAN).view(-1, 1, 1), persistent=False)
        self.register_buffer("pixel_std", torch.tensor(PIXEL_STD).view(-1, 1, 1), persistent=False)

    @property
    def image_size(self) -> int:
        """Pixels along the square model input."""
        return self.config.image_size

    @property
    def device(self) -> torch.device:
        return self.pixel_mean.device

    def preprocess(self, x: Tensor) -> Tensor:
        """RGB 0..255, …×3×h×w with the longest side already `image_size` → normalised and zero-padded to the square."""
        return normalise(x, self.pixel_mean, self.pixel_std, self.image_size)

    def postprocess_masks(self, masks: Tensor, input_size: tuple[int, int], original_size: tuple[int, int]) -> Tensor:
        """Low-res logits P×K×s×s → logits P×K×H×W of the original image.

        `input_size` is (h, w) of the resized image before padding, `original_size` (H, W) of the image itself. Two
        bilinear steps, as published: up to the model input, then to the image.
        """
        side = self.image_size
        masks = F.interpolate(masks, (side, side), mode="bilinear", align_corners=False)
        masks = masks[..., : input_size[0], : input_size[1]]
        return F.interpolate(masks, original_size, mode="bilinear", align_corners=False)
