"""Prompts in, masks out, in the frame of the image: the model as evaluation, automatic stage and scripts use it."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.sam.folded_encoder import fold_encoder
from engine.sam.model import Sam
from engine.sam.prompt_encoder import FOREGROUND
from engine.sam.reassociated import PreparedImage, TwoStepDecoder
from engine.sam.transforms import apply_boxes, apply_coords, resize_longest_side, resized_shape

MASK_THRESHOLD = 0.0
# Values upscaled together; bounds memory at 128 MB per intermediate however large the image is.
_UPSCALED_VALUES = 32 * 2**20


class Predictor:
    """A model folded for inference, on the device that `sam` is on.

    `encode` makes embeddings B×C×s×s of normalised pixels B×3×S×S, for whoever has a faster way than single precision
    (`engine.inference.encoder`). Later changes to the weights of `sam` do not reach what is folded; make another
    predictor then.
    """

    def __init__(self, sam: Sam, encode: Callable[[Tensor], Tensor] | None = None) -> None:
        self.sam = sam
        self.encode = encode or fold_encoder(sam.image_encoder)
        self.decoder = TwoStepDecoder(sam)

    def embed(self, image: NDArray[np.uint8]) -> "EmbeddedImage":
        """Run the image encoder on `image` (H×W×3 RGB)."""
        return self.embed_all([image])[0]

    @torch.inference_mode()
    def embed_all(self, images: Sequence[NDArray[np.uint8]]) -> list["EmbeddedImage"]:
        """Run the image encoder once on images of any sizes (each H×W×3 RGB)."""
        sam = self.sam
        resized = [resize_longest_side(image, sam.image_size) for image in images]
        embeddings = self.encode(torch.stack([sam.preprocess(each.to(sam.device).float()) for each in resized]))
        return [
            self._embedded(embedding[None], (each.shape[1], each.shape[2]), image.shape[:2])
            for embedding, each, image in zip(embeddings, resized, images, strict=True)
        ]

    @torch.inference_mode()
    def from_embedding(self, embedding: NDArray[np.float16], original_size: tuple[int, int]) -> "EmbeddedImage":
        """An image of (height, width) that was embedded before, from its stored embedding C×s×s."""
        tensor = torch.from_numpy(np.array(embedding)).to(self.sam.device).float()
        return self._embedded(tensor[None], resized_shape(*original_size, self.sam.image_size), original_size)

    def _embedded(
        self, embedding: Tensor, input_size: tuple[int, int], original_size: tuple[int, int]
    ) -> "EmbeddedImage":
        return EmbeddedImage(self.sam, self.decoder, self.decoder.prepare(embedding), input_size, original_size)


@dataclass(frozen=True)
class EmbeddedImage:
    """One image that went through the image encoder once and can be prompted any number of times.

    `original_size` is the image's (height, width), `input_size` that of the resized image before padding.
    """

    sam: Sam
    decoder: TwoStepDecoder
    prepared: PreparedImage
    input_size: tuple[int, int]
    original_size: tuple[int, int]

    @torch.inference_mode()
    def predict(
        self,
        point_coords: NDArray[np.floating] | None = None,
        point_labels: NDArray[np.integer] | None = None,
        boxes: NDArray[np.floating] | None = None,
        mask_input: Tensor | None = None,
        texts: Tensor | None = None,
        *,
        multimask_output: bool,
    ) -> tuple[Tensor, Tensor]:
        """Decode B prompts.

        Args:
            point_coords: B×N×2 (x, y) in the image frame, or None.
            point_labels: B×N: 1 foreground, 0 background, -1 no point. Goes with `point_coords`.
            boxes: B×4 (x0, y0, x1, y1) in the image frame, or None.
            mask_input: logits B×1×4S×4S of an earlier answer, or None.
            texts: CLIP embeddings B×D of free text, or None; for models that were trained with them.
            multimask_output: True for the three ambiguity masks, False for the single mask.

        Returns:
            Low-res logits B×K×4S×4S and predicted IoU B×K, K being 3 or 1.
        """
        sam, device = self.sam, self.sam.device
        points = corners = None
        if point_coords is not None:
            coords = apply_coords(point_coords, self.original_size, sam.image_size)
            points = (torch.as_tensor(coords, device=device), torch.as_tensor(point_labels, device=device))
        if boxes is not None:
            corners = torch.as_tensor(apply_boxes(boxes, self.original_size, sam.image_size), device=device)
        texts = None if texts is None else texts.to(device)
        sparse, _ = sam.prompt_encoder(points=points, boxes=corners, masks=None, texts=texts)
        logits, predicted_iou = self.decoder.decode_tokens(self.prepared, sparse, mask_input)
        chosen = slice(1, None) if multimask_output else slice(0, 1)
        return logits[:, chosen], predicted_iou[:, chosen]

    @torch.inference_mode()
    def predict_confident(self, points: NDArray[np.floating], least_iou: float) -> tuple[Tensor, Tensor, Tensor]:
        """The ambiguity masks of single foreground points P×2 (image frame) with a predicted IoU above `least_iou`.

        Returns:
            Low-res logits M×4S×4S, predicted IoU M, and the index M of each mask's point; in the points' order.
        """
        device = self.sam.device
        coords = torch.as_tensor(apply_coords(points, self.original_size, self.sam.image_size), device=device)
        labels = torch.full((len(points), 1), FOREGROUND, device=device)
        sparse, _ = self.sam.prompt_encoder(points=(coords[:, None], labels), boxes=None, masks=None)
        return self.decoder.decode_confident(self.prepared, sparse, least_iou)

    def crop_padding(self, low_res_logits: Tensor) -> Tensor:
        """The part of low-res logits …×s×s that lies on the image, …×h×w: the rest answers for padding."""
        step = self.sam.image_size / low_res_logits.shape[-1]
        height, width = (math.ceil(length / step) for length in self.input_size)
        return low_res_logits[..., :height, :width]

    @torch.inference_mode()
    def masks(self, low_res_logits: Tensor) -> Tensor:
        """Boolean masks B×K×H×W in the image frame from low-res logits B×K×s×s."""
        largest = max(math.prod(self.original_size), self.sam.image_size**2) * low_res_logits.shape[1]
        chunks = low_res_logits.split(max(1, _UPSCALED_VALUES // largest))
        upscaled = (self.sam.postprocess_masks(chunk, self.input_size, self.original_size) for chunk in chunks)
        return torch.cat([logits > MASK_THRESHOLD for logits in upscaled])
