"""SA-1B's JSON, one file per image: the keys and types of the published data set (paper, appendix; dataset page)."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NotRequired, TypedDict
from uuid import UUID

from engine.masks.rle import Rle

# Whole numbers that every JSON reader keeps exactly, JavaScript's included.
_EXACT_BITS = 53
_CONFIRMED = 1.0


class Sa1bImage(TypedDict):
    """`tags`, the words that people put on the image, is an addition to SA-1B's keys, for images that have some."""

    image_id: int
    width: int
    height: int
    file_name: str
    tags: NotRequired[list[str]]


class Sa1bAnnotation(TypedDict):
    """Boxes are [x, y, w, h] and points [x, y], in image pixels."""

    id: int
    segmentation: Rle
    bbox: list[float]
    area: int
    predicted_iou: float
    stability_score: float
    crop_box: list[float]
    point_coords: list[list[float]]


class Generation(TypedDict):
    """How an image's automatic masks were made: the model's name, every setting, and which are the model's own."""

    model: str
    settings: dict[str, Any]
    calibrated: NotRequired[list[str]]


class Sa1bRecord(TypedDict):
    """`generation` is an addition to SA-1B's keys, for files whose masks were all made in one go."""

    image: Sa1bImage
    annotations: list[Sa1bAnnotation]
    generation: NotRequired[Generation]


@dataclass(frozen=True)
class StoredMask:
    """A mask as the store has it; `bbox` is (x, y, w, h), `prompts` as the annotation page records them."""

    id: UUID
    segmentation: Rle
    bbox: tuple[int, int, int, int]
    area: int
    predicted_iou: float | None
    stability_score: float | None
    crop_box: list[float] | None
    prompts: Mapping[str, Any]


def make_record(
    image_id: UUID, file_name: str, width: int, height: int, masks: Iterable[StoredMask], tags: Sequence[str] = ()
) -> Sa1bRecord:
    """The JSON object of one image.

    SA-1B's ids are whole numbers: ours are the leading 53 bits of the UUIDs, so they stay the same from one export to
    the next. SA-1B has a figure for every mask: a mask drawn by a person without the model's estimate counts as
    confirmed, 1.0, so that a filter by score keeps it. Without a crop, the crop box is the image.
    """
    image: Sa1bImage = {
        "image_id": exact_int(image_id),
        "width": width,
        "height": height,
        "file_name": file_name,
    }
    if tags:
        image["tags"] = list(tags)
    return {
        "image": image,
        "annotations": [
            {
                "id": exact_int(mask.id),
                "segmentation": mask.segmentation,
                "bbox": [float(side) for side in mask.bbox],
                "area": mask.area,
                "predicted_iou": _or_confirmed(mask.predicted_iou),
                "stability_score": _or_confirmed(mask.stability_score),
                "crop_box": [float(side) for side in mask.crop_box or (0, 0, width, height)],
                "point_coords": _foreground_points(mask.prompts),
            }
            for mask in masks
        ],
    }


def to_json(record: Sa1bRecord) -> bytes:
    """One line, as the published files."""
    return json.dumps(record, separators=(",", ":")).encode()


def exact_int(key: UUID) -> int:
    """A whole number for a UUID, exact in every JSON reader."""
    return key.int >> (128 - _EXACT_BITS)


def _or_confirmed(score: float | None) -> float:
    return _CONFIRMED if score is None else float(score)


def _foreground_points(prompts: Mapping[str, Any]) -> list[list[float]]:
    points = prompts.get("points") or ()
    return [[float(point["x"]), float(point["y"])] for point in points if point["label"] == 1]
