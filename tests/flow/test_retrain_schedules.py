"""Retraining that starts by itself: once for each due moment, never with fewer masks than asked for."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from engine.errors import InvalidInput, NotAllowed
from engine.flow.annotate import delete_mask
from engine.flow.retrain import stop_retrain
from engine.flow.retrain_order import read_retrain_order
from engine.flow.retrain_schedules import (
    RetrainWhen,
    create_retrain_schedule,
    delete_retrain_schedule,
    in_words,
    list_retrain_schedules,
    start_due_retrains,
)
from engine.store.tables import Model, Project, RetrainRun, RetrainSchedule, User, utc_now
from engine.store.unit_of_work import unit_of_work
from tests.fixtures.deployment import make_user
from tests.flow.retraining import annotate, annotated_project

TOMORROW = utc_now() + timedelta(days=1)


def plan(user: User, project: Project, order: dict[str, Any] | None = None, **when: Any) -> RetrainSchedule:
    with unit_of_work() as uow:
        asked = read_retrain_order(order or {})
        return create_retrain_schedule(uow, user, project.id, asked, RetrainWhen(**when))


def schedule_of(project: Project) -> RetrainSchedule:
    with unit_of_work(read_only=True) as uow:
        return list_retrain_schedules(uow, project.id)[0]


def runs() -> list[RetrainRun]:
    with unit_of_work(read_only=True) as uow:
        return list(uow.session.scalars(select(RetrainRun).order_by(RetrainRun.number)))


def end_all(user: User) -> None:
    for run in runs():
        with unit_of_work() as uow:
            stop_retrain(uow, user, run.id)


def test_two_beats_at_once_start_one_run(owner: User, project: Project, model: Model) -> None:
    images = annotated_project(owner, project)
    schedule = plan(owner, project, cron="0 2 * * *")
    annotate(owner, images[0])
    barrier = threading.Barrier(2)

    def look() -> None:
        barrier.wait()
        start_due_retrains(TOMORROW)

    beats = [threading.Thread(target=look) for _ in range(2)]
    for beat in beats:
        beat.start()
    for beat in beats:
        beat.join()
    start_due_retrains(TOMORROW)
    (run,) = runs()
    assert run.schedule_id == schedule.id
    following = schedule_of(project).next_at
    assert following is not None and following > TOMORROW


def test_nothing_starts_with_fewer_masks_than_the_minimum(owner: User, project: Project, model: Model) -> None:
    images = annotated_project(owner, project)
    plan(owner, project, cron="0 2 * * *", minimum=2)
    annotate(owner, images[0])
    assert start_due_retrains(TOMORROW) == []
    annotate(owner, images[1])
    assert len(start_due_retrains(TOMORROW + timedelta(days=1))) == 1
    end_all(owner)
    # Those two have been trained on.
    assert start_due_retrains(TOMORROW + timedelta(days=2)) == []


def test_every_so_many_masks_waits_for_the_run_under_way(owner: User, project: Project, model: Model) -> None:
    images = annotated_project(owner, project)
    plan(owner, project, new_masks=3)
    for image in images[:2]:
        annotate(owner, image)
    assert start_due_retrains() == []
    annotate(owner, images[2])
    assert len(start_due_retrains()) == 1
    new = [annotate(owner, image) for image in images[:3]]
    assert start_due_retrains() == []
    assert "Run 1 for this project is queued" in (schedule_of(project).last_error or "")
    end_all(owner)
    assert len(start_due_retrains()) == 1
    assert schedule_of(project).last_error is None
    end_all(owner)
    for mask in new:
        with unit_of_work() as uow:
            delete_mask(uow, owner, mask.image_id, mask.id, 1)
    assert start_due_retrains() == []
    for image in images[:3]:
        annotate(owner, image)
    assert len(start_due_retrains()) == 1, "new masks count from what is left after a deletion"


def test_only_masks_that_pass_the_filters_count(owner: User, project: Project, model: Model) -> None:
    images = annotated_project(owner, project)
    plan(owner, project, {"filters": {"stages": ["semi_automatic"]}}, new_masks=1)
    annotate(owner, images[0])
    assert start_due_retrains() == []
    annotate(owner, images[0], stage="semi_automatic")
    annotate(owner, images[1], stage="semi_automatic")
    assert len(start_due_retrains()) == 1


def test_what_cannot_start_says_why_and_is_not_tried_again_at_once(owner: User, project: Project) -> None:
    """There is no model yet."""
    images = annotated_project(owner, project)
    plan(owner, project, new_masks=1)
    annotate(owner, images[0])
    assert start_due_retrains() == []
    assert "no live model" in (schedule_of(project).last_error or "")
    assert runs() == []


def test_what_cannot_be_planned_is_a_sentence(owner: User, project: Project) -> None:
    wrong: list[tuple[dict[str, Any], str]] = [
        ({}, "in one way"),
        ({"cron": "0 2 * * *", "new_masks": 3}, "in one way"),
        ({"new_masks": 0}, "at least 1"),
        ({"cron": "nightly"}, "no cron expression"),
        ({"cron": "0 2 * * *", "zone": "Mars/Olympus"}, "no time zone"),
    ]
    for when, says in wrong:
        with pytest.raises(InvalidInput, match=says):
            plan(owner, project, **when)
    with pytest.raises(NotAllowed):
        plan(make_user("Ada"), project, new_masks=3)
    schedule = plan(owner, project, cron="0 2 * * *", zone="Europe/Berlin", minimum=1000)
    assert in_words(schedule) == "At 02:00 every day (Europe/Berlin), with 1,000 new masks at least"
    assert schedule.next_at is not None and schedule.next_at > datetime(2020, 1, 1, tzinfo=UTC)
    with unit_of_work() as uow:
        delete_retrain_schedule(uow, owner, schedule.id)
    with unit_of_work(read_only=True) as uow:
        assert list_retrain_schedules(uow) == []
