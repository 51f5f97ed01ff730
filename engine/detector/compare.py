"""Is a detector better than another? Average precision and recall of both, with paired intervals by image."""

import contextlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pycocotools.cocoeval import COCOeval

from engine.detector.evaluate import coco_evaluation
from engine.detector.interface import Detections
from engine.evaluation.bootstrap import FEWEST_IMAGES, LEVEL, RESAMPLES, SEED
from engine.evaluation.measurements import Floats

FIGURES = ("ap", "ar10", "ar100")
_FEW = 10


@dataclass(frozen=True)
class Matches:
    """A detector's boxes on N images, matched with the true ones as COCO does, at T thresholds of IoU.

    `image` D: the image of each box, `rank` D: its place there by score, `score` D, `hit` T×D: whether it found an
    object. `objects` N: true boxes of each image. Boxes are sorted by score over all images.
    """

    image: NDArray[np.intp]
    rank: NDArray[np.intp]
    score: Floats
    hit: NDArray[np.bool_]
    objects: Floats
    recalls: Floats
    """The recalls, 101 of them, at which COCO reads the precision."""

    def figures(self, weights: Floats) -> Floats:
        """AP, AR@10, AR@100 when image i counts `weights[i]` times: once each, or as often as it was drawn."""
        objects = float(self.objects @ weights)
        if not objects:
            return np.zeros(len(FIGURES))
        each = weights[self.image]
        true = np.cumsum(self.hit * each, axis=1)
        found = np.cumsum(each)
        recall = true / objects
        precision = true / np.maximum(found, np.finfo(np.float64).tiny)
        envelope = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
        average = np.mean([_read(*pair, self.recalls) for pair in zip(recall, envelope, strict=True)])
        among_few = (self.hit * (each * (self.rank < _FEW))).sum(axis=1) / objects
        among_all = (self.hit * each).sum(axis=1) / objects
        return np.array([average, among_few.mean(), among_all.mean()], np.float64)


def compare_boxes(
    true: Sequence[NDArray[np.float32]],
    first: Sequence[Detections] | None,
    second: Sequence[Detections],
    resamples: int = RESAMPLES,
) -> dict[str, Any]:
    """Two detectors on the same images, whose true boxes are `true` (N×4 each, at least one in all).

    `difference` has by figure the second's less the first's and its 95 % interval; None without a first, and the
    interval None for fewer than two images. Images are drawn for both detectors at once.
    """
    mine = match(true, second)
    one = np.ones(len(true))
    document: dict[str, Any] = {
        "images": len(true),
        "masks": int(mine.objects.sum()),
        "base": None,
        "candidate": _named(mine.figures(one)),
        "difference": None,
    }
    if first is None:
        return document
    theirs = match(true, first)
    document["base"] = _named(theirs.figures(one))
    difference = mine.figures(one) - theirs.figures(one)
    bounds = None
    if len(true) >= FEWEST_IMAGES:
        chances = np.full(len(true), 1 / len(true))
        drawn = np.random.default_rng(SEED).multinomial(len(true), chances, size=resamples).astype(np.float64)
        found = np.array([mine.figures(weights) - theirs.figures(weights) for weights in drawn])
        bounds = np.quantile(found, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0).T
    document["difference"] = {
        name: {
            "difference": float(difference[index]),
            "interval": None if bounds is None else [float(bound) for bound in bounds[index]],
        }
        for index, name in enumerate(FIGURES)
    }
    return document


def match(true: Sequence[NDArray[np.float32]], found: Sequence[Detections]) -> Matches:
    """Boxes against true boxes, image by image, as pycocotools matches them."""
    evaluation = coco_evaluation(true, found)
    thresholds, recalls, parts = 10, np.linspace(0, 1, 101), list[_Part]()
    if evaluation is not None:
        with contextlib.redirect_stdout(io.StringIO()):
            evaluation.evaluate()
        thresholds, recalls = len(evaluation.params.iouThrs), np.asarray(evaluation.params.recThrs, np.float64)
        parts = _of_all_sizes(evaluation)
    objects = np.array([len(boxes) for boxes in true], np.float64)
    if not parts:
        none = np.zeros(0, np.intp)
        return Matches(none, none, np.zeros(0), np.zeros((thresholds, 0), np.bool_), objects, recalls)
    image = np.concatenate([part.image for part in parts])
    rank = np.concatenate([part.rank for part in parts])
    score = np.concatenate([part.score for part in parts])
    order = np.argsort(-score, kind="stable")
    hit = np.concatenate([part.hit for part in parts], axis=1)[:, order]
    return Matches(image[order], rank[order], score[order], hit, objects, recalls)


class _Part(NamedTuple):
    """The boxes of one image; the fields are those of `Matches`."""

    image: NDArray[np.intp]
    rank: NDArray[np.intp]
    score: Floats
    hit: NDArray[np.bool_]


def _of_all_sizes(evaluation: COCOeval) -> list[_Part]:
    """The matches of each image with a true or found box, objects of any size together."""
    everything = list(evaluation.params.areaRng[0])
    found: list[Any] = [each for each in evaluation.evalImgs if each is not None]
    return [_part(each) for each in found if list(each["aRng"]) == everything]


def _part(found: Any) -> _Part:
    score = np.asarray(found["dtScores"], np.float64)
    count = len(score)
    image = np.full(count, found["image_id"], np.intp)
    return _Part(image, np.arange(count), score, np.asarray(found["dtMatches"]).reshape(-1, count) > 0)


def _read(recall: Floats, precision: Floats, at: Floats) -> float:
    """The mean precision at the recalls `at`; zero beyond the largest recall."""
    index = np.searchsorted(recall, at, side="left")
    return float(np.where(index < len(recall), np.append(precision, 0.0)[np.minimum(index, len(recall))], 0.0).mean())


def _named(figures: Floats) -> dict[str, float]:
    return {name: float(value) for name, value in zip(FIGURES, figures, strict=True)}
