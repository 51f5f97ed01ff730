"""The measures of an evaluation, each a number per mask of which means are reported."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from engine.evaluation.measurements import Floats, Measurements

NOC_CAP = 20
"""Clicks after which the simulated annotator gives a mask up; it counts as this many (RITM, section 5)."""
NOC_THRESHOLDS = (85, 90)
"""IoU, in percent, that clicks are counted to."""


class Kind(StrEnum):
    """What is measured; `Measure.at` says after how many clicks, or to which IoU in percent."""

    MOST_CONFIDENT = "most_confident"
    """IoU of the candidate the model is most confident in, after `at` clicks."""
    ORACLE = "oracle"
    """IoU of the best of three candidates, after one click."""
    IOU_ERROR = "mean_absolute_error"
    """|predicted IoU − IoU|, after `at` clicks."""
    IOU_SURPLUS = "bias"
    """Predicted IoU − IoU, after `at` clicks."""
    CLICKS = "clicks"
    """Clicks until the IoU is at least `at` percent, at most `NOC_CAP`."""
    UNREACHED = "unreached"
    """1 for a mask that `NOC_CAP` clicks do not bring to `at` percent, else 0."""


@dataclass(frozen=True, order=True)
class Measure:
    """One measure. Its JSON name is its kind's value."""

    kind: Kind
    at: int

    @property
    def more_is_better(self) -> bool:
        """Whether a model with the larger mean is the better one. A bias is best at zero: it is neither."""
        return self.kind in (Kind.MOST_CONFIDENT, Kind.ORACLE)

    @property
    def title(self) -> str:
        """The measure in words, for tables and verdicts."""
        clicks = f"{self.at} click{'' if self.at == 1 else 's'}"
        return {
            Kind.MOST_CONFIDENT: f"mIoU, {clicks}",
            Kind.ORACLE: f"mIoU of the best of 3, {clicks}",
            Kind.IOU_ERROR: f"error of predicted IoU, {clicks}",
            Kind.IOU_SURPLUS: f"bias of predicted IoU, {clicks}",
            Kind.CLICKS: f"NoC@{self.at}",
            Kind.UNREACHED: f"never reach {self.at} %",
        }[self.kind]


def measures(clicks: Sequence[int], noc: bool) -> list[Measure]:
    """The measures of an evaluation after each of `clicks` (sorted); the first is the one that a verdict rests on."""
    found: list[Measure] = []
    for count in clicks:
        found.append(Measure(Kind.MOST_CONFIDENT, count))
        if count == 1:
            found.append(Measure(Kind.ORACLE, count))
    found += [Measure(kind, count) for count in clicks for kind in (Kind.IOU_ERROR, Kind.IOU_SURPLUS)]
    if noc:
        found += [Measure(kind, at) for at in NOC_THRESHOLDS for kind in (Kind.CLICKS, Kind.UNREACHED)]
    return found


def values(measurements: Measurements, wanted: Sequence[Measure]) -> Floats:
    """M×K: the measures of every mask."""
    return np.stack([_values(measurements, measure) for measure in wanted], axis=1)


def _values(measurements: Measurements, measure: Measure) -> Floats:
    match measure.kind:
        case Kind.MOST_CONFIDENT:
            return measurements.iou[:, measure.at - 1]
        case Kind.ORACLE:
            return measurements.oracle_iou
        case Kind.IOU_ERROR:
            return np.abs(_surplus(measurements, measure.at))
        case Kind.IOU_SURPLUS:
            return _surplus(measurements, measure.at)
        case Kind.CLICKS:
            return clicks_to_reach(measurements.iou, measure.at / 100)[0].astype(np.float64)
        case Kind.UNREACHED:
            return (~clicks_to_reach(measurements.iou, measure.at / 100)[1]).astype(np.float64)


def _surplus(measurements: Measurements, clicks: int) -> Floats:
    return measurements.predicted_iou[:, clicks - 1] - measurements.iou[:, clicks - 1]


def clicks_to_reach(iou: Floats, threshold: float) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Clicks M until the IoU (M×R, NaN for clicks that were not made) is at least `threshold`, and whether it was.

    The first time counts, even if a later click makes it worse again. At most `NOC_CAP` clicks are looked at, and a
    mask that does not get there counts as that many.
    """
    reached = iou[:, :NOC_CAP] >= threshold
    ever: NDArray[np.bool_] = np.logical_or.reduce(reached, axis=1)
    return np.where(ever, reached.argmax(axis=1) + 1, NOC_CAP), ever
