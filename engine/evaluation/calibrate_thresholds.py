"""Which thresholds of the automatic stage suit a model, by images whose masks are known."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.automatic.config import AutomaticConfig
from engine.automatic.generator import generate_masks
from engine.automatic.thresholds import SA_1B, Thresholds
from engine.errors import InvalidInput
from engine.evaluation.read_folder import read_folder
from engine.evaluation.threshold_tally import BOX_OVERLAPS, PREDICTED_IOUS, STABILITIES, Tally, tally
from engine.masks import rle
from engine.sam.predictor import Predictor

POINTS_PER_SIDE = 16
"""As the preset `fast`: the thresholds of a denser grid differ little, and it takes much longer."""


@dataclass(frozen=True)
class Quality:
    """Means over the sources; a mask is right at an IoU of 0.5 or more. `masks_per_image` counts all that are kept."""

    f1: float
    precision: float
    recall: float
    masks_per_image: float

    def to_json(self) -> dict[str, float]:
        return asdict(self)


@dataclass(frozen=True)
class Calibration:
    """The thresholds that suit a model best, and what they come to beside SA-1B's on the same images."""

    thresholds: Thresholds
    quality: Quality
    with_sa_1b: Quality
    images: int
    masks: int
    points_per_side: int

    def to_metric(self, folder: str) -> dict[str, Any]:
        """What a model's metrics keep; `folder` names what it was measured on."""
        return {
            **self.thresholds.to_settings(),
            **{name: round(value, 4) for name, value in self.quality.to_json().items()},
            "measured_on": folder,
            "images": self.images,
            "masks": self.masks,
            "points_per_side": self.points_per_side,
        }


def calibrate_thresholds(
    predictor: Predictor,
    folder: Path,
    *,
    limit: int | None = None,
    least_precision: float | None = None,
    points_per_side: int = POINTS_PER_SIDE,
    on_image: Callable[[int, int], None] | None = None,
) -> Calibration:
    """The thresholds with the highest F1 on the annotated images of `folder`, or the highest recall at a precision.

    Args:
        limit: a number of images, spread evenly over the sources (`read_folder`).
        least_precision: in [0, 1]; of all thresholds that reach it, those with the highest recall are taken.
        on_image: told (images done, images) after each.

    Raises InvalidInput for an unusable folder, when it holds no masks, when the model finds none of them, or when no
    thresholds reach the precision.
    """
    if limit is not None and limit < 1:
        raise InvalidInput("The limit must be at least one image.")
    if least_precision is not None and not 0 <= least_precision <= 1:
        raise InvalidInput(f"The least precision must be between 0 and 1, not {least_precision}.")
    images = read_folder(folder, limit)
    config = _without_filters(points_per_side)
    by_source: dict[str, Tally] = defaultdict(Tally.empty)
    for number, image in enumerate(images, 1):
        content = image.load()
        if len(content.masks):
            found = generate_masks(predictor, content.image, config)
            by_source[image.source] += tally(found, [rle.encode(mask) for mask in content.masks])
        if on_image is not None:
            on_image(number, len(images))
    if not by_source:
        raise InvalidInput(f"The annotations in {folder} hold no masks to calibrate with.")
    return choose_thresholds(by_source, least_precision, points_per_side)


def choose_thresholds(
    by_source: Mapping[str, Tally], least_precision: float | None, points_per_side: int
) -> Calibration:
    """The best thresholds by what was counted on each source's images; all sources weigh the same.

    Raises InvalidInput as `calibrate_thresholds` does.
    """
    tallies = list(by_source.values())
    f1, precision, recall = (_mean([getattr(each, name) for each in tallies]) for name in ("f1", "precision", "recall"))
    if not f1.any():
        raise InvalidInput("The model finds none of these masks at any thresholds. Train it on, or use other images.")
    if least_precision is None:
        best = int(f1.argmax())
    else:
        reached = precision >= least_precision
        if not (reached & (recall > 0)).any():
            raise InvalidInput(
                f"No thresholds reach a precision of {least_precision:g}; the highest is {precision.max():.2f}."
            )
        best = int(np.where(reached, recall, -1).argmax())
    at = np.unravel_index(best, f1.shape)
    images = sum(each.images for each in tallies)
    kept = np.sum([each.kept for each in tallies], axis=0) / images

    def quality(place: tuple[Any, ...]) -> Quality:
        return Quality(*(float(each[place]) for each in (f1, precision, recall, kept)))

    return Calibration(
        thresholds=Thresholds(
            pred_iou_thresh=float(PREDICTED_IOUS[at[2]]),
            stability_score_thresh=float(STABILITIES[at[1]]),
            box_nms_thresh=float(BOX_OVERLAPS[at[0]]),
        ),
        quality=quality(at),
        with_sa_1b=quality(_place_of(SA_1B)),
        images=images,
        masks=sum(each.true for each in tallies),
        points_per_side=points_per_side,
    )


def _without_filters(points_per_side: int) -> AutomaticConfig:
    return AutomaticConfig(
        points_per_side=points_per_side,
        pred_iou_thresh=0,
        stability_score_thresh=float(STABILITIES[0]),
        box_nms_thresh=1,
        min_mask_region_area=0,
    )


def _mean(arrays: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    return np.mean(arrays, axis=0)


def _place_of(thresholds: Thresholds) -> tuple[int, int, int]:
    """Where in the arrays of a tally these thresholds, or the nearest that are tried, are."""
    return (
        int(np.abs(BOX_OVERLAPS - thresholds.box_nms_thresh).argmin()),
        int(np.abs(STABILITIES - thresholds.stability_score_thresh).argmin()),
        int(np.abs(PREDICTED_IOUS - thresholds.pred_iou_thresh).argmin()),
    )
