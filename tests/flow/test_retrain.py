"""Retraining runs as rows: started, stopped, resumed; claims, lost workers, and what speaks against a start."""

import threading
import uuid
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from engine.errors import Conflict, InvalidInput, NotAllowed, NotFound
from engine.flow import retrain_feed
from engine.flow.check_recipe import check_recipe
from engine.flow.dispatch import Queue
from engine.flow.retrain import (
    get_retrain,
    last_trained,
    list_retrains,
    model_name,
    resume_retrain,
    start_retrain,
    stop_retrain,
)
from engine.flow.retrain_order import MODEST, as_settings, parse_settings, read_retrain_order, with_defaults
from engine.store.tables import (
    Image,
    Model,
    Project,
    RetrainKind,
    RetrainRun,
    RetrainState,
    Snapshot,
    User,
    utc_now,
)
from engine.store.unit_of_work import unit_of_work
from engine.training.overrides import build_recipe
from tests.fixtures.deployment import make_project, make_user
from tests.flow.conftest import Outbox
from tests.flow.retraining import QUICK, annotate, annotated_project, start, stored

WHOLE = timedelta(0)


@pytest.fixture
def images(owner: User, project: Project, model: Model) -> list[Image]:
    return annotated_project(owner, project)


def change(run: RetrainRun, **values: Any) -> None:
    with unit_of_work() as uow:
        uow.session.execute(update(RetrainRun).where(RetrainRun.id == run.id).values(**values))


def claim(run: RetrainRun) -> RetrainRun | None:
    with unit_of_work() as uow:
        return retrain_feed.claim(uow, run.id)


def test_a_start_freezes_the_masks_and_sends_the_run(
    owner: User, project: Project, model: Model, images: list[Image], outbox: Outbox
) -> None:
    run = start(owner, project)
    assert (run.number, run.name, run.state) == (1, "Birds", RetrainState.QUEUED)
    assert (run.base_model_id, run.recipe, run.overrides) == (model.id, "finetune", QUICK)
    assert outbox.take() == [(Queue.TRAIN.value, str(run.id))]
    with unit_of_work(read_only=True) as uow:
        snapshot = uow.session.get_one(Snapshot, run.snapshot_id)
    assert snapshot.project_ids == [str(project.id)]
    with unit_of_work() as uow:
        again = start_retrain(uow, owner, read_retrain_order({"project_ids": [str(project.id)]}), run_id=run.id)
    assert again.id == run.id
    assert outbox.take() == []


def test_never_two_for_one_project_unless_asked(owner: User, project: Project, images: list[Image]) -> None:
    first = start(owner, project)
    with pytest.raises(Conflict, match="Run 1 for this project is queued"):
        start(owner, project)
    assert start(owner, project, allow_parallel=True).number == 2
    other = make_project(owner, "Fish")
    annotated_project(owner, other)
    assert start(owner, other).number == 3
    with pytest.raises(Conflict), unit_of_work() as uow:
        both = {"project_ids": [str(project.id), str(other.id)]}
        start_retrain(uow, owner, read_retrain_order(both))
    with unit_of_work(read_only=True) as uow:
        assert [run.number for run in list_retrains(uow, project.id)] == [2, 1]
        assert [run.number for run in list_retrains(uow)] == [3, 2, 1]
    assert first.project_id == project.id


