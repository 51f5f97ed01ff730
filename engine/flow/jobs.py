"""Durable jobs: the rows are the truth, messages are only hints to look at a row.

An item goes queued → sent → running → done or failed, or is cancelled on the way. A message for an item that is none of
these workers' business any more (done, failed, paused, at work elsewhere) is a no-op. What an attempt made is stored in
the transaction that marks its item done, and only if that attempt still holds the item: nothing is stored twice.

Rows are locked job first, then item, everywhere: two finishers of one job wait for each other, and the last closes it.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from uuid import UUID, uuid5

from sqlalchemy import exists, func, select, update

from engine.errors import MaskloopError
from engine.flow.job_feed import FRONT, ROUTES, SILENT_AFTER, feed, mark_sent, recover, resend_lost
from engine.store.queries import insert_or_ignore
from engine.store.tables import ItemState, Job, JobItem, JobKind, JobState, utc_now
from engine.store.unit_of_work import UnitOfWork

__all__ = [
    "FRONT",
    "MAX_ATTEMPTS",
    "ROUTES",
    "UNFINISHED",
    "Outcome",
    "TookTooLong",
    "add",
    "beat",
    "bring_to_front",
    "claim",
    "close_if_over",
    "enqueue",
    "feed",
    "finish",
    "held_item",
    "record_failure",
    "recover",
    "requeue",
    "resend_lost",
    "standing_job",
]

MAX_ATTEMPTS = 3
_ROWS_AT_ONCE = 1000
UNFINISHED = (ItemState.QUEUED, ItemState.SENT, ItemState.RUNNING)


class TookTooLong(MaskloopError):
    """An image was worked on longer than the deployment allows."""


@dataclass(frozen=True)
class Outcome:
    """What working on an image came to, for kinds that add masks or make a file."""

    mask_count: int | None = None
    output_key: str | None = None


def standing_job(uow: UnitOfWork, kind: JobKind, project_id: UUID, model_id: UUID) -> Job:
    """The one job of a kind for a project and a model; its id follows from theirs, so racing callers agree."""
    job_id = uuid5(project_id, f"{kind}:{model_id}")
    insert_or_ignore(
        uow.session,
        Job,
        [
            {
                "id": job_id,
                "kind": kind,
                "project_id": project_id,
                "model_id": model_id,
                "state": JobState.RUNNING,
                "standing": True,
                "created_at": utc_now(),
            }
        ],
    )
    return uow.session.get_one(Job, job_id)


def enqueue(uow: UnitOfWork, job: Job, image_ids: Collection[UUID]) -> None:
    """Add images to a job, those it has already left as they are, and send what the window takes."""
    add(uow, job, ((image_id, job.priority) for image_id in image_ids))
    feed(uow, job.kind)


def add(uow: UnitOfWork, job: Job, images: Iterable[tuple[UUID, int]]) -> None:
    """Add images with their priorities; of equal priority, they come in the order given. `feed` sends them."""
    now = utc_now()
    rows = (
        # Microseconds keep the order, for the queue goes by time.
        {"job_id": job.id, "image_id": image_id, "priority": priority, "queued_at": now + timedelta(microseconds=place)}
        for place, (image_id, priority) in enumerate(images)
    )
    # By lumps: a batch of 100,000 images is never in memory as rows.
    while some := list(islice(rows, _ROWS_AT_ONCE)):
        insert_or_ignore(uow.session, JobItem, some)
    job.state, job.finished_at = JobState.RUNNING, None


def bring_to_front(uow: UnitOfWork, kind: JobKind, item: JobItem) -> None:
    """Send a waiting item ahead of all batches, whatever the window; harmless when it is there already."""
    if item.state in (ItemState.QUEUED, ItemState.SENT) and item.priority < FRONT:
        item.priority = FRONT
        mark_sent(uow, kind, item)


def claim(uow: UnitOfWork, item_id: UUID) -> JobItem | None:
    """Take an item for work; None when there is nothing to do: gone, done, called back, or at work elsewhere.

    An item whose worker died `MAX_ATTEMPTS` times is failed here instead, so that a poison image stops.
    """
    found = _locked(uow, item_id)
    if found is None:
        return None
    job, item = found
    now = utc_now()
    if item.state is ItemState.RUNNING:
        if _heart_beats(item, now):
            return None
    elif item.state is not ItemState.SENT:
        return None
    if job.state is JobState.PAUSED or _is_full(uow, job, now):
        # It is sent again when the job goes on, or when one of the job's other images is done.
        item.state = ItemState.QUEUED
        return None
    if item.attempts >= MAX_ATTEMPTS:
        _fail(
            uow,
            job,
            item,
            f"The worker stopped {item.attempts} times while working on this image, perhaps for lack of memory. "
            "Retry it on a machine with more memory, or remove the image.",
        )
        return None
    item.state, item.started_at, item.heartbeat_at = ItemState.RUNNING, now, now
    item.attempts += 1
    return item


def beat(uow: UnitOfWork, item_id: UUID, attempt: int) -> bool:
    """Show that an attempt's worker is alive; False when the item is not this attempt's any more."""
    beaten = uow.session.execute(
        update(JobItem)
        .where(JobItem.id == item_id, JobItem.state == ItemState.RUNNING, JobItem.attempts == attempt)
        .values(heartbeat_at=utc_now())
        .returning(JobItem.id)
    )
    return beaten.one_or_none() is not None


def held_item(uow: UnitOfWork, item_id: UUID, attempt: int) -> JobItem | None:
    """The item, locked, if this attempt still holds it; None when it was cancelled, deleted, or given to another."""
    found = _locked(uow, item_id)
    if found is None:
        return None
    _, item = found
    return item if item.state is ItemState.RUNNING and item.attempts == attempt else None


def finish(uow: UnitOfWork, item: JobItem, outcome: Outcome) -> None:
    """Mark a held item done and send the next."""
    item.state, item.error, item.finished_at = ItemState.DONE, None, utc_now()
    item.mask_count, item.output_key = outcome.mask_count, outcome.output_key
    _settle(uow, uow.session.get_one(Job, item.job_id))


def record_failure(uow: UnitOfWork, item_id: UUID, attempt: int, error: BaseException) -> None:
    """Fail a held item for good when its data are at fault; otherwise queue it again until the attempts are used up."""
    item = held_item(uow, item_id, attempt)
    if item is None:
        return
    job = uow.session.get_one(Job, item.job_id)
    if isinstance(error, MaskloopError):
        _fail(uow, job, item, str(error))
    elif item.attempts >= MAX_ATTEMPTS:
        _fail(
            uow,
            job,
            item,
            f"Working on this image failed {item.attempts} times with {type(error).__name__}: {error}. "
            "The worker's log says more; retry when the cause is removed.",
        )
    else:
        item.state = ItemState.QUEUED
        _settle(uow, job)


def requeue(uow: UnitOfWork, job: Job, states: Collection[ItemState], image_ids: Collection[UUID] | None = None) -> int:
    """Queue a job's items in `states` again (of `image_ids`, else all), attempts from zero; returns how many."""
    uow.session.refresh(job, with_for_update=True)
    again = (
        update(JobItem)
        .where(JobItem.job_id == job.id, JobItem.state.in_(states))
        .values(state=ItemState.QUEUED, attempts=0, error=None, finished_at=None, queued_at=utc_now())
        .returning(JobItem.id)
        .execution_options(synchronize_session="fetch")
    )
    if image_ids is not None:
        again = again.where(JobItem.image_id.in_(image_ids))
    count = len(uow.session.scalars(again).all())
    if count:
        job.state, job.finished_at = JobState.RUNNING, None
        feed(uow, job.kind)
    return count


