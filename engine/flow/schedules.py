"""Batches that start by themselves: at a time, by a cron expression, or when there are enough new images.

A schedule that is due starts its batch in the transaction that moves it on, and the batch's id follows from the
schedule and the moment it was due: however often it is looked at, whoever is killed, each due moment starts one batch.
"""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid4, uuid5
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError
from sqlalchemy import func, or_, select

from engine.errors import InvalidInput, MaskloopError, NotFound
from engine.flow.batch_order import BatchOrder, read_order
from engine.flow.batches import require_manager, start_batch
from engine.flow.due_schedules import cron_in_words, start_each_due
from engine.flow.projects import get_project
from engine.store.tables import BatchSchedule, Event, Image, Job, User, utc_now
from engine.store.unit_of_work import UnitOfWork

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class When:
    """Exactly one of: `at` once; `cron` in the time zone `zone`; every `new_images` images."""

    at: datetime | None = None
    cron: str | None = None
    zone: str = "UTC"
    new_images: int | None = None


def create_schedule(uow: UnitOfWork, user: User, project_id: UUID, order: BatchOrder, when: When) -> BatchSchedule:
    """Plan a batch. Raises NotAllowed for an annotator, NotFound, InvalidInput for a time or setting that cannot be."""
    require_manager(user)
    get_project(uow, project_id)
    order.checked_settings()
    now = utc_now()
    schedule = BatchSchedule(
        id=uuid4(),
        project_id=project_id,
        kind=order.kind,
        order=order.model_dump(mode="json"),
        starts_at=when.at,
        cron=when.cron,
        zone=when.zone if when.cron else None,
        every_new_images=when.new_images,
        next_at=first_moment(when, now),
        images_seen=_image_count(uow, project_id),
        created_by=user.id,
    )
    uow.session.add(schedule)
    uow.session.add(Event(user_id=user.id, kind="schedule.created", subject={"schedule_id": str(schedule.id)}))
    uow.session.flush()
    return schedule


def first_moment(when: When, now: datetime) -> datetime | None:
    """When it is due first; None when it waits for images. Raises InvalidInput for what cannot be."""
    if sum(each is not None for each in (when.at, when.cron, when.new_images)) != 1:
        raise InvalidInput("Say when in one way: at a time, by a cron expression, or every so many new images.")
    if when.at is not None:
        if when.at.tzinfo is None:
            raise InvalidInput("The time to start at needs a time zone, as in 2030-01-31T22:00:00+01:00.")
        if when.at <= now:
            raise InvalidInput("The time to start at has passed. Start the batch now, or choose a later time.")
        return when.at
    if when.new_images is not None:
        if when.new_images < 1:
            raise InvalidInput("The number of new images to wait for must be at least 1.")
        return None
    assert when.cron is not None
    return next_moment(when.cron, when.zone, now)


def next_moment(cron: str, zone: str, after: datetime) -> datetime:
    """The first moment after `after` that a cron expression names. Raises InvalidInput."""
    try:
        local = after.astimezone(ZoneInfo(zone))
        return next(CronSim(cron, local)).astimezone(UTC)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise InvalidInput(f"There is no time zone {zone!r}. Name one as in Europe/Berlin.") from error
    except CronSimError as error:
        raise InvalidInput(
            f"{cron!r} is no cron expression: {error}. It has five fields, minute, hour, day of the month, month and "
            "day of the week; 0 2 * * 1-5 is two o'clock at night from Monday to Friday."
        ) from error
    except StopIteration:
        raise InvalidInput(f"{cron!r} names no moment that ever comes.") from None


def in_words(schedule: BatchSchedule) -> str:
    """When a schedule starts its batch, for people to read."""
    if cron := cron_in_words(schedule):
        return cron
    if schedule.every_new_images is not None:
        return f"Every {schedule.every_new_images:,} new images"
    return "Once"


def list_schedules(uow: UnitOfWork, project_id: UUID) -> list[BatchSchedule]:
    """A project's schedules that are not over, the next to start first. Raises NotFound."""
    get_project(uow, project_id)
    return list(
        uow.session.scalars(
            select(BatchSchedule)
            .where(BatchSchedule.project_id == project_id, or_(BatchSchedule.enabled, BatchSchedule.last_error != ""))
            .order_by(BatchSchedule.next_at.is_(None), BatchSchedule.next_at, BatchSchedule.created_at)
        )
    )


def delete_schedule(uow: UnitOfWork, user: User, schedule_id: UUID) -> None:
    """Start no further batch; those it started stay. Raises NotFound, NotAllowed."""
    require_manager(user)
    schedule = uow.session.get(BatchSchedule, schedule_id)
    if schedule is None:
        raise NotFound("schedule", schedule_id)
    uow.session.add(Event(user_id=user.id, kind="schedule.deleted", subject={"schedule_id": str(schedule_id)}))
    uow.session.delete(schedule)


def start_due(now: datetime | None = None) -> list[UUID]:
    """Start what is due, each schedule in a transaction of its own; returns the batches' ids."""
    waits = BatchSchedule.every_new_images.is_not(None)
    return start_each_due(BatchSchedule, waits, _start_if_due, now or utc_now())


def _start_if_due(uow: UnitOfWork, schedule: BatchSchedule, now: datetime) -> UUID | None:
    key = _due_key(uow, schedule, now)
    if key is None:
        return None
    _move_on(uow, schedule, now)
    try:
        # A savepoint: what cannot be started leaves nothing behind but its reason.
        with uow.session.begin_nested():
            job = _start(uow, schedule, key)
    except MaskloopError as error:
        schedule.last_error = str(error)
        _log.warning("schedule %s could not start its batch: %s", schedule.id, error)
        return None
    schedule.last_error = None
    return job.id


def _due_key(uow: UnitOfWork, schedule: BatchSchedule, now: datetime) -> str | None:
    """What tells this due moment from the others; None when nothing is due."""
    if schedule.every_new_images is None:
        return schedule.next_at.isoformat() if schedule.next_at is not None and schedule.next_at <= now else None
    count = _image_count(uow, schedule.project_id)
    if count < schedule.images_seen:
        # Some were deleted: new ones are counted from here.
        schedule.images_seen = count
    new = count - schedule.images_seen
    return f"images {count} {now.isoformat()}" if new >= schedule.every_new_images else None


def _move_on(uow: UnitOfWork, schedule: BatchSchedule, now: datetime) -> None:
    """To the next due moment after `now`: what was missed while nothing ran is made up for once, not many times."""
    schedule.images_seen = _image_count(uow, schedule.project_id)
    if schedule.cron is not None:
        schedule.next_at = next_moment(schedule.cron, schedule.zone or "UTC", now)
    elif schedule.every_new_images is None:
        schedule.next_at, schedule.enabled = None, False


def _start(uow: UnitOfWork, schedule: BatchSchedule, key: str) -> Job:
    user = uow.session.get_one(User, schedule.created_by)
    order = read_order(schedule.order)
    job_id = uuid5(schedule.id, key)
    return start_batch(uow, user, schedule.project_id, order, job_id=job_id, schedule_id=schedule.id)


def _image_count(uow: UnitOfWork, project_id: UUID) -> int:
    return uow.session.scalar(select(func.count()).select_from(Image).where(Image.project_id == project_id)) or 0
