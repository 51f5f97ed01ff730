"""embedding → confident boxes → masks: what an image is prefilled with. Source: Segment Anything, section 4."""

from dataclasses import dataclass

import numpy as np
import torch

from engine.automatic.filters import boxes_of_masks
from engine.automatic.upscaling import Box, Upscaling
from engine.detector.interface import Detections
from engine.errors import InvalidSetting
from engine.masks import rle
from engine.sam.predictor import MASK_THRESHOLD, EmbeddedImage

_BOXES_TOGETHER = 8


@dataclass(frozen=True)
class PrefillConfig:
    """Which boxes become masks, and which masks are offered to the annotator."""

    score_thresh: float = 0.3
    """Boxes must have at least this score: the detector's own estimate of its box's IoU."""
    most_boxes: int = 100
    pred_iou_thresh: float = 0.8
    """Masks must have a predicted IoU above this."""
    stability_score_thresh: float = 0.9
    """Masks must be at least this stable."""
    stability_score_offset: float = 1.0
    """Logits by which the cut is moved up and down to measure stability."""
    box_nms_thresh: float = 0.7
    """A mask whose box has a larger IoU with a better one's, or with one that was there before, is left out."""

    def __post_init__(self) -> None:
        for name in ("score_thresh", "pred_iou_thresh", "stability_score_thresh", "box_nms_thresh"):
            if not 0 <= getattr(self, name) <= 1:
                raise InvalidSetting(f"{name} must be between 0 and 1, not {getattr(self, name)}.")
        if self.most_boxes < 1:
            raise InvalidSetting(f"most_boxes must be at least 1, not {self.most_boxes}.")
        if not 0 < self.stability_score_offset < float("inf"):
            raise InvalidSetting(f"stability_score_offset must be above 0, not {self.stability_score_offset}.")


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
