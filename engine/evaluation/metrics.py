"""What an evaluation reports: mean IoU per number of clicks, per source and as the mean over sources."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CALIBRATION_BINS = 10


@dataclass(frozen=True)
class Round:
    """What a model reached after a number of clicks, for the M masks of one or more images.

    `iou`: measured IoU (M) of the mask the model is most confident in; `predicted_iou`: what it thought (M);
    `oracle_iou`: the IoU (M) of the best candidate, None where only one mask was asked for.
    """

    iou: NDArray[np.float64]
    predicted_iou: NDArray[np.float64]
    oracle_iou: NDArray[np.float64] | None


@dataclass(frozen=True)
class Score:
    """Mean IoU after a number of clicks, and the calibration error of the predicted IoU; all in [0, 1]."""

    most_confident: float
    oracle: float | None
    calibration_error: float

    def to_json(self) -> dict[str, float]:
        fields = {"most_confident": self.most_confident, "oracle": self.oracle}
        return {name: value for name, value in fields.items() if value is not None}


@dataclass(frozen=True)
class SourceScores:
    """The scores of one source: `scores` maps a number of clicks to its score."""

    images: int
    masks: int
    scores: Mapping[int, Score]

    def to_json(self) -> dict[str, object]:
        return {"images": self.images, "masks": self.masks} | _scores_to_json(self.scores)


@dataclass(frozen=True)
class Evaluation:
    """`scores` are means over the sources, each source counting the same however many masks it has."""

    images: int
    masks: int
    seconds: float
    scores: Mapping[int, Score]
    sources: Mapping[str, SourceScores]

    def to_json(self) -> dict[str, object]:
        return {
            "images": self.images,
            "masks": self.masks,
            "seconds": round(self.seconds, 3),
            **_scores_to_json(self.scores),
            "sources": {name: source.to_json() for name, source in self.sources.items()},
        }


def score(round_: Round) -> Score:
    """The score of one source after one number of clicks: each mask counts the same."""
    oracle = None if round_.oracle_iou is None else float(round_.oracle_iou.mean())
    return Score(float(round_.iou.mean()), oracle, calibration_error(round_.predicted_iou, round_.iou))


def mean_score(scores: Sequence[Score]) -> Score:
    """The mean of several sources' scores."""
    oracles = [score.oracle for score in scores if score.oracle is not None]
    return Score(
        float(np.mean([score.most_confident for score in scores])),
        float(np.mean(oracles)) if oracles else None,
        float(np.mean([score.calibration_error for score in scores])),
    )


def concatenate(rounds: Sequence[Round]) -> Round:
    """The rounds of several images, at the same number of clicks, as one."""
    oracles = [round_.oracle_iou for round_ in rounds if round_.oracle_iou is not None]
    return Round(
        np.concatenate([round_.iou for round_ in rounds]),
        np.concatenate([round_.predicted_iou for round_ in rounds]),
        np.concatenate(oracles) if oracles else None,
    )


def calibration_error(predicted: NDArray[np.float64], measured: NDArray[np.float64]) -> float:
    """Expected calibration error of predicted IoUs (M) against measured ones (M).

    Predictions are cut to [0, 1] and put into ten equal bins; the error is the mean over bins, weighted by
    their size, of |mean prediction − mean measurement| (https://arxiv.org/abs/1706.04599, for a regression).
    """
    predicted = predicted.clip(0, 1)
    bins = np.minimum((predicted * CALIBRATION_BINS).astype(np.intp), CALIBRATION_BINS - 1)
    surplus = np.bincount(bins, weights=predicted - measured, minlength=CALIBRATION_BINS)
    return float(np.abs(surplus).sum() / len(predicted))


def _scores_to_json(scores: Mapping[int, Score]) -> dict[str, object]:
    return {
        "miou": {str(clicks): score.to_json() for clicks, score in scores.items()},
        "calibration_error": {str(clicks): score.calibration_error for clicks, score in scores.items()},
    }
