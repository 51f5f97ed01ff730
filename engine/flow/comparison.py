"""The held-out masks of a run as its base and its candidate see them: the same images, the same first click.

Written by `candidate_comparison` when the run is evaluated, as two kinds of gzipped JSON: a list of all masks, and a
file per image with both models' masks.
"""

import gzip
import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from engine.errors import NotFound
from engine.evaluation.clicks import NO_POINT
from engine.masks import rle
from engine.store.blobs import get_blobs
from engine.store.tables import RetrainRun
from engine.store.unit_of_work import UnitOfWork


class Sort(StrEnum):
    """gain: what the candidate improved most comes first; loss: what it spoilt most; change: either of them."""

    GAIN = "gain"
    LOSS = "loss"
    CHANGE = "change"


@dataclass(frozen=True)
class ComparedMask:
    """A held-out mask, and the IoU that base and candidate reach on it after so many clicks."""

    mask_id: UUID
    version: int
    image_id: UUID
    label: str | None
    area: int
    base_iou: float
    candidate_iou: float

    @property
    def difference(self) -> float:
        return self.candidate_iou - self.base_iou


@dataclass(frozen=True)
class ComparisonPage:
    """Some masks in the order asked for; `total` counts all of them."""

    items: list[ComparedMask]
    total: int


@dataclass(frozen=True)
class Answer:
    """What one model made of the clicks: (x, y, label) in image pixels, label 1 foreground and 0 background."""

    clicks: list[tuple[int, int, int]]
    segmentation: rle.Rle
    iou: float


@dataclass(frozen=True)
class OldAndNew:
    """A mask as it was annotated, and both models' answers. The first click is the same for both models; every
    further one is where the model's own answer is most wrong."""

    mask: ComparedMask
    segmentation: rle.Rle
    base: Answer
    candidate: Answer


def list_comparison(
    uow: UnitOfWork, run_id: UUID, sort: Sort = Sort.LOSS, clicks: int = 1, offset: int = 0, limit: int = 50
) -> ComparisonPage:
    """The held-out masks of an evaluated run, sorted by what `clicks` clicks (1, 3 or 5) come to with both models.

    Raises NotFound for an unknown run, or one without a comparison (not evaluated yet, or a detector's).
    """
    found = [_compared(each, clicks) for each in _listed(uow, run_id)["masks"]]
    order = {
        Sort.GAIN: lambda each: (-each.difference, str(each.mask_id)),
        Sort.LOSS: lambda each: (each.difference, str(each.mask_id)),
        Sort.CHANGE: lambda each: (-abs(each.difference), str(each.mask_id)),
    }[sort]
    return ComparisonPage(sorted(found, key=order)[offset : offset + limit], len(found))


def get_compared(uow: UnitOfWork, run_id: UUID, mask_id: UUID, clicks: int = 1) -> OldAndNew:
    """One mask of the comparison, with both models' masks. Raises NotFound."""
    listed = _listed(uow, run_id)
    mask = next((each for each in listed["masks"] if each["id"] == str(mask_id)), None)
    if mask is None:
        raise NotFound("mask in this comparison", mask_id)
    image, row = _get(listed["images"][mask["image_id"]]), mask["row"]

    def segmentation(counts: str) -> rle.Rle:
        return {"size": image["size"], "counts": counts}

    def answer(model: str) -> Answer:
        found = image[model][row]
        return Answer(
            clicks=[(x, y, label) for x, y, label in found["clicks"][:clicks] if label != NO_POINT],
            segmentation=segmentation(found["counts"][str(clicks)]),
            iou=found["iou"][str(clicks)],
        )

    truth = segmentation(image["counts"][row])
    return OldAndNew(_compared(mask, clicks), truth, answer("base"), answer("candidate"))


def _compared(listed: dict[str, Any], clicks: int) -> ComparedMask:
    base, candidate = listed["iou"][str(clicks)]
    return ComparedMask(
        mask_id=UUID(listed["id"]),
        version=listed["version"],
        image_id=UUID(listed["image_id"]),
        label=listed["label"],
        area=listed["area"],
        base_iou=base,
        candidate_iou=candidate,
    )


def _listed(uow: UnitOfWork, run_id: UUID) -> dict[str, Any]:
    run = uow.session.get(RetrainRun, run_id)
    if run is None:
        raise NotFound("retraining run", run_id)
    key = None if run.evaluation is None else run.evaluation.get("comparison")
    if key is None:
        raise NotFound("comparison of run", f"{run.number}, which has none or is not evaluated yet")
    return _get(key)


def _get(key: str) -> dict[str, Any]:
    return json.loads(gzip.decompress(get_blobs().get(key)))
