"""What of the waiting work is with the broker: a window per kind, the rest waits as rows.

At most a window of items of a kind is sent or running at a time, so a message waits minutes, not days: one that stays
away longer was lost, and sending it again (`resend_lost`) cannot flood the broker. Every message is only a hint to look
at a row, so sending too often does no harm, and taking work back (`recall`) needs no word to the broker.
"""

import logging
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select, update

from engine.flow.dispatch import Queue, send
from engine.store.tables import ItemState, Job, JobItem, JobKind, JobState, utc_now
from engine.store.unit_of_work import UnitOfWork

FRONT = 100
"""The priority of what somebody is waiting for; batches stay below."""

SENT_LOST_AFTER = timedelta(minutes=15)
SENT_LOST_FROM_EMPTY_QUEUE_AFTER = timedelta(seconds=30)
"""When its queue is empty, what was sent has arrived within a moment, or never will."""

SILENT_AFTER = timedelta(minutes=1)
"""A running item whose heart has not beaten for this long has no worker any more (it beats every five seconds)."""

UNDER_WAY = (ItemState.SENT, ItemState.RUNNING)

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Route:
    """The task that works on one item of a kind of job, its queues, and how many items are under way at most.

    A window is as long as it must be to keep all workers busy, and so short that urgent work is soon in front.
    """

    task: str
    queue: Queue
    front: Queue
    window: int


ROUTES = {
    JobKind.EMBED: Route("maskloop.embed", Queue.EMBED, Queue.EMBED_FRONT, 64),
    JobKind.PREFILL: Route("maskloop.prefill", Queue.AUTOMATIC, Queue.AUTOMATIC, 32),
    JobKind.AUTOMATIC: Route("maskloop.automatic", Queue.AUTOMATIC, Queue.AUTOMATIC, 32),
    JobKind.EXPORT: Route("maskloop.export", Queue.IO, Queue.IO, 64),
}


def feed(uow: UnitOfWork, kind: JobKind) -> None:
    """Send queued items, the most urgent and longest waiting first, once half of the window has room."""
    uow.session.flush()
    window = ROUTES[kind].window
    under_way = uow.session.scalar(
        select(func.count()).select_from(JobItem).join(Job).where(Job.kind == kind, JobItem.state.in_(UNDER_WAY))
    )
    room = window - (under_way or 0)
    # By lumps: finding the next ones means sorting those that wait.
    if room <= 0 or room < window // 2:
        return
    room_in_job = _room_in_limited_jobs(uow, kind)
    while room > 0:
        full = [job_id for job_id, left in room_in_job.items() if left <= 0]
        items = _next_items(uow, kind, full, room)
        for item in items:
            left = room_in_job.get(item.job_id, 1)
            if left > 0:
                mark_sent(uow, kind, item)
                room -= 1
                if item.job_id in room_in_job:
                    room_in_job[item.job_id] = left - 1
        newly_full = any(left <= 0 and job_id not in full for job_id, left in room_in_job.items())
        if not items or not newly_full:
            return


def mark_sent(uow: UnitOfWork, kind: JobKind, item: JobItem) -> None:
    """Send an item's message once the transaction is committed."""
    item.state, item.sent_at = ItemState.SENT, utc_now()
    route = ROUTES[kind]
    queue = route.front if item.priority >= FRONT else route.queue
    uow.after_commit(lambda: send(route.task, {"item_id": str(item.id)}, queue))


def recall(uow: UnitOfWork, which: ColumnElement[bool]) -> None:
    """Take sent items back, so that others can go first; their messages find nothing to do when they arrive."""
    uow.session.flush()
    uow.session.execute(
        update(JobItem)
        .where(JobItem.state == ItemState.SENT, which)
        .values(state=ItemState.QUEUED)
        .execution_options(synchronize_session="fetch")
    )


def resend_lost(uow: UnitOfWork, older_than: timedelta = SENT_LOST_AFTER, empty_queues: Collection[Queue] = ()) -> int:
    """Queue and send again what was sent before `older_than` and never begun, and what lost its worker.

    `empty_queues`: those the broker holds no message in, so that what is said to be on its way there was lost. Returns
    how many items were lost. Also sends what is queued if the window has room, so nothing can get stuck.
    """
    now = utc_now()
    emptied = [kind for kind, route in ROUTES.items() if route.queue in empty_queues and route.front in empty_queues]
    lost = or_(
        and_(JobItem.state == ItemState.SENT, JobItem.sent_at < now - older_than),
        and_(
            JobItem.state == ItemState.SENT,
            Job.kind.in_(emptied),
            JobItem.sent_at < now - SENT_LOST_FROM_EMPTY_QUEUE_AFTER,
        ),
        and_(JobItem.state == ItemState.RUNNING, JobItem.heartbeat_at < now - SILENT_AFTER),
    )
    return _requeue(uow, list(ROUTES), lost)


def recover(uow: UnitOfWork, kinds: Collection[JobKind]) -> int:
    """Send again all that was under way, whatever its age: only for a worker that knows it is the only one."""
    return _requeue(uow, kinds, JobItem.state.in_(UNDER_WAY))


def _room_in_limited_jobs(uow: UnitOfWork, kind: JobKind) -> dict[UUID, int]:
    """How many more items each running job with a limit may have under way."""
    under_way = and_(JobItem.job_id == Job.id, JobItem.state.in_(UNDER_WAY))
    rows = uow.session.execute(
        select(Job.id, Job.concurrency, func.count(JobItem.id))
        .outerjoin(JobItem, under_way)
        .where(Job.kind == kind, Job.state == JobState.RUNNING, Job.concurrency.is_not(None))
        .group_by(Job.id, Job.concurrency)
    )
    return {job_id: (limit or 0) - count for job_id, limit, count in rows}


def _next_items(uow: UnitOfWork, kind: JobKind, without: Collection[UUID], limit: int) -> list[JobItem]:
    statement = (
        select(JobItem)
        .join(Job)
        .where(
            Job.kind == kind,
            Job.state == JobState.RUNNING,
            Job.id.not_in(without),
            JobItem.state == ItemState.QUEUED,
        )
        .order_by(JobItem.priority.desc(), JobItem.queued_at, JobItem.id)
        .limit(limit)
        .with_for_update(skip_locked=True, of=JobItem)
    )
    return list(uow.session.scalars(statement))


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
