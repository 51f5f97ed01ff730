"""Masks for a whole image from grids of foreground points. Source: Segment Anything, section 4 and appendix B.

The image and overlapping crops of it, cut at the original resolution, are embedded and asked at every point of a grid.
Confident and stable masks stay, duplicates go by non-maximum suppression inside each crop and then across crops, and
small regions are cleaned away. One crop is decoded while another thread chooses among the masks of the one before.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.automatic.batches import Batches, points_that_fit
from engine.automatic.candidates import Candidates, find_candidates
from engine.automatic.choice import FoundMask, choose
from engine.automatic.config import AutomaticConfig
from engine.automatic.grid import Crop, generate_crop_boxes, layer_point_grids
from engine.automatic.nms import non_maximum_suppression
from engine.automatic.regions import clean
from engine.automatic.side_by_side import side_by_side
from engine.automatic.upscaling import Upscaling
from engine.masks import rle
from engine.sam.predictor import EmbeddedImage, Predictor

_CROPS_TOGETHER = 4


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


def generate_masks(
    predictor: Predictor,
    image: NDArray[np.uint8],
    config: AutomaticConfig | None = None,
    on_points: Callable[[int], None] | None = None,
) -> list[AutomaticMask]:
    """All masks the model finds in `image` (H×W×3 RGB): those of the smallest crops first, then by predicted IoU.

    `on_points` is told the number of points after each batch of them. Raises OutOfMemory when even one point at a time
    is too much for this machine.
    """
    config = config or AutomaticConfig()
    height, width = image.shape[:2]
    crops = generate_crop_boxes(height, width, config.crop_n_layers, config.crop_overlap_ratio)
    grids = layer_point_grids(config.points_per_side, config.crop_n_layers, config.crop_n_points_downscale_factor)
    batches = Batches(config.points_per_batch or points_that_fit(predictor.sam.config, predictor.sam.device))
    chosen: list[FoundMask] = []
    with side_by_side(predictor.sam.device) as pool, ThreadPoolExecutor(1) as thread:
        before: Future[list[FoundMask]] | None = None
        for crop, embedded in _embedded(predictor, image, crops):
            points = grids[crop.layer] * (embedded.original_size[1], embedded.original_size[0])
            upscaling = Upscaling(embedded, 4 * predictor.sam.config.embedding_side)
            found = _decode(embedded, upscaling, points, config, batches, pool, on_points)
            # One at a time, so that no more than two crops' candidates are in memory.
            if before is not None:
                chosen += before.result()
            before = thread.submit(choose, found, upscaling, crop, (height, width), config)
        if before is not None:
            chosen += before.result()
    return _finish(_without_duplicates_across_crops(chosen, config), config)


def _embedded(
    predictor: Predictor, image: NDArray[np.uint8], crops: Sequence[Crop]
) -> Iterator[tuple[Crop, EmbeddedImage]]:
    """Each crop with its embedding, made a few at a time. Crops are views: the image is in memory once."""

    def embed(some: Sequence[Crop]) -> list[EmbeddedImage]:
        return predictor.embed_all([image[y0:y1, x0:x1] for (x0, y0, x1, y1), _ in some])

    done = 0
    for count, embedded in Batches(_CROPS_TOGETHER).run(embed, crops):
        yield from zip(crops[done : done + count], embedded, strict=True)
        done += count


def _decode(
    embedded: EmbeddedImage,
    upscaling: Upscaling,
    points: NDArray[np.float64],
    config: AutomaticConfig,
    batches: Batches,
    pool: Executor | None,
    on_points: Callable[[int], None] | None,
) -> Candidates:
    def find(some: Sequence[NDArray[np.float64]]) -> list[tuple[int, Candidates]]:
        return list(batches.run(lambda batch: find_candidates(embedded, upscaling, np.array(batch), config), some))

    size = batches.size
    some = [list(points[start : start + size]) for start in range(0, len(points), size)]
    parts: list[Candidates] = []
    for done in map(find, some) if pool is None else pool.map(find, some):
        for count, part in done:
            parts.append(part)
            if on_points is not None:
                on_points(count)
    return Candidates.concatenate(parts)


def _without_duplicates_across_crops(found: list[FoundMask], config: AutomaticConfig) -> list[FoundMask]:
    """The second phase: of two masks with much the same box, the one from the smaller crop stays."""
    if config.crop_n_layers == 0 or not found:
        return found
    sizes = np.array([(x1 - x0) * (y1 - y0) for x0, y0, x1, y1 in (each.crop.box for each in found)])
    boxes = np.array([each.box for each in found], np.float64)
    return [found[row] for row in non_maximum_suppression(boxes, 1 / sizes, config.crop_nms_thresh)]


def _finish(found: Sequence[FoundMask], config: AutomaticConfig) -> list[AutomaticMask]:
    """The masks without small regions, and once more without duplicates."""
    cleaned = [clean(each.segmentation, config.min_mask_region_area) for each in found]
    kept = np.arange(len(found))
    if found and config.min_mask_region_area > 0:
        boxes = np.array([_corners(rle.bbox(segmentation)) for segmentation, _ in cleaned])
        # As published: of two that became duplicates by cleaning, the one that needed none stays.
        unchanged = np.array([not changed for _, changed in cleaned], np.float64)
        threshold = max(config.box_nms_thresh, config.crop_nms_thresh)
        kept = np.sort(non_maximum_suppression(boxes, unchanged, threshold))
    return [_finished(found[row], cleaned[row][0]) for row in kept.tolist()]


def _finished(found: FoundMask, segmentation: rle.Rle) -> AutomaticMask:
    x0, y0, x1, y1 = found.crop.box
    return AutomaticMask(
        segmentation=segmentation,
        bbox=rle.bbox(segmentation),
        area=rle.area(segmentation),
        predicted_iou=found.predicted_iou,
        stability_score=found.stability,
        crop_box=(x0, y0, x1 - x0, y1 - y0),
        point_coords=found.point,
    )


def _corners(bbox: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    """First and last pixel, as published: boxes are compared without their last row and column."""
    x, y, width, height = bbox
    return x, y, x + width - 1, y + height - 1
