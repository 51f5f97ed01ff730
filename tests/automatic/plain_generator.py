"""The automatic stage, step by step as the paper and the published package have it: slow, and easy to check.

Every mask is upscaled, measured, filtered and suppressed at the size of the image; the model is the plain one of
`engine.sam`, in single precision. It shares nothing with `engine.automatic` but the settings.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.automatic.config import AutomaticConfig
from engine.automatic.grid import generate_crop_boxes, layer_point_grids
from engine.sam import Sam
from engine.sam.transforms import apply_coords, resize_longest_side

_EDGE_TOLERANCE = 20


@dataclass(frozen=True)
class PlainMask:
    """`mask` is H×W, the boxes (x0, y0, x1, y1): `box` first and last pixel, `crop` exclusive at its end."""

    mask: NDArray[np.bool_]
    box: tuple[int, int, int, int]
    predicted_iou: float
    stability: float
    crop: tuple[int, int, int, int]


@torch.inference_mode()
def plain_masks(sam: Sam, image: NDArray[np.uint8], config: AutomaticConfig, batch: int = 64) -> list[PlainMask]:
    """All masks of `image` (H×W×3 RGB)."""
    height, width = image.shape[:2]
    grids = layer_point_grids(config.points_per_side, config.crop_n_layers, config.crop_n_points_downscale_factor)
    found: list[PlainMask] = []
    for crop, layer in generate_crop_boxes(height, width, config.crop_n_layers, config.crop_overlap_ratio):
        x0, y0, x1, y1 = crop
        of_crop = _of_crop(sam, image[y0:y1, x0:x1], grids[layer], crop, (height, width), config, batch)
        kept = _suppress(
            [each.box for each in of_crop], [each.predicted_iou for each in of_crop], config.box_nms_thresh
        )
        found += [of_crop[index] for index in kept]
    if config.crop_n_layers:
        sizes = [(x1 - x0) * (y1 - y0) for x0, y0, x1, y1 in (each.crop for each in found)]
        kept = _suppress([each.box for each in found], [1 / size for size in sizes], config.crop_nms_thresh)
        found = [found[index] for index in kept]
    if config.min_mask_region_area == 0:
        return found
    cleaned = [_cleaned(each.mask, config.min_mask_region_area) for each in found]
    threshold = max(config.box_nms_thresh, config.crop_nms_thresh)
    kept = _suppress([_box(mask) for mask, _ in cleaned], [float(not changed) for _, changed in cleaned], threshold)
    return [
        PlainMask(cleaned[i][0], _box(cleaned[i][0]), found[i].predicted_iou, found[i].stability, found[i].crop)
        for i in kept
    ]


def _of_crop(
    sam: Sam,
    crop_image: NDArray[np.uint8],
    grid: NDArray[np.float64],
    crop: tuple[int, int, int, int],
    image_size: tuple[int, int],
    config: AutomaticConfig,
    batch: int,
) -> list[PlainMask]:
    size = (crop_image.shape[0], crop_image.shape[1])
    resized = resize_longest_side(crop_image, sam.image_size)
    embedding = sam.image_encoder(sam.preprocess(resized[None].float()))
    points = grid * (size[1], size[0])
    found: list[PlainMask] = []
    for start in range(0, len(points), batch):
        some = torch.from_numpy(apply_coords(points[start : start + batch], size, sam.image_size))
        sparse, dense = sam.prompt_encoder((some[:, None], torch.ones(len(some), 1)), None, None)
        low, iou = sam.mask_decoder(embedding, sam.prompt_encoder.get_dense_pe(), sparse, dense, multimask_output=True)
        logits = sam.postprocess_masks(low, (resized.shape[1], resized.shape[2]), size).flatten(0, 1)
        found += _filtered(logits, iou.flatten(), crop, image_size, config)
    return found


def _filtered(
    logits: Tensor, iou: Tensor, crop: tuple[int, int, int, int], image_size: tuple[int, int], config: AutomaticConfig
) -> list[PlainMask]:
    confident = iou > config.pred_iou_thresh
    logits, iou = logits[confident], iou[confident]
    inner = (logits > config.stability_score_offset).sum(dim=(1, 2))
    outer = (logits > -config.stability_score_offset).sum(dim=(1, 2))
    stability = inner / outer
    stable = stability >= config.stability_score_thresh
    kept: list[PlainMask] = []
    for one, one_iou, one_stability in zip(logits[stable], iou[stable], stability[stable], strict=True):
        mask = np.zeros(image_size, np.bool_)
        mask[crop[1] : crop[3], crop[0] : crop[2]] = (one > 0).numpy()
        if not mask.any() or (config.max_cover < 1 and mask.mean() >= config.max_cover):
            continue
        box = _box(mask)
        if not _cut_off(box, crop, image_size):
            kept.append(PlainMask(mask, box, float(one_iou), float(one_stability), crop))
    return kept


def _cut_off(box: tuple[int, int, int, int], crop: tuple[int, int, int, int], image_size: tuple[int, int]) -> bool:
    whole = (0, 0, image_size[1], image_size[0])
    return any(
        abs(side - of_crop) <= _EDGE_TOLERANCE and abs(side - of_image) > _EDGE_TOLERANCE
        for side, of_crop, of_image in zip(box, crop, whole, strict=True)
    )


def _suppress(boxes: list[tuple[int, int, int, int]], scores: list[float], threshold: float) -> list[int]:
    kept: list[int] = []
    for index in sorted(range(len(boxes)), key=lambda index: -scores[index]):
        if all(_overlap(boxes[index], boxes[other]) <= threshold for other in kept):
            kept.append(index)
    return kept


def _overlap(a: tuple[int, int, int, int], b: tuple[int, int, int, int]) -> float:
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    shared = max(0, width) * max(0, height)
    together = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared
    return shared / together if together else 0.0


def _box(mask: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1]), int(rows[-1])


def _cleaned(mask: NDArray[np.bool_], area: int) -> tuple[NDArray[np.bool_], bool]:
    """Holes filled, then islands dropped; and whether anything was."""
    before = mask
    for working in (False, True):
        _, labels, statistics, _ = cv2.connectedComponentsWithStats((mask == working).astype(np.uint8), connectivity=8)
        areas = {label: int(row[cv2.CC_STAT_AREA]) for label, row in enumerate(statistics) if label > 0}
        small = {label for label, size in areas.items() if size < area}
        if working and small and len(small) == len(areas):
            small.discard(max(areas, key=lambda label: areas[label]))
        mask = np.where(np.isin(labels, list(small)), not working, mask)
    return mask, bool((mask != before).any())
