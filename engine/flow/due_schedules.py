"""What is due is started once: each schedule in a transaction of its own, whoever looks, and however often."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from cronsim import CronSim
from sqlalchemy import ColumnElement, or_, select

from engine.store.tables import BatchSchedule, RetrainSchedule
from engine.store.unit_of_work import UnitOfWork, unit_of_work

Schedule = TypeVar("Schedule", BatchSchedule, RetrainSchedule)


def start_each_due(
    table: type[Schedule],
    waits_for_data: ColumnElement[bool],
    start: Callable[[UnitOfWork, Schedule, datetime], UUID | None],
    now: datetime,
) -> list[UUID]:
    """Call `start` with every enabled schedule whose moment has come or which `waits_for_data`, its row locked.

    `start` returns the id of what it started, None where nothing was due after all. Returns these ids.
    """
    with unit_of_work(read_only=True) as uow:
        due = uow.session.scalars(
            select(table.id).where(table.enabled, or_(table.next_at <= now, waits_for_data)).order_by(table.next_at)
        ).all()
    started: list[UUID] = []
    for schedule_id in due:
        with unit_of_work() as uow:
            # Another process that holds it at this moment starts what is due.
            schedule = uow.session.get(table, schedule_id, with_for_update={"skip_locked": True})
            new = start(uow, schedule, now) if schedule is not None and schedule.enabled else None
        if new is not None:
            started.append(new)
    return started


def cron_in_words(schedule: BatchSchedule | RetrainSchedule) -> str | None:
    """The schedule's cron expression for people to read; None where it has none."""
    if schedule.cron is None:
        return None
    return f"{CronSim(schedule.cron, schedule.created_at).explain()} ({schedule.zone})"


def next_in_words(schedule: BatchSchedule | RetrainSchedule) -> str | None:
    """When it is due next, in the zone that its cron expression is of, else in this machine's; None if nobody knows."""
    if schedule.next_at is None:
        return None
    zone = None if schedule.zone is None else ZoneInfo(schedule.zone)
    return f"{schedule.next_at.astimezone(zone):%Y-%m-%d %H:%M %Z}"
