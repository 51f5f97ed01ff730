"""Durable jobs: the rows are the truth, messages are only hints to look at a row.

An item goes queued → sent → running → done or failed. At most `WINDOW` items of a kind are sent or running at a
time and the rest wait as rows, so a message waits minutes, not days: one that stays away longer was lost, and sending
it again (`resend_lost`) cannot flood the broker. A message for an item that is done, failed, or at work elsewhere is
a no-op, so sending too often does no harm.
"""

import logging
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid5

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, update

from engine.errors import MaskloopError
from engine.flow.dispatch import Queue, send
from engine.store.queries import insert_or_ignore
from engine.store.tables import ItemState, Job, JobItem, JobKind, JobState, utc_now
from engine.store.unit_of_work import UnitOfWork

WINDOW = 64
MAX_ATTEMPTS = 3
FRONT = 1
"""The priority of what somebody is waiting for; batches have 0."""

SENT_LOST_AFTER = timedelta(minutes=15)
SILENT_AFTER = timedelta(minutes=1)
"""A running item whose heart has not beaten for this long has no worker any more (it beats every ten seconds)."""

UNFINISHED = (ItemState.QUEUED, ItemState.SENT, ItemState.RUNNING)

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Route:
    """The task that works on one item of a kind of job, and its queues."""

    task: str
    queue: Queue
    front: Queue


ROUTES = {JobKind.EMBED: Route("maskloop.embed", Queue.EMBED, Queue.EMBED_FRONT)}


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
                "created_at": utc_now(),
            }
        ],
    )
    return uow.session.get_one(Job, job_id)


def enqueue(uow: UnitOfWork, job: Job, image_ids: Collection[UUID]) -> None:
    """Add images to a job, those it has already left as they are, and send what the window takes."""
    now = utc_now()
    insert_or_ignore(
        uow.session,
        JobItem,
        [{"job_id": job.id, "image_id": image_id, "queued_at": now} for image_id in image_ids],
    )
    job.state, job.finished_at = JobState.RUNNING, None
    feed(uow, job.kind)


def bring_to_front(uow: UnitOfWork, kind: JobKind, item: JobItem) -> None:
    """Send a waiting item ahead of all batches, whatever the window; harmless when it is there already."""
    if item.state in (ItemState.QUEUED, ItemState.SENT) and item.priority < FRONT:
        item.priority = FRONT
        _mark_sent(uow, kind, item)


def feed(uow: UnitOfWork, kind: JobKind) -> None:
    """Send queued items, the most urgent and longest waiting first, as far as the window has room."""
    uow.session.flush()
    under_way = uow.session.scalar(
        select(func.count())
        .select_from(JobItem)
        .join(Job)
        .where(Job.kind == kind, JobItem.state.in_((ItemState.SENT, ItemState.RUNNING)))
    )
    room = WINDOW - (under_way or 0)
    if room <= 0:
        return
    items = uow.session.scalars(
        select(JobItem)
        .join(Job)
        .where(Job.kind == kind, JobItem.state == ItemState.QUEUED)
        .order_by(JobItem.priority.desc(), JobItem.queued_at, JobItem.id)
        .limit(room)
        .with_for_update(skip_locked=True, of=JobItem)
    )
    for item in items.all():
        _mark_sent(uow, kind, item)


def claim(uow: UnitOfWork, item_id: UUID) -> JobItem | None:
    """Take an item for work; None when there is nothing to do: gone, done, failed, or at work elsewhere.

    An item whose worker died `MAX_ATTEMPTS` times is failed here instead, so that a poison image stops.
    """
    item = _locked(uow, item_id)
    now = utc_now()
    if item is None or item.state in (ItemState.DONE, ItemState.FAILED):
        return None
    if item.state is ItemState.RUNNING and item.heartbeat_at and item.heartbeat_at > now - SILENT_AFTER:
        return None
    if item.attempts >= MAX_ATTEMPTS:
        _fail(
            uow,
            item,
            f"The worker stopped {item.attempts} times while working on this image, perhaps for lack of memory. "
            "Retry it on a machine with more memory, or remove the image.",
        )
        return None
    item.state, item.heartbeat_at = ItemState.RUNNING, now
    item.attempts += 1
    return item


