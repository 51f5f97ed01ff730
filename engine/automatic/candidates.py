"""What the decoder finds at the points of one crop, and which of it is worth upscaling.

Only filters that need no upscaling are decided here: the predicted IoU for good, stability where the low resolution
leaves no doubt. Nothing is dropped here that the filters at full resolution would keep.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from engine.automatic.config import AutomaticConfig
from engine.automatic.filters import boxes_of_masks, stability_score
from engine.automatic.upscaling import Upscaling
from engine.sam.predictor import MASK_THRESHOLD, EmbeddedImage

# A mask's stability changes little when it is upscaled, and less the larger it is: over real images, by less than
# this much plus this much per square root of its low-resolution area.
_STABILITY_MARGIN = 0.02
_STABILITY_MARGIN_OF_SMALL = 0.5


@dataclass(frozen=True)
class Candidates:
    """M masks of one crop. Boxes are first and last pixel, x0 y0 x1 y1, in the crop's frame.

    `logits`: M×h×w float16 on the model's device, as `Upscaling.crop_padding` leaves them. The rest is on the CPU:
    `predicted_iou` M; `points` M×2 (x, y) in the crop's frame; `reach` M×4, outside of which no logit is above the
    lower cut of the stability score; `outline` M×4, outside of which no pixel is in the mask; `core` M×4, whose edges
    the mask surely touches or exceeds (a single pixel where nothing is sure).
    """

    logits: Tensor
    predicted_iou: Tensor
    points: Tensor
    reach: Tensor
    outline: Tensor
    core: Tensor

    def __len__(self) -> int:
        return len(self.predicted_iou)

    @classmethod
    def concatenate(cls, parts: Sequence["Candidates"]) -> "Candidates":
        return cls(*(torch.cat([getattr(part, each.name) for part in parts]) for each in fields(cls)))


@torch.inference_mode()
def find_candidates(
    embedded: EmbeddedImage, upscaling: Upscaling, points: NDArray[np.float64], config: AutomaticConfig
) -> Candidates:
    """Decode single points P×2 (x, y) in the crop's frame; the masks come in the points' order."""
    low, predicted_iou, which = embedded.predict_confident(points, config.pred_iou_thresh)
    low = upscaling.crop_padding(low)
    mask = low > MASK_THRESHOLD
    stability = stability_score(low, MASK_THRESHOLD, config.stability_score_offset)
    doubt = _STABILITY_MARGIN + _STABILITY_MARGIN_OF_SMALL / mask.sum(dim=(-2, -1)).clamp(min=1).sqrt()
    rows = (mask.any(dim=(-2, -1)) & (stability >= config.stability_score_thresh - doubt)).nonzero().squeeze(1)
    low, mask = low[rows], mask[rows]
    outline = upscaling.reach(boxes_of_masks(mask).cpu())
    core = upscaling.core(boxes_of_masks(_eroded(mask)).cpu())
    return Candidates(
        logits=low.half(),
        predicted_iou=predicted_iou[rows].float().cpu(),
        points=torch.from_numpy(points)[which[rows].cpu()],
        reach=upscaling.reach(boxes_of_masks(low > MASK_THRESHOLD - config.stability_score_offset).cpu()),
        outline=outline,
        core=torch.zeros_like(outline) if core is None else core,
    )


def _eroded(mask: Tensor) -> Tensor:
    """The pixels of boolean masks N×h×w all of whose eight neighbours are in the mask, or outside of the image."""
    framed = F.pad(mask, (1, 1, 1, 1), value=True)
    along = framed[..., :-2] & framed[..., 1:-1] & framed[..., 2:]
    return along[:, :-2] & along[:, 1:-1] & along[:, 2:]