def close_if_over(uow: UnitOfWork, job: Job) -> None:
    """Finish a job that has nothing left to do; a cancelled one stays cancelled."""
    uow.session.flush()
    left = exists().where(JobItem.job_id == job.id, JobItem.state.in_(UNFINISHED))
    if job.state is not JobState.CANCELLED and not uow.session.scalar(select(left)):
        job.state, job.finished_at = JobState.FINISHED, utc_now()


def _locked(uow: UnitOfWork, item_id: UUID) -> tuple[Job, JobItem] | None:
    job_id = uow.session.scalar(select(JobItem.job_id).where(JobItem.id == item_id))
    if job_id is None:
        return None
    job = uow.session.get(Job, job_id, with_for_update=True, populate_existing=True)
    item = uow.session.get(JobItem, item_id, with_for_update=True, populate_existing=True)
    return None if job is None or item is None else (job, item)


def _heart_beats(item: JobItem, now: datetime) -> bool:
    return item.heartbeat_at is not None and item.heartbeat_at > now - SILENT_AFTER


def _is_full(uow: UnitOfWork, job: Job, now: datetime) -> bool:
    """Whether as many of the job's images are at work as may be."""
    if job.concurrency is None:
        return False
    at_work = uow.session.scalar(
        select(func.count())
        .select_from(JobItem)
        .where(
            JobItem.job_id == job.id,
            JobItem.state == ItemState.RUNNING,
            JobItem.heartbeat_at > now - SILENT_AFTER,
        )
    )
    return (at_work or 0) >= job.concurrency


def _fail(uow: UnitOfWork, job: Job, item: JobItem, sentence: str) -> None:
    item.state, item.error, item.finished_at = ItemState.FAILED, sentence, utc_now()
    _settle(uow, job)


def _settle(uow: UnitOfWork, job: Job) -> None:
    """Close the job when that was its last item, and send the next."""
    close_if_over(uow, job)
    feed(uow, job.kind)
