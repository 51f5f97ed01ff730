"""Regions of a picture that stay what they are when the scale of segmentation changes."""

from collections.abc import Callable
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.errors import InvalidSetting

SCALES = (80.0, 140.0, 250.0, 440.0, 780.0, 1400.0)
"""Of Felzenszwalb's segmentation: the greater, the more neighbours must differ to stay apart."""
LONGEST_SIDE = 384
"""Of the pictures that are segmented, in pixels; the scales belong to this size."""
STABLE = 0.6
"""A region is kept if one of the next coarser scale overlaps it with this IoU."""
SAME = 0.8
"""Of regions that overlap with this IoU, the one of the finest scale is kept."""
AREAS = (0.0012, 0.5)
"""Smallest and largest area of a region, as a share of the picture."""
MOST_LABELLED = 0.5
"""A region of which a greater share is labelled already says nothing new, and may contradict."""
SIGMA = 0.8
SMALLEST = 30


def segmentation() -> Callable[..., NDArray[np.integer]]:
    """Felzenszwalb's, of scikit-image. Raises InvalidSetting where that is not installed."""
    try:
        from skimage.segmentation import felzenszwalb
    except ImportError as error:
        raise InvalidSetting("Regions need scikit-image: pip install 'maskloop[regions]'.") from error
    return felzenszwalb


def stable_regions(image: NDArray[np.uint8], labelled: NDArray[np.bool_], most: int = 120) -> list[NDArray[np.bool_]]:
    """Up to `most` masks H×W of stable regions of an RGB image H×W×3, finest scales first.

    Felzenszwalb and Huttenlocher, "Efficient Graph-Based Image Segmentation" (IJCV 2004), at six scales. As with
    maximally stable extremal regions (Matas et al., 2002), what hardly changes from a scale to the next is likely to
    be one thing. `labelled` (H×W) is what has masks already. Raises InvalidSetting without scikit-image.
    """
    felzenszwalb = segmentation()
    height, width = image.shape[:2]
    scale = min(1.0, LONGEST_SIDE / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    covered = cv2.resize(labelled.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
    levels = [
        np.asarray(felzenszwalb(small, scale=level, sigma=SIGMA, min_size=max(SMALLEST, int(level) // 4)), np.int64)
        for level in SCALES
    ]
    found: list[NDArray[np.bool_]] = []
    for fine, coarse in pairwise(levels):
        for label in _stable_labels(fine, coarse, covered):
            region = fine == label
            if len(found) < most and not any(_iou(region, other) > SAME for other in found):
                found.append(region)
    return [_enlarged(region, width, height) for region in found]


def _stable_labels(fine: NDArray[np.int64], coarse: NDArray[np.int64], covered: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The labels of `fine` whose regions live on in `coarse`, are of a fitting size and mostly not `covered`."""
    rows, columns = int(fine.max()) + 1, int(coarse.max()) + 1
    together = np.bincount((fine * columns + coarse).ravel(), minlength=rows * columns).reshape(rows, columns)
    areas, coarse_areas = together.sum(1), together.sum(0)
    iou = (together / (areas[:, None] + coarse_areas - together)).max(1)
    known = np.bincount(fine.ravel(), weights=covered.ravel(), minlength=rows) / areas
    shares = areas / fine.size
    return np.flatnonzero((iou > STABLE) & (shares > AREAS[0]) & (shares < AREAS[1]) & (known < MOST_LABELLED))


def _iou(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> float:
    # On every second pixel: close enough to tell the same region from another.
    a, b = first[::2, ::2], second[::2, ::2]
    union = np.count_nonzero(a | b)
    return np.count_nonzero(a & b) / union if union else 0.0


def _enlarged(region: NDArray[np.bool_], width: int, height: int) -> NDArray[np.bool_]:
    """At the picture's own size, with the pinholes that noise leaves closed."""
    closed = cv2.morphologyEx(region.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    return np.asarray(cv2.resize(closed.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR) > 0.5)
