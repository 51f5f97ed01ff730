"""The graphs to compare, and an image to click on."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from engine.sam import Sam, build_sam
from engine.sam.onnx_export import export_decoder, export_graph


@dataclass(frozen=True)
class Graphs:
    """The exported decoders of one model, and the embedding of one image, 1×C×S×S."""

    plain: Path
    prepare: Path
    decode: Path
    embedding: NDArray[np.float32]
    image_size: int


def export_graphs(sam: Sam, image_size: int, folder: Path) -> Graphs:
    """Writes both decoders for a model input of `image_size` pixels; the decoder's weights do not depend on it."""
    resized = build_sam(replace(sam.config, image_size=image_size))
    for name in ("prompt_encoder", "mask_decoder"):
        getattr(resized, name).load_state_dict(getattr(sam, name).state_dict())
    prepare, decode = export_decoder(resized, folder)
    plain = folder / "plain.onnx"
    onnx.save(_export_plain(resized), plain)
    return Graphs(plain, prepare, decode, _embedding(sam, image_size), image_size)


def _export_plain(sam: Sam) -> onnx.ModelProto:
    side, channels = sam.config.embedding_side, sam.config.prompt_embed_dim
    inputs = {
        "image_embedding": torch.zeros(1, channels, side, side),
        "point_coords": torch.zeros(1, 3, 2),
        "point_labels": torch.zeros(1, 3),
        "mask_input": torch.zeros(1, 1, 4 * side, 4 * side),
        "has_mask_input": torch.zeros(1),
    }
    return export_graph(_PlainDecoder(sam), inputs, ("low_res_logits", "iou_predictions"))


class _PlainDecoder(nn.Module):
    """Prompt encoder and mask decoder as published, one graph from the image embedding to the masks."""

    def __init__(self, sam: Sam) -> None:
        super().__init__()
        self.prompt_encoder, self.mask_decoder = sam.prompt_encoder, sam.mask_decoder

    def forward(self, *inputs: Tensor) -> tuple[Tensor, Tensor]:
        embedding, coords, labels, mask, has_mask = inputs
        encoder = self.prompt_encoder
        sparse = encoder.embed_points(coords, labels)
        no_mask = encoder.no_mask_embed.weight.reshape(1, -1, 1, 1)
        dense = has_mask * encoder.embed_masks(mask) + (1 - has_mask) * no_mask
        return self.mask_decoder.predict_masks(embedding, encoder.get_dense_pe(), sparse, dense)


@torch.inference_mode()
def _embedding(sam: Sam, image_size: int) -> NDArray[np.float32]:
    """The model's own embedding of soft blobs, resampled to the grid of `image_size` where that is not the model's."""
    noise = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(1)) * 255
    image = nn.functional.interpolate(noise, (sam.image_size, sam.image_size), mode="bicubic").clamp(0, 255)
    embedding = sam.image_encoder(sam.preprocess(image))
    side = image_size // 16
    return nn.functional.interpolate(embedding, (side, side), mode="bilinear").numpy()
