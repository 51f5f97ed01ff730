"""How far a mean could be off by the choice of images: percentile intervals of a bootstrap over images.

Images are resampled, not masks: masks of one image succeed and fail together, so resampling masks would give intervals
that are too narrow. Each source is resampled on its own (Efron and Tibshirani, An Introduction to the Bootstrap,
chapters 6 and 13).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.evaluation.measurements import Floats

LEVEL = 0.95
RESAMPLES = 2000
SEED = 0
FEWEST_IMAGES = 2
"""An interval needs at least two images; from fewer than about ten it is too narrow."""

# Resampled counts held at once; bounds memory at 32 MB.
_COUNTS = 2**22


class Interval(NamedTuple):
    """The middle 95 % of what resampled images give."""

    low: float
    high: float


class Figure(NamedTuple):
    """A mean and its interval; None where there are too few images for one."""

    value: float
    interval: Interval | None


def resampled_means(values: Floats, image: NDArray[np.intp], stratum: str, resamples: int = RESAMPLES) -> Floats:
    """Means over masks, B×K, of B times as many images drawn with replacement.

    Args:
        values: M×K, K measures of each of M masks (M > 0).
        image: M, any number that masks of one image share.
        stratum: the name of what is resampled; it seeds the draws, so that two models, or a model in two
            evaluations, are measured on the same draws.
        resamples: B.
    """
    _, index = np.unique(image, return_inverse=True)
    images = int(index.max()) + 1
    sums = np.stack([np.bincount(index, column, images) for column in values.T], axis=1)
    masks = np.bincount(index, minlength=images)
    generator = np.random.default_rng([SEED, *stratum.encode()])
    chances = np.full(images, 1 / images)
    means: list[Floats] = []
    rows = max(1, _COUNTS // images)
    for start in range(0, resamples, rows):
        drawn = generator.multinomial(images, chances, size=min(rows, resamples - start)).astype(np.float64)
        means.append((drawn @ sums) / (drawn @ masks)[:, None])
    return np.concatenate(means)


def figures(values: Floats, means: Floats, enough_images: bool) -> list[Figure]:
    """K figures: `values` (K) with the intervals of the resampled `means` (B×K)."""
    if not enough_images:
        return [Figure(float(value), None) for value in values]
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
    return [Figure(float(v), Interval(float(a), float(b))) for v, a, b in zip(values, low, high, strict=True)]
