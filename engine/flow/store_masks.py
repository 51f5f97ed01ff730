"""masks a batch made → stored annotation: once, with everything they were made with, in place of the batch before."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import or_, select

from engine.flow.annotate import MaskContent, mask_values, segmentation_of
from engine.store.queries import insert_or_ignore
from engine.store.tables import Event, Image, Job, Mask, MaskVersion, Review, Stage, utc_now
from engine.store.unit_of_work import UnitOfWork


def store_masks(uow: UnitOfWork, job: Job, item_id: UUID, image: Image, made: Sequence[MaskContent]) -> int:
    """Add the masks a batch found on an image, as the person who started it; returns how many.

    Ids follow from the item and the masks' order, so storing them again adds nothing. Each carries the batch and its
    settings, and waits for review if the batch's do. Raises InvalidMask.
    """
    author = _author(job)
    now = utc_now()
    masks: list[dict[str, Any]] = []
    versions: list[dict[str, Any]] = []
    for number, content in enumerate(made):
        mask_id = uuid5(item_id, str(number))
        masks.append(
            mask_values(uow, content, image)
            | {
                "id": mask_id,
                "image_id": image.id,
                "version": 1,
                "author_id": author,
                "job_id": job.id,
                "job_settings": job.settings,
                "review": Review.WAITING if job.review else None,
                "created_at": now,
                "updated_at": now,
            }
        )
        versions.append(_version(mask_id, 1, author, content, job))
    insert_or_ignore(uow.session, Mask, masks)
    insert_or_ignore(uow.session, MaskVersion, versions)
    subject = {"job_id": str(job.id), "image_id": str(image.id), "masks": len(masks)}
    uow.session.add(Event(user_id=author, kind="masks.made", subject=subject))
    return len(masks)


def replace_earlier(uow: UnitOfWork, job: Job, image: Image, stage: Stage) -> int:
    """Delete what earlier batches of that stage made on an image and nobody touched; returns how many.

    Accepted, refined and labelled masks stay: a person's work is never undone by a machine. History is kept, as with
    every deletion.
    """
    author = _author(job)
    untouched = select(Mask).where(
        Mask.image_id == image.id,
        Mask.stage == stage,
        Mask.version == 1,
        Mask.deleted_at.is_(None),
        Mask.job_id.is_not(None),
        Mask.job_id != job.id,
        or_(Mask.review.is_(None), Mask.review == Review.WAITING),
    )
    masks = uow.session.scalars(untouched.with_for_update(of=Mask)).all()
    for mask in masks:
        content = _content(mask, image)
        mask.version, mask.deleted_at, mask.updated_at = 2, utc_now(), utc_now()
        uow.session.add(MaskVersion(**_version(mask.id, 2, author, content, job, deleted=True)))
    if masks:
        subject = {"job_id": str(job.id), "image_id": str(image.id), "masks": len(masks)}
        uow.session.add(Event(user_id=author, kind="masks.replaced", subject=subject))
    uow.session.flush()
    return len(masks)


def _author(job: Job) -> UUID:
    if job.created_by is None:
        raise LookupError(f"Job {job.id} of kind {job.kind} names nobody who started it.")
    return job.created_by


def _content(mask: Mask, image: Image) -> MaskContent:
    return MaskContent(
        segmentation=segmentation_of(mask, image),
        **{name: getattr(mask, name) for name in MaskContent.__dataclass_fields__ if name != "segmentation"},
    )


def _version(
    mask_id: UUID, version: int, author: UUID, content: MaskContent, job: Job, *, deleted: bool = False
) -> dict[str, Any]:
    return {
        "mask_id": mask_id,
        "version": version,
        "author_id": author,
        "content": asdict(content)
        | {
            "model_id": str(content.model_id) if content.model_id else None,
            "deleted": deleted,
            "job_id": str(job.id),
            "job_settings": job.settings,
        },
    }
