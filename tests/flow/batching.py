"""Batches that find many masks with the tiny model, and the workers' part of them done here."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select

from engine.flow.batch_order import read_order
from engine.flow.batches import start_batch
from engine.flow.run_item import run_item
from engine.store.tables import Image, ItemState, Job, JobItem, Mask, Project, User
from engine.store.unit_of_work import unit_of_work

LENIENT = {
    "points_per_side": 3,
    "pred_iou_thresh": 0.0,
    "stability_score_thresh": 0.0,
    "box_nms_thresh": 1.0,
    "max_cover": 1.0,
    "min_mask_region_area": 0,
}
"""Thresholds under which a model that has learnt nothing finds masks."""


def start(user: User, project: Project, kind: str = "automatic", **order: Any) -> Job:
    settings = {"settings": LENIENT} if kind == "automatic" else {}
    with unit_of_work() as uow:
        return start_batch(uow, user, project.id, read_order({"kind": kind, **settings, **order}))


def work_off(job: Job) -> None:
    """Do what a worker would with the messages of a batch, until nothing is sent any more."""
    while sent := items(job, ItemState.SENT):
        for item in sent:
            run_item(item.id)


def items(job: Job, *states: ItemState) -> Sequence[JobItem]:
    with unit_of_work(read_only=True) as uow:
        wanted = select(JobItem).where(JobItem.job_id == job.id)
        if states:
            wanted = wanted.where(JobItem.state.in_(states))
        return uow.session.scalars(wanted.order_by(JobItem.queued_at, JobItem.id)).all()


def state(job: Job) -> str:
    with unit_of_work(read_only=True) as uow:
        return uow.session.get_one(Job, job.id).state


def masks_of(image: Image, *, deleted: bool = False) -> list[Mask]:
    with unit_of_work(read_only=True) as uow:
        of_image = select(Mask).where(Mask.image_id == image.id).order_by(Mask.id)
        if not deleted:
            of_image = of_image.where(Mask.deleted_at.is_(None))
        return list(uow.session.scalars(of_image))


def ids(masks: Sequence[Mask]) -> list[UUID]:
    return [mask.id for mask in masks]
