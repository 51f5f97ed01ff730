"""Masks for a whole image from a grid of foreground points. Source: Segment Anything, section 4 and appendix B.

Everything is decided at low resolution: three candidates per point are kept when the model is confident and the mask
is stable, duplicates go by box NMS, and only what is left is brought to the size of the image and cleaned.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.automatic.filters import boxes_of_masks, cover, stability_score
from engine.automatic.grid import point_grid
from engine.automatic.nms import non_maximum_suppression
from engine.errors import InvalidSetting
from engine.masks import rle
from engine.masks.geometry import BoolMask, remove_small_regions
from engine.sam.predictor import MASK_THRESHOLD, EmbeddedImage, Predictor
from engine.sam.prompt_encoder import FOREGROUND


@dataclass(frozen=True)
class AutomaticConfig:
    """How masks are sought and chosen; the defaults are those of SA-1B."""

    points_per_side: int = 32
    """Points along each side of the image: 32 asks 1,024 times."""
    points_per_batch: int = 16
    """Points decoded together; bounds memory at about 10 MB each."""
    pred_iou_thresh: float = 0.88
    """Candidates must have a predicted IoU above this."""
    stability_score_thresh: float = 0.95
    """Candidates must be at least this stable."""
    stability_score_offset: float = 1.0
    """Logits by which the cut is moved up and down to measure stability."""
    box_nms_thresh: float = 0.7
    """Of two boxes with a larger IoU, the one with the lower predicted IoU goes."""
    max_cover: float = 0.95
    """Masks that cover this part of the image or more are dropped."""
    min_mask_region_area: int = 100
    """Holes and islands of fewer pixels are cleaned away; 0 leaves masks as they are."""

    def __post_init__(self) -> None:
        if not 1 <= self.points_per_side <= 256:
            raise InvalidSetting(f"Points per side must be between 1 and 256, not {self.points_per_side}.")
        if self.points_per_batch < 1:
            raise InvalidSetting(f"Points per batch must be at least 1, not {self.points_per_batch}.")
        for name in ("pred_iou_thresh", "stability_score_thresh", "box_nms_thresh", "max_cover"):
            value = getattr(self, name)
            if not 0 <= value <= 1:
                raise InvalidSetting(f"{name} must be between 0 and 1, not {value}.")


@dataclass(frozen=True)
class AutomaticMask:
    """A mask and why it was kept. Boxes are (x, y, w, h), the point (x, y), all in the image frame."""

    segmentation: rle.Rle
    bbox: tuple[int, int, int, int]
    area: int
    predicted_iou: float
    stability_score: float
    crop_box: tuple[int, int, int, int]
    point_coords: tuple[float, float]


@dataclass(frozen=True)
class _Candidates:
    """N masks that passed the filters.

    `logits`: N×s×s, float16, on the CPU. `boxes`: N×4 in low-resolution pixels.
    `points`: N×2 (x, y) in the image frame.
    """

    logits: Tensor
    boxes: Tensor
    predicted_iou: Tensor
    stability: Tensor
    points: Tensor

    def rows(self, chosen: NDArray[np.intp] | Tensor) -> "_Candidates":
        index = torch.as_tensor(chosen)
        return _Candidates(*(getattr(self, each.name)[index] for each in fields(self)))

    @classmethod
    def concatenate(cls, parts: Sequence["_Candidates"]) -> "_Candidates":
        return cls(*(torch.cat([getattr(part, each.name) for part in parts]) for each in fields(cls)))


def generate_masks(
    predictor: Predictor,
    image: NDArray[np.uint8],
    config: AutomaticConfig | None = None,
    on_points: Callable[[int], None] | None = None,
) -> list[AutomaticMask]:
    """All masks the model finds in `image` (H×W×3 RGB), the highest predicted IoU first.

    `on_points` is told the number of points after each batch of them.
    """
    config = config or AutomaticConfig()
    height, width = image.shape[:2]
    embedded = predictor.embed(image)
    points = point_grid(config.points_per_side) * (width, height)
    parts: list[_Candidates] = []
    for start in range(0, len(points), config.points_per_batch):
        batch = points[start : start + config.points_per_batch]
        parts.append(_candidates(embedded, batch, config))
        if on_points is not None:
            on_points(len(batch))
    found = _Candidates.concatenate(parts)
    kept = non_maximum_suppression(found.boxes.numpy(), found.predicted_iou.numpy(), config.box_nms_thresh)
    return _finish(embedded, found.rows(kept), config)


def _candidates(embedded: EmbeddedImage, points: NDArray[np.float64], config: AutomaticConfig) -> _Candidates:
    """What passes the filters of the three masks of each of `points` (P×2 in the image frame)."""
    labels = np.full((len(points), 1), FOREGROUND, np.int32)
    low, iou = embedded.predict(points[:, None], labels, multimask_output=True)
    logits, predicted_iou = low.flatten(0, 1), iou.flatten()
    rows = torch.arange(len(logits), device=logits.device)
    rows = rows[predicted_iou > config.pred_iou_thresh]
    on_image = embedded.crop_padding(logits[rows])
    stability = stability_score(on_image, MASK_THRESHOLD, config.stability_score_offset)
    masks = on_image > MASK_THRESHOLD
    covered = cover(masks)
    good = (stability >= config.stability_score_thresh) & (covered > 0) & (covered < config.max_cover)
    rows = rows[good]
    return _Candidates(
        logits=logits[rows].half().cpu(),
        boxes=boxes_of_masks(masks[good]).cpu(),
        predicted_iou=predicted_iou[rows].float().cpu(),
        stability=stability[good].cpu(),
        points=torch.from_numpy(points)[(rows // low.shape[1]).cpu()],
    )


def _finish(embedded: EmbeddedImage, found: _Candidates, config: AutomaticConfig) -> list[AutomaticMask]:
    """The masks at the size of the image, cleaned, and once more without duplicates."""
    segmentations: list[rle.Rle] = []
    rows: list[int] = []
    unchanged: list[bool] = []
    for row, logits in enumerate(found.logits):
        mask = embedded.masks(logits.float().to(embedded.sam.device)[None, None])[0, 0].cpu().numpy()
        cleaned, changed = _clean(mask, config.min_mask_region_area)
        if cleaned.any():
            segmentations.append(rle.encode(cleaned))
            rows.append(row)
            unchanged.append(not changed)
    if not rows:
        return []
    found = found.rows(np.array(rows))
    corners = np.array([_corners(rle.bbox(segmentation)) for segmentation in segmentations])
    # As published: of two that became duplicates by cleaning, the one that needed none stays.
    kept = non_maximum_suppression(corners, np.array(unchanged, np.float64), config.box_nms_thresh)
    height, width = embedded.original_size
    return [
        AutomaticMask(
            segmentation=segmentations[row],
            bbox=rle.bbox(segmentations[row]),
            area=rle.area(segmentations[row]),
            predicted_iou=float(found.predicted_iou[row]),
            stability_score=float(found.stability[row]),
            crop_box=(0, 0, width, height),
            point_coords=(float(found.points[row, 0]), float(found.points[row, 1])),
        )
        for row in np.sort(kept)
    ]


def _clean(mask: BoolMask, smallest_area: int) -> tuple[BoolMask, bool]:
    without_holes, filled = remove_small_regions(mask, smallest_area, "holes")
    cleaned, dropped = remove_small_regions(without_holes, smallest_area, "islands")
    return cleaned, filled or dropped


def _corners(bbox: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    x, y, width, height = bbox
    return x, y, x + width, y + height
