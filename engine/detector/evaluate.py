"""Average precision and recall of boxes, as COCO measures them, all objects being of one class."""

import contextlib
import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from engine.detector.interface import Detections
from engine.errors import InvalidInput

_OBJECT = 1


@dataclass(frozen=True)
class DetectorFigures:
    """`ap` and the recalls are means over the IoUs 0.50, 0.55 … 0.95; `ap50` is at 0.50. At most 100 boxes an image."""

    images: int
    objects: int
    ap: float
    ap50: float
    ar10: float
    ar100: float

    def to_json(self) -> dict[str, float | int]:
        return asdict(self)


def evaluate_boxes(true: Sequence[NDArray[np.float32]], found: Sequence[Detections]) -> DetectorFigures:
    """Of images in the same order: true boxes N×4 and detections. Raises InvalidInput when there is no true box."""
    objects = sum(len(boxes) for boxes in true)
    evaluation = coco_evaluation(true, found)
    if evaluation is None:
        return DetectorFigures(len(true), objects, 0.0, 0.0, 0.0, 0.0)
    # pycocotools prints what it does.
    with contextlib.redirect_stdout(io.StringIO()):
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    figures = [float(value) for value in evaluation.stats]
    return DetectorFigures(len(true), objects, ap=figures[0], ap50=figures[1], ar10=figures[7], ar100=figures[8])


def coco_evaluation(true: Sequence[NDArray[np.float32]], found: Sequence[Detections]) -> COCOeval | None:
    """pycocotools' evaluation, not run yet; image ids count from 0. None when nothing was found at all.

    Raises InvalidInput when there is no true box.
    """
    if not sum(len(boxes) for boxes in true):
        raise InvalidInput("There is nothing to measure a detector against: none of the images has a mask.")
    annotations = [
        {"id": number, "image_id": image, "category_id": _OBJECT, "bbox": box, "area": box[2] * box[3], "iscrowd": 0}
        for number, (image, box) in enumerate(
            ((image, _xywh(box)) for image, boxes in enumerate(true) for box in boxes), start=1
        )
    ]
    results = [
        {"image_id": image, "category_id": _OBJECT, "bbox": _xywh(box), "score": float(score)}
        for image, detections in enumerate(found)
        for box, score in zip(detections.boxes, detections.scores, strict=True)
    ]
    if not results:
        return None
    with contextlib.redirect_stdout(io.StringIO()):
        coco: Any = COCO()
        coco.dataset = {
            "images": [{"id": image} for image in range(len(true))],
            "annotations": annotations,
            "categories": [{"id": _OBJECT, "name": "object"}],
        }
        coco.createIndex()
        return COCOeval(coco, coco.loadRes(results), "bbox")


def _xywh(box: NDArray[np.floating]) -> list[float]:
    x0, y0, x1, y1 = (float(side) for side in box)
    return [x0, y0, x1 - x0, y1 - y0]
