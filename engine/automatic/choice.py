"""Which candidates of a crop are kept: filters at full resolution and non-maximum suppression, in one pass.

Candidates are looked at from the most confident on, so each is upscaled only if nothing better has surely suppressed
it, and a mask that is kept is run-length encoded at once. The outcome is that of filtering all and suppressing then.
"""

from dataclasses import dataclass

import numpy as np
import torch

from engine.automatic.candidates import Candidates
from engine.automatic.config import AutomaticConfig
from engine.automatic.filters import is_box_near_crop_edge
from engine.automatic.grid import Crop
from engine.automatic.nms import GreedySuppression
from engine.automatic.upscaling import Box, UpscaledMask, Upscaling
from engine.masks import rle


@dataclass(frozen=True)
class FoundMask:
    """A mask of one crop, all of it in the image frame. `box` is first and last pixel, x0 y0 x1 y1; `point` (x, y)."""

    segmentation: rle.Rle
    box: tuple[int, int, int, int]
    predicted_iou: float
    stability: float
    crop: Crop
    point: tuple[float, float]


@torch.inference_mode()
def choose(
    found: Candidates, upscaling: Upscaling, crop: Crop, image_size: tuple[int, int], config: AutomaticConfig
) -> list[FoundMask]:
    """The masks of a crop that stay, most confident first. `image_size` is (height, width)."""
    height, width = image_size
    left, top = crop.box[:2]
    suppression = GreedySuppression(config.box_nms_thresh)
    cores, outlines = found.core.double().numpy(), found.outline.double().numpy()
    order = np.argsort(-found.predicted_iou.numpy(), kind="stable")
    chosen: list[FoundMask] = []
    for row in order.tolist():
        if suppression.surely_suppresses(cores[row], outlines[row]):
            continue
        x0, y0, x1, y1 = found.reach[row].tolist()
        mask = upscaling.mask(found.logits[row], Box(x0, y0, x1 + 1, y1 + 1), config.stability_score_offset)
        if mask is None or not _passes(mask, crop, image_size, config):
            continue
        corners = (mask.box.left, mask.box.top, mask.box.right - 1, mask.box.bottom - 1)
        if suppression.suppresses(np.array(corners, np.float64)):
            continue
        suppression.keep(np.array(corners, np.float64))
        x, y = found.points[row].tolist()
        chosen.append(
            FoundMask(
                segmentation=rle.encode_part(mask.inside, left + mask.box.left, top + mask.box.top, height, width),
                box=(corners[0] + left, corners[1] + top, corners[2] + left, corners[3] + top),
                predicted_iou=float(found.predicted_iou[row]),
                stability=mask.stability,
                crop=crop,
                point=(x + left, y + top),
            )
        )
    return chosen


def _passes(mask: UpscaledMask, crop: Crop, image_size: tuple[int, int], config: AutomaticConfig) -> bool:
    height, width = image_size
    if mask.stability < config.stability_score_thresh:
        return False
    if config.max_cover < 1 and mask.area >= config.max_cover * height * width:
        return False
    whole = (0, 0, width, height)
    if crop.box == whole:
        return True
    corners = torch.tensor([[mask.box.left, mask.box.top, mask.box.right - 1, mask.box.bottom - 1]])
    return not bool(is_box_near_crop_edge(corners, crop.box, whole))
