"""Does the model know how good its masks are? Predicted IoU against measured IoU."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.evaluation.measurements import Floats

BINS = 10


@dataclass(frozen=True)
class Bin:
    """The masks whose predicted IoU lies in [`low`, `high`), the last bin's `high` included; means None if empty."""

    low: float
    high: float
    masks: int
    mean_predicted_iou: float | None
    mean_iou: float | None


def calibration_table(predicted: Floats, measured: Floats) -> list[Bin]:
    """Ten equal bins of predicted IoU (M) against measured IoU (M). Predictions are cut to [0, 1]."""
    predicted = predicted.clip(0, 1)
    index = _bins(predicted)
    masks = np.bincount(index, minlength=BINS)
    of_predicted = np.bincount(index, predicted, BINS)
    of_measured = np.bincount(index, measured, BINS)
    return [
        Bin(
            low=i / BINS,
            high=(i + 1) / BINS,
            masks=int(masks[i]),
            mean_predicted_iou=float(of_predicted[i] / masks[i]) if masks[i] else None,
            mean_iou=float(of_measured[i] / masks[i]) if masks[i] else None,
        )
        for i in range(BINS)
    ]


def calibration_error(predicted: Floats, measured: Floats) -> float:
    """Expected calibration error of predicted IoUs (M) against measured ones (M).

    Predictions are cut to [0, 1] and put into ten equal bins; the error is the mean over bins, weighted by
    their size, of |mean prediction − mean measurement| (https://arxiv.org/abs/1706.04599, for a regression).
    """
    predicted = predicted.clip(0, 1)
    surplus = np.bincount(_bins(predicted), weights=predicted - measured, minlength=BINS)
    return float(np.abs(surplus).sum() / len(predicted))


def _bins(predicted: Floats) -> NDArray[np.intp]:
    return np.minimum((predicted * BINS).astype(np.intp), BINS - 1)
