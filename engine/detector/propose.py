"""embedding → confident boxes → masks: what an image is prefilled with. Source: Segment Anything, section 4."""

from dataclasses import dataclass

import numpy as np
import torch

from engine.automatic.filters import boxes_of_masks
from engine.automatic.upscaling import Box, Upscaling
from engine.detector.interface import Detections
from engine.detector.prefill_config import PrefillConfig
from engine.masks import rle
from engine.sam.predictor import MASK_THRESHOLD, EmbeddedImage

_BOXES_TOGETHER = 8


@dataclass(frozen=True)
class Proposal:
    """A mask and the box it was asked for, (x0, y0, x1, y1), in the image frame."""

    segmentation: rle.Rle
    box: tuple[float, float, float, float]
    score: float
    predicted_iou: float
    stability: float


@torch.inference_mode()
def propose(embedded: EmbeddedImage, detections: Detections, config: PrefillConfig) -> list[Proposal]:
    """The masks of confident boxes that pass the filters, the highest predicted IoU first; duplicates included."""
    confident = detections.scores >= config.score_thresh
    boxes, scores = detections.boxes[confident][: config.most_boxes], detections.scores[confident][: config.most_boxes]
    upscaling = Upscaling(embedded, 4 * embedded.sam.config.embedding_side)
    height, width = embedded.original_size
    found: list[Proposal] = []
    for start in range(0, len(boxes), _BOXES_TOGETHER):
        some = boxes[start : start + _BOXES_TOGETHER]
        low, predicted_iou = embedded.predict(boxes=some.astype(np.float64), multimask_output=False)
        for row, (logits, iou) in enumerate(zip(low[:, 0], predicted_iou[:, 0].tolist(), strict=True)):
            if iou <= config.pred_iou_thresh:
                continue
            logits = upscaling.crop_padding(logits)
            above = logits > MASK_THRESHOLD - config.stability_score_offset
            left, top, last_x, last_y = upscaling.reach(boxes_of_masks(above).cpu()).tolist()
            reach = Box(left, top, last_x + 1, last_y + 1)
            mask = upscaling.mask(logits, reach, config.stability_score_offset) if above.any() else None
            if mask is None or mask.stability < config.stability_score_thresh:
                continue
            x0, y0, x1, y1 = some[row].tolist()
            found.append(
                Proposal(
                    segmentation=rle.encode_part(mask.inside, mask.box.left, mask.box.top, height, width),
                    box=(x0, y0, x1, y1),
                    score=float(scores[start + row]),
                    predicted_iou=iou,
                    stability=mask.stability,
                )
            )
    return sorted(found, key=lambda proposal: -proposal.predicted_iou)
