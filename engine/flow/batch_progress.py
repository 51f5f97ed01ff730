"""How far a batch is: counts, rate, time left, the latest results, and what failed with its reason."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select

from engine.flow.batches import get_batch
from engine.store.tables import Image, ItemState, Job, JobItem, JobState, utc_now
from engine.store.unit_of_work import UnitOfWork

LATEST = 12
_RATE_WINDOW = timedelta(minutes=5)
_ENDED = (ItemState.DONE, ItemState.FAILED)


@dataclass(frozen=True)
class Counts:
    """Images of a batch by what became of them; `left` wait, `running` are at work now."""

    left: int = 0
    running: int = 0
    done: int = 0
    failed: int = 0
    cancelled: int = 0
    masks: int = 0

    @property
    def total(self) -> int:
        return self.left + self.running + self.done + self.failed + self.cancelled


@dataclass(frozen=True)
class LatestResult:
    """An image that was done, or failed, a moment ago."""

    image_id: UUID
    file_name: str
    state: ItemState
    mask_count: int | None
    finished_at: datetime


@dataclass(frozen=True)
class ItemFailure:
    image_id: UUID
    file_name: str
    error: str
    attempts: int


@dataclass(frozen=True)
class BatchProgress:
    """`rate` is images per minute over the last five; it and `seconds_left` are None while nothing tells."""

    job: Job
    counts: Counts
    rate: float | None
    seconds_left: float | None
    latest: list[LatestResult]


def batch_progress(uow: UnitOfWork, job_id: UUID, now: datetime | None = None) -> BatchProgress:
    """Raises NotFound."""
    job = get_batch(uow, job_id)
    counts = batch_counts(uow, [job_id])[job_id]
    rate = _rate(uow, job, now or utc_now())
    waiting = counts.left + counts.running
    return BatchProgress(
        job=job,
        counts=counts,
        rate=rate,
        seconds_left=60 * waiting / rate if rate and waiting and job.state is JobState.RUNNING else None,
        latest=_latest(uow, job_id),
    )


def batch_counts(uow: UnitOfWork, job_ids: Sequence[UUID]) -> dict[UUID, Counts]:
    """Counts of several batches at once."""
    found: dict[UUID, dict[ItemState, tuple[int, int]]] = {job_id: {} for job_id in job_ids}
    rows = uow.session.execute(
        select(JobItem.job_id, JobItem.state, func.count(), func.sum(JobItem.mask_count))
        .where(JobItem.job_id.in_(job_ids))
        .group_by(JobItem.job_id, JobItem.state)
    )
    for job_id, state, count, masks in rows:
        found[job_id][state] = (count, masks or 0)
    return {job_id: _counts(states) for job_id, states in found.items()}


def batch_failures(uow: UnitOfWork, job_id: UUID, offset: int = 0, limit: int = 100) -> list[ItemFailure]:
    """What failed, the latest first. Raises NotFound."""
    get_batch(uow, job_id)
    rows = uow.session.execute(
        select(JobItem.image_id, Image.file_name, JobItem.error, JobItem.attempts)
        .join(Image, Image.id == JobItem.image_id)
        .where(JobItem.job_id == job_id, JobItem.state == ItemState.FAILED)
        .order_by(JobItem.finished_at.desc(), JobItem.id)
        .offset(offset)
        .limit(limit)
    )
    return [ItemFailure(image_id, name, error or "", attempts) for image_id, name, error, attempts in rows]


def _counts(states: dict[ItemState, tuple[int, int]]) -> Counts:
    def count(*wanted: ItemState) -> int:
        return sum(states.get(state, (0, 0))[0] for state in wanted)

    return Counts(
        left=count(ItemState.QUEUED, ItemState.SENT),
        running=count(ItemState.RUNNING),
        done=count(ItemState.DONE),
        failed=count(ItemState.FAILED),
        cancelled=count(ItemState.CANCELLED),
        masks=states.get(ItemState.DONE, (0, 0))[1],
    )


def _rate(uow: UnitOfWork, job: Job, now: datetime) -> float | None:
    """Images per minute; over the whole run for one that has ended, which is what people then ask for."""
    statement = select(func.count(), func.min(JobItem.started_at), func.max(JobItem.finished_at)).where(
        JobItem.job_id == job.id, JobItem.state.in_(_ENDED), JobItem.started_at.is_not(None)
    )
    began = None
    if job.finished_at is None:
        began = now - _RATE_WINDOW
        statement = statement.where(JobItem.finished_at > began)
    count, first, last = uow.session.execute(statement).one()
    if first is None or last is None:
        return None
    seconds = ((now if began else last) - max(first, began or first)).total_seconds()
    return 60 * count / seconds if seconds > 0 else None


def _latest(uow: UnitOfWork, job_id: UUID) -> list[LatestResult]:
    rows = uow.session.execute(
        select(JobItem.image_id, Image.file_name, JobItem.state, JobItem.mask_count, JobItem.finished_at)
        .join(Image, Image.id == JobItem.image_id)
        .where(JobItem.job_id == job_id, JobItem.state.in_(_ENDED), JobItem.finished_at.is_not(None))
        .order_by(JobItem.finished_at.desc(), JobItem.id)
        .limit(LATEST)
    )
    return [LatestResult(*row) for row in rows]
