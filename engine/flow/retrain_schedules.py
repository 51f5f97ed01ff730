"""Retraining that starts by itself: by a cron expression, or when there are enough new masks.

As with batches, a schedule that is due starts its run in the transaction that moves it on, and the run's id follows
from the schedule and the moment: however many processes look at it, each due moment starts one run.
"""

import logging
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4, uuid5

from sqlalchemy import select

from engine.errors import Conflict, InvalidInput, MaskloopError, NotFound
from engine.flow.due_schedules import cron_in_words, start_each_due
from engine.flow.projects import get_project
from engine.flow.retrain import start_retrain
from engine.flow.retrain_order import RetrainOrder, read_retrain_order
from engine.flow.schedules import next_moment
from engine.flow.snapshots import count_masks, require_manager
from engine.store.tables import Event, RetrainRun, RetrainSchedule, User, utc_now
from engine.store.unit_of_work import UnitOfWork

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RetrainWhen:
    """Exactly one of `cron`, in the time zone `zone`, and `new_masks`; never with fewer new masks than `minimum`."""

    cron: str | None = None
    zone: str = "UTC"
    new_masks: int | None = None
    minimum: int = 1


def create_retrain_schedule(
    uow: UnitOfWork, user: User, project_id: UUID, order: RetrainOrder, when: RetrainWhen
) -> RetrainSchedule:
    """Plan retraining on a project's masks, counted from now on.

    Raises NotAllowed for an annotator, NotFound, InvalidInput for a time or an order that cannot be planned.
    """
    require_manager(user)
    get_project(uow, project_id)
    if order.snapshot_id is not None or order.project_ids not in ([], [project_id]):
        raise InvalidInput("A schedule freezes the masks of its project each time: name no snapshot, no other project.")
    if (when.cron is None) == (when.new_masks is None):
        raise InvalidInput("Say when in one way: by a cron expression, or after so many new masks.")
    if min(when.minimum, 1 if when.new_masks is None else when.new_masks) < 1:
        raise InvalidInput("The number of new masks to wait for must be at least 1.")
    order = order.model_copy(update={"project_ids": [project_id]})
    schedule = RetrainSchedule(
        id=uuid4(),
        project_id=project_id,
        order=order.model_dump(mode="json"),
        cron=when.cron,
        zone=when.zone if when.cron else None,
        every_new_masks=when.new_masks,
        minimum_new_masks=when.minimum,
        next_at=None if when.cron is None else next_moment(when.cron, when.zone, utc_now()),
        masks_seen=count_masks(uow, [project_id], order.filters),
        created_by=user.id,
    )
    uow.session.add(schedule)
    uow.session.add(Event(user_id=user.id, kind="retrain_schedule.created", subject={"schedule_id": str(schedule.id)}))
    uow.session.flush()
    return schedule


def list_retrain_schedules(uow: UnitOfWork, project_id: UUID | None = None) -> list[RetrainSchedule]:
    """A project's schedules, or all, the next to start first. Raises NotFound."""
    statement = select(RetrainSchedule)
    if project_id is not None:
        get_project(uow, project_id)
        statement = statement.where(RetrainSchedule.project_id == project_id)
    order = (RetrainSchedule.next_at.is_(None), RetrainSchedule.next_at, RetrainSchedule.created_at)
    return list(uow.session.scalars(statement.order_by(*order)))


def delete_retrain_schedule(uow: UnitOfWork, user: User, schedule_id: UUID) -> None:
    """Start no further run; those it started stay. Raises NotFound, NotAllowed."""
    require_manager(user)
    schedule = uow.session.get(RetrainSchedule, schedule_id)
    if schedule is None:
        raise NotFound("schedule", schedule_id)
    uow.session.add(Event(user_id=user.id, kind="retrain_schedule.deleted", subject={"schedule_id": str(schedule_id)}))
    uow.session.delete(schedule)


def new_masks_of(uow: UnitOfWork, schedule: RetrainSchedule) -> int:
    """How many masks have come since the schedule last started a run."""
    count = count_masks(uow, [schedule.project_id], read_retrain_order(schedule.order).filters)
    return max(0, count - schedule.masks_seen)


def in_words(schedule: RetrainSchedule) -> str:
    """When a schedule starts its run, for people to read."""
    cron = cron_in_words(schedule)
    if cron is None:
        return f"Every {schedule.every_new_masks:,} new masks"
    return f"{cron}, with {schedule.minimum_new_masks:,} new masks at least"


def start_due_retrains(now: datetime | None = None) -> list[UUID]:
    """Start what is due, each schedule in a transaction of its own; returns the runs' ids."""
    waits = RetrainSchedule.every_new_masks.is_not(None)
    return start_each_due(RetrainSchedule, waits, _start_if_due, now or utc_now())


def _start_if_due(uow: UnitOfWork, schedule: RetrainSchedule, now: datetime) -> UUID | None:
    if schedule.cron is not None:
        return _start_at_moment(uow, schedule, now)
    return _start_with_masks(uow, schedule, now)


def _start_at_moment(uow: UnitOfWork, schedule: RetrainSchedule, now: datetime) -> UUID | None:
    due = schedule.next_at
    if due is None or due > now:
        return None
    assert schedule.cron is not None
    # What was missed while nothing ran is made up for once, not many times.
    schedule.next_at = next_moment(schedule.cron, schedule.zone or "UTC", now)
    if _new_masks(uow, schedule) < schedule.minimum_new_masks:
        return None
    return _start(uow, schedule, due.isoformat())


def _start_with_masks(uow: UnitOfWork, schedule: RetrainSchedule, now: datetime) -> UUID | None:
    if _new_masks(uow, schedule) < max(schedule.every_new_masks or 1, schedule.minimum_new_masks):
        return None
    return _start(uow, schedule, f"masks since {schedule.masks_seen} {now.isoformat()}")


def _start(uow: UnitOfWork, schedule: RetrainSchedule, key: str) -> UUID | None:
    order = read_retrain_order(schedule.order)
    try:
        # A savepoint: what cannot be started leaves nothing behind but its reason.
        with uow.session.begin_nested():
            user = uow.session.get_one(User, schedule.created_by)
            run: RetrainRun = start_retrain(uow, user, order, run_id=uuid5(schedule.id, key), schedule_id=schedule.id)
    except Conflict as error:
        # Another run is under way. Masks that have come wait for its end; a moment that has passed does not come back.
        schedule.last_error = str(error)
        return None
    except MaskloopError as error:
        schedule.last_error = str(error)
        schedule.masks_seen = count_masks(uow, [schedule.project_id], order.filters)
        _log.warning("schedule %s could not start its run: %s", schedule.id, error)
        return None
    schedule.last_error = None
    schedule.masks_seen = count_masks(uow, [schedule.project_id], order.filters)
    return run.id


def _new_masks(uow: UnitOfWork, schedule: RetrainSchedule) -> int:
    """Masks since the last run that it started. Some may have been deleted: then new ones are counted from here."""
    count = count_masks(uow, [schedule.project_id], read_retrain_order(schedule.order).filters)
    schedule.masks_seen = min(schedule.masks_seen, count)
    return count - schedule.masks_seen
