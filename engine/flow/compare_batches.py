"""Two batches of the same images: which masks were gained, lost, changed.

Compared is what each batch made, whatever became of it since: the first versions of its masks, which never change.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import exists, func, select
from sqlalchemy.orm import aliased

from engine.errors import InvalidInput
from engine.flow.batch_settings import MAKE_MASKS
from engine.flow.batches import get_batch
from engine.masks.matching import match
from engine.masks.rle import Rle
from engine.store.tables import Image, ItemState, Job, JobItem, Mask, MaskVersion
from engine.store.unit_of_work import UnitOfWork

SAME_IOU = 0.95
"""Masks that overlap this much differ by less than people do who draw the same thing twice."""


@dataclass(frozen=True)
class ImageComparison:
    """Masks of one image: only in the new batch, only in the earlier one, in both but different, in both alike."""

    image_id: UUID
    file_name: str
    gained: int
    lost: int
    changed: int
    same: int


@dataclass(frozen=True)
class Comparison:
    """`total` counts the images that both batches have done; `items` is a page of them, in order of import."""

    total: int
    items: list[ImageComparison]


def compare_batches(uow: UnitOfWork, batch_id: UUID, earlier_id: UUID, offset: int, limit: int) -> Comparison:
    """What a batch found that an earlier one did not, and the other way round, image by image.

    Raises NotFound, InvalidInput for a kind that makes no masks.
    """
    batch, earlier = get_batch(uow, batch_id), get_batch(uow, earlier_id)
    for job in (batch, earlier):
        if job.kind not in MAKE_MASKS:
            raise InvalidInput(f"A batch of kind {job.kind} makes no masks, so there is nothing to compare.")
    both = _done(batch.id), _done(earlier.id)
    total = uow.session.scalar(select(func.count()).select_from(Image).where(*both))
    images = uow.session.execute(
        select(Image.id, Image.file_name).where(*both).order_by(Image.created_at, Image.id).offset(offset).limit(limit)
    ).all()
    ids = [image_id for image_id, _ in images]
    new, old = _masks(uow, batch.id, ids), _masks(uow, earlier.id, ids)
    items = [_compare(image_id, name, new.get(image_id, []), old.get(image_id, [])) for image_id, name in images]
    return Comparison(total or 0, items)


def comparable_batches(uow: UnitOfWork, batch_id: UUID) -> list[Job]:
    """Earlier batches of the same kind that share images with this one, the latest first. Raises NotFound."""
    batch = get_batch(uow, batch_id)
    if batch.kind not in MAKE_MASKS:
        return []
    mine, theirs = aliased(JobItem), aliased(JobItem)
    shared = exists().where(
        mine.job_id == batch.id, theirs.job_id == Job.id, mine.image_id == theirs.image_id, theirs.state == "done"
    )
    return list(
        uow.session.scalars(
            select(Job)
            .where(
                Job.kind.in_(MAKE_MASKS),
                Job.project_id == batch.project_id,
                Job.created_at < batch.created_at,
                shared,
            )
            .order_by(Job.created_at.desc())
            .limit(20)
        )
    )


def _done(job_id: UUID) -> Any:
    return exists().where(JobItem.image_id == Image.id, JobItem.job_id == job_id, JobItem.state == ItemState.DONE)


def _masks(uow: UnitOfWork, job_id: UUID, image_ids: Sequence[UUID]) -> dict[UUID, list[Rle]]:
    """What a batch made, by image."""
    rows = uow.session.execute(
        select(Mask.image_id, MaskVersion.content)
        .join(MaskVersion, (MaskVersion.mask_id == Mask.id) & (MaskVersion.version == 1))
        .where(Mask.job_id == job_id, Mask.image_id.in_(image_ids))
        .order_by(Mask.id)
    )
    found: dict[UUID, list[Rle]] = {}
    for image_id, content in rows:
        found.setdefault(image_id, []).append(content["segmentation"])
    return found


def _compare(image_id: UUID, file_name: str, new: Sequence[Rle], old: Sequence[Rle]) -> ImageComparison:
    pairs = match(new, old)
    same = sum(pair.iou >= SAME_IOU for pair in pairs)
    return ImageComparison(
        image_id=image_id,
        file_name=file_name,
        gained=len(new) - len(pairs),
        lost=len(old) - len(pairs),
        changed=len(pairs) - same,
        same=same,
    )