def beat(uow: UnitOfWork, item_id: UUID) -> None:
    """Show that an item's worker is alive."""
    uow.session.execute(
        update(JobItem).where(JobItem.id == item_id, JobItem.state == ItemState.RUNNING).values(heartbeat_at=utc_now())
    )


def finish(uow: UnitOfWork, item_id: UUID) -> None:
    """Mark an item done and send the next."""
    item = _locked(uow, item_id)
    if item is not None:
        item.state, item.error = ItemState.DONE, None
        _settle(uow, item)


def record_failure(uow: UnitOfWork, item_id: UUID, error: BaseException) -> None:
    """Fail an item for good when its data are at fault; otherwise queue it again until the attempts are used up."""
    item = _locked(uow, item_id)
    if item is None or item.state is not ItemState.RUNNING:
        return
    if isinstance(error, MaskloopError):
        _fail(uow, item, str(error))
    elif item.attempts >= MAX_ATTEMPTS:
        _fail(
            uow,
            item,
            f"Working on this image failed {item.attempts} times with {type(error).__name__}: {error}. "
            "The worker's log says more; retry when the cause is removed.",
        )
    else:
        item.state = ItemState.QUEUED
        _settle(uow, item)


def requeue_failed(uow: UnitOfWork, job: Job) -> int:
    """Queue a job's failed items again, attempts counted from zero; returns how many."""
    items = uow.session.scalars(
        select(JobItem).where(JobItem.job_id == job.id, JobItem.state == ItemState.FAILED).with_for_update()
    ).all()
    for item in items:
        item.state, item.attempts, item.error, item.queued_at = ItemState.QUEUED, 0, None, utc_now()
    if items:
        job.state, job.finished_at = JobState.RUNNING, None
        feed(uow, job.kind)
    return len(items)


def resend_lost(uow: UnitOfWork, older_than: timedelta = SENT_LOST_AFTER) -> int:
    """Queue and send again what was sent before `older_than` and never begun, and what lost its worker.

    Returns how many items were lost. Also sends what is queued if the window has room, so nothing can get stuck.
    """
    now = utc_now()
    lost = or_(
        and_(JobItem.state == ItemState.SENT, JobItem.sent_at < now - older_than),
        and_(JobItem.state == ItemState.RUNNING, JobItem.heartbeat_at < now - SILENT_AFTER),
    )
    return _requeue(uow, list(ROUTES), lost)


def recover(uow: UnitOfWork, kinds: Collection[JobKind]) -> int:
    """Send again all that was under way, whatever its age: only for a worker that knows it is the only one."""
    return _requeue(uow, kinds, JobItem.state.in_((ItemState.SENT, ItemState.RUNNING)))


def _requeue(uow: UnitOfWork, kinds: Collection[JobKind], lost: ColumnElement[bool]) -> int:
    items = uow.session.scalars(
        select(JobItem).join(Job).where(Job.kind.in_(kinds), lost).with_for_update(skip_locked=True, of=JobItem)
    ).all()
    for item in items:
        item.state = ItemState.QUEUED
    if items:
        _log.warning("sending %d lost items again", len(items))
    for kind in kinds:
        feed(uow, kind)
    return len(items)


def _locked(uow: UnitOfWork, item_id: UUID) -> JobItem | None:
    return uow.session.get(JobItem, item_id, with_for_update=True, populate_existing=True)


def _mark_sent(uow: UnitOfWork, kind: JobKind, item: JobItem) -> None:
    item.state, item.sent_at = ItemState.SENT, utc_now()
    route = ROUTES[kind]
    queue = route.front if item.priority >= FRONT else route.queue
    uow.after_commit(lambda: send(route.task, {"item_id": str(item.id)}, queue))


def _fail(uow: UnitOfWork, item: JobItem, sentence: str) -> None:
    item.state, item.error = ItemState.FAILED, sentence
    _settle(uow, item)


def _settle(uow: UnitOfWork, item: JobItem) -> None:
    """Close the job when that was its last item, and send the next."""
    uow.session.flush()
    job = uow.session.get_one(Job, item.job_id)
    left = exists().where(JobItem.job_id == job.id, JobItem.state.in_(UNFINISHED))
    if not uow.session.scalar(select(left)):
        job.state, job.finished_at = JobState.FINISHED, utc_now()
    feed(uow, job.kind)