def test_of_two_that_start_at_once_one_does(owner: User, project: Project, images: list[Image]) -> None:
    barrier = threading.Barrier(2)
    outcomes: list[str] = []

    def go() -> None:
        barrier.wait()
        try:
            start(owner, project)
            outcomes.append("started")
        except Conflict:
            outcomes.append("refused")

    threads = [threading.Thread(target=go) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["refused", "started"]


def test_what_cannot_start_is_a_sentence(owner: User, project: Project, model: Model) -> None:
    with pytest.raises(InvalidInput, match="There is no mask to freeze yet"):
        start(owner, project)
    (image,) = annotated_project(owner, project, images=1)
    with pytest.raises(InvalidInput, match="annotate at least two images"):
        start(owner, project)
    annotated_project(owner, project, images=3)
    with pytest.raises(InvalidInput, match="100 are needed"):
        start(owner, project, minimum_new_masks=100)
    with pytest.raises(NotFound):
        start(owner, project, base_model_id=str(uuid.uuid4()))
    with pytest.raises(NotAllowed):
        start(make_user("Ada"), project)
    with pytest.raises(InvalidInput, match="one or more projects, or a snapshot"), unit_of_work() as uow:
        start_retrain(uow, owner, read_retrain_order({}))
    with pytest.raises(InvalidInput, match="there is no setting colour"):
        read_retrain_order({"colour": "red"})
    assert image.project_id == project.id


def test_a_queued_run_stops_at_once_and_a_running_one_is_asked_to(
    owner: User, project: Project, images: list[Image]
) -> None:
    run = start(owner, project)

    def stop() -> RetrainState:
        with unit_of_work() as uow:
            return stop_retrain(uow, owner, run.id).state

    def resume() -> RetrainState:
        with unit_of_work() as uow:
            return resume_retrain(uow, owner, run.id).state

    assert stop() is stop() is RetrainState.STOPPED
    assert claim(run) is None
    assert resume() is resume() is RetrainState.QUEUED
    assert claim(run) is not None
    assert stop() is RetrainState.STOPPING
    with pytest.raises(Conflict, match="still stopping"):
        resume()
    change(run, state=RetrainState.FINISHED)
    for late in (stop, resume):
        with pytest.raises(Conflict, match=r"finished"):
            late()
    with pytest.raises(NotAllowed), unit_of_work() as uow:
        stop_retrain(uow, make_user("Ada"), run.id)


def test_a_run_has_one_worker_at_a_time(owner: User, project: Project, images: list[Image]) -> None:
    run = start(owner, project)
    first = claim(run)
    assert first is not None and first.attempts == 1
    assert claim(run) is None
    change(run, heartbeat_at=utc_now() - timedelta(minutes=5))
    second = claim(run)
    assert second is not None and second.attempts == 2
    with unit_of_work() as uow:
        assert retrain_feed.held_run(uow, run.id, 1) is None
        assert retrain_feed.held_run(uow, run.id, 2) is not None


def test_a_run_that_kills_its_workers_is_given_up(owner: User, project: Project, images: list[Image]) -> None:
    run = start(owner, project)
    for _ in range(3):
        claim(run)
        with unit_of_work() as uow:
            retrain_feed.recover(uow)
    failed = stored(run)
    assert failed.state is RetrainState.FAILED
    assert "ended 3 times without getting further than step 0" in (failed.error or "")
    with unit_of_work() as uow:
        resume_retrain(uow, owner, run.id)
    for step in range(1, 6):
        # As long as it makes way, it may lose any number.
        claim(run)
        with unit_of_work() as uow:
            held = retrain_feed.held_run(uow, run.id, 3 + step)
            assert held is not None
            retrain_feed.beat(held, step)
        with unit_of_work() as uow:
            retrain_feed.recover(uow)
    assert stored(run).state is RetrainState.QUEUED


def test_what_was_lost_is_sent_again(owner: User, project: Project, images: list[Image], outbox: Outbox) -> None:
    run = start(owner, project)
    outbox.take()

    def resend(**how: Any) -> int:
        with unit_of_work() as uow:
            return retrain_feed.resend_lost(uow, **how)

    assert resend() == 0
    change(run, sent_at=utc_now() - timedelta(minutes=1))
    assert resend() == 0, "it may be waiting behind another run"
    assert resend(empty_queues=[Queue.TRAIN]) == 1
    assert len(outbox.take()) == 1
    claim(run)
    assert resend(older_than=WHOLE, empty_queues=[Queue.TRAIN]) == 0, "its heart beats"
    change(run, heartbeat_at=utc_now() - timedelta(minutes=5))
    assert resend() == 1
    assert (stored(run).state, stored(run).deaths) == (RetrainState.QUEUED, 1)
    change(run, state=RetrainState.STOPPING, heartbeat_at=utc_now() - timedelta(minutes=5))
    resend()
    assert stored(run).state is RetrainState.STOPPED


def test_new_masks_are_those_since_the_last_finished_run(owner: User, project: Project, images: list[Image]) -> None:
    first = start(owner, project)
    change(first, state=RetrainState.FINISHED)
    with pytest.raises(InvalidInput, match="0 masks are new since the last run, and 1 are needed"):
        start(owner, project, new_masks_only=True)
    for image in images:
        annotate(owner, image)
    run = start(owner, project, new_masks_only=True)
    assert run.new_since_id == first.snapshot_id
    with unit_of_work(read_only=True) as uow:
        snapshot = uow.session.get_one(Snapshot, run.snapshot_id)
        assert last_trained(uow, snapshot, RetrainKind.DETECTOR) is None


def test_a_failed_run_says_why_and_can_be_resumed(owner: User, project: Project, images: list[Image]) -> None:
    run = start(owner, project)
    held = claim(run)
    assert held is not None
    with unit_of_work() as uow:
        row = retrain_feed.held_run(uow, run.id, 1)
        assert row is not None
        retrain_feed.record_error(uow, row, InvalidInput("The loss is no number."))
    assert (stored(run).state, stored(run).error) == (RetrainState.FAILED, "The loss is no number.")
    with unit_of_work() as uow:
        assert resume_retrain(uow, owner, run.id).error is None
    for attempt in (2, 3, 4):
        claim(run)
        with unit_of_work() as uow:
            row = retrain_feed.held_run(uow, run.id, attempt)
            assert row is not None
            retrain_feed.record_error(uow, row, RuntimeError("out of memory"))
    assert "failed 3 times with RuntimeError: out of memory" in (stored(run).error or "")


def test_a_recipe_is_checked_by_itself(owner: User, project: Project, model: Model) -> None:
    check_recipe(read_retrain_order({"project_ids": [str(project.id)]}))
    check_recipe(read_retrain_order({"kind": "detector", "overrides": {"epochs": 3}}))
    for order, says in (
        ({"recipe": "nosuch"}, "There is no recipe 'nosuch'"),
        ({"overrides": {"schedule.learning_rate": "much"}}, "schedule.learning_rate cannot be 'much'"),
        ({"kind": "detector", "recipe": "finetune"}, "Detectors have one recipe"),
        ({"kind": "detector", "overrides": {"epochs": 0}}, "at least one epoch"),
    ):
        with pytest.raises(Exception, match=says):
            check_recipe(read_retrain_order(order))


def test_settings_are_written_as_the_command_line_takes_them() -> None:
    texts = ["steps=5", "precision=float32", 'data.stages=["manual"]', "drop_path=0.1", "decoder_depth=none"]
    assert as_settings(parse_settings(texts)) == tuple(texts)
    assert with_defaults("finetune", "vit_b", {"steps": 3}) == {"steps": 3}
    assert with_defaults("finetune", "vit_t", {"steps": 3}) == MODEST | {"steps": 3}


def test_a_small_model_is_retrained_by_the_losses_it_was_trained_by() -> None:
    retrained = build_recipe("finetune", as_settings(MODEST)).phases[0].simulation
    trained = [phase.simulation for phase in build_recipe("vit_t").phases if phase.simulation is not None]
    assert retrained is not None
    assert {retrained.weights} == {simulation.weights for simulation in trained}


@pytest.mark.parametrize(
    ("project", "model"), [("Straße, Süd", "Stra-e- S-d"), ("…", "model"), ("a" * 90, "a" * 50), ("x. ", "x")]
)
def test_projects_give_models_names_they_can_have(project: str, model: str) -> None:
    assert model_name(project) == model


def test_runs_that_do_not_exist_are_not_found(owner: User) -> None:
    with pytest.raises(NotFound), unit_of_work(read_only=True) as uow:
        get_retrain(uow, uuid.uuid4())
