"""Batches that start by themselves; time is passed in, nobody waits."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from engine.errors import InvalidInput
from engine.flow.batch_order import read_order
from engine.flow.schedules import (
    When,
    create_schedule,
    delete_schedule,
    in_words,
    list_schedules,
    next_moment,
    start_due,
)
from engine.store.tables import BatchSchedule, Image, Job, Model, Project, User
from engine.store.unit_of_work import unit_of_work
from tests.fixtures.deployment import add_image
from tests.flow.batching import LENIENT, work_off
from tests.flow.conftest import Outbox

LATER = datetime(2100, 1, 31, 22, tzinfo=UTC)
ORDER = {"kind": "automatic", "settings": LENIENT, "selection": {"not_done": True}}


def plan(user: User, project: Project, when: When) -> BatchSchedule:
    with unit_of_work() as uow:
        return create_schedule(uow, user, project.id, read_order(ORDER), when)


def batches() -> list[Job]:
    with unit_of_work(read_only=True) as uow:
        return list(uow.session.scalars(select(Job).where(~Job.standing).order_by(Job.created_at)))


def test_once_means_once(project: Project, owner: User, image: Image, model: Model, outbox: Outbox) -> None:
    schedule = plan(owner, project, When(at=LATER))
    assert start_due(LATER - timedelta(seconds=1)) == []
    assert len(start_due(LATER + timedelta(hours=3))) == 1
    assert start_due(LATER + timedelta(hours=4)) == []
    (job,) = batches()
    assert (job.schedule_id, job.created_by) == (schedule.id, owner.id)
    assert {**job.settings, **LENIENT} == job.settings
    with unit_of_work(read_only=True) as uow:
        assert list_schedules(uow, project.id) == []


def test_a_repeated_one_makes_up_once_for_what_was_missed(
    project: Project, owner: User, image: Image, model: Model, outbox: Outbox
) -> None:
    schedule = plan(owner, project, When(cron="0 2 * * *", zone="Europe/Berlin"))
    assert schedule.next_at is not None
    assert (schedule.next_at.astimezone(UTC).hour, in_words(schedule)) in {
        (hour, "At 02:00 every day (Europe/Berlin)") for hour in (0, 1)
    }
    week_later = schedule.next_at + timedelta(days=7, hours=1)
    (job_id,) = start_due(week_later)
    assert start_due(week_later) == []
    work_off(batches()[0])
    with unit_of_work(read_only=True) as uow:
        (moved,) = list_schedules(uow, project.id)
    assert moved.next_at is not None
    assert timedelta(0) < moved.next_at - week_later <= timedelta(days=1, hours=1)
    # Nothing is left to do: it says so and goes on the day after.
    assert start_due(moved.next_at) == []
    with unit_of_work(read_only=True) as uow:
        (told,) = list_schedules(uow, project.id)
    assert "No image" in (told.last_error or "")
    assert [job.id for job in batches()] == [job_id]


def test_a_schedule_that_was_read_before_a_crash_starts_the_same_batch(
    project: Project, owner: User, image: Image, model: Model, outbox: Outbox
) -> None:
    plan(owner, project, When(at=LATER))
    (job_id,) = start_due(LATER)
    with unit_of_work() as uow:
        uow.session.execute(update(BatchSchedule).values(enabled=True, next_at=LATER))
    assert start_due(LATER) == [job_id]
    assert len(batches()) == 1


def test_new_images_start_a_batch_when_there_are_enough(
    project: Project, owner: User, image: Image, model: Model, outbox: Outbox
) -> None:
    schedule = plan(owner, project, When(new_images=2))
    assert in_words(schedule) == "Every 2 new images"
    add_image(project, owner, 1)
    assert start_due() == []
    add_image(project, owner, 2)
    assert len(start_due()) == 1
    assert start_due() == []
    with unit_of_work() as uow:
        delete_schedule(uow, owner, schedule.id)
    add_image(project, owner, 3)
    add_image(project, owner, 4)
    assert start_due() == []


@pytest.mark.parametrize(
    ("when", "says"),
    [
        (When(), "in one way"),
        (When(at=LATER, new_images=1), "in one way"),
        (When(at=datetime(2001, 1, 1, tzinfo=UTC)), "has passed"),
        (When(at=datetime(2101, 1, 1)), "time zone"),
        (When(cron="never"), "no cron expression"),
        (When(cron="0 2 * * *", zone="Middle/Earth"), "no time zone"),
        (When(cron="0 2 * * *", zone="../etc/passwd"), "no time zone"),
        (When(cron="0 0 31 2 *"), "31 2"),
        (When(new_images=0), "at least 1"),
    ],
)
def test_times_that_cannot_be_are_refused(
    when: When, says: str, project: Project, owner: User, model: Model, outbox: Outbox
) -> None:
    with pytest.raises(InvalidInput, match=says):
        plan(owner, project, when)


def test_two_in_the_night_is_two_in_the_night_in_summer_and_winter() -> None:
    summer = next_moment("0 2 * * *", "Europe/Berlin", datetime(2026, 7, 1, tzinfo=UTC))
    winter = next_moment("0 2 * * *", "Europe/Berlin", datetime(2026, 12, 1, 3, tzinfo=UTC))
    assert (summer.hour, winter.hour) == (0, 1)
