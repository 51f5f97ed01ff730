"""A retraining run in this process: from stored masks to a candidate with its curve."""

import json
from pathlib import Path

import pytest
from sqlalchemy import Engine

from engine.flow import retrain_feed
from engine.flow.delete_model import delete_model
from engine.flow.register_candidate import how_it_was_trained, next_name, put_candidate
from engine.flow.retrain import curve_of
from engine.flow.retrain_heart import RunHeart
from engine.flow.retrain_task import RetrainTask
from engine.flow.run_retrain import run_retrain
from engine.flow.train_promptable import training_request
from engine.store.tables import Model, ModelState, Project, RetrainRun, RetrainState, User
from engine.store.unit_of_work import unit_of_work
from tests.flow.retraining import annotate, annotated_project, start, stored

# Each trains, exports and measures a model.
pytestmark = pytest.mark.timeout(900)


@pytest.fixture
def database(sqlite_database: Engine) -> Engine:
    """The kind of database makes no difference to what is trained."""
    return sqlite_database


def test_masks_become_a_candidate_with_its_curve(owner: User, project: Project, model: Model) -> None:
    annotated_project(owner, project)
    run = start(owner, project)
    run_retrain(run.id)
    done = stored(run)
    assert (done.state, done.error) == (RetrainState.FINISHED, None)
    assert (done.step, done.steps) == (4, 4)
    assert done.verdict is not None and done.evaluation is not None
    with unit_of_work(read_only=True) as uow:
        assert done.model_id is not None
        candidate = uow.session.get_one(Model, done.model_id)
        points = curve_of(uow, run.id)
    assert (candidate.name, candidate.parent_id, candidate.arch) == ("Birds v1", model.id, model.arch)
    assert candidate.state is ModelState.CANDIDATE
    assert candidate.weights_sha256 != model.weights_sha256
    assert candidate.metrics["training"]["snapshot"] == 1
    assert [point.step for point in points] == [0, 1, 2, 3]
    assert all(len(point.values["iou"]) == 2 and point.values["loss"] > 0 for point in points)


def test_only_new_masks_are_trained_on_with_earlier_ones_replayed(
    owner: User, project: Project, model: Model, tmp_path: Path
) -> None:
    images = annotated_project(owner, project)
    first = start(owner, project)
    with unit_of_work() as uow:
        uow.session.get_one(RetrainRun, first.id).state = RetrainState.FINISHED
    new = [annotate(owner, image) for image in images]
    run = start(
        owner, project, {"replay": 0.5}, new_masks_only=True, replay_snapshot_ids=[str(first.snapshot_id)], name="Old"
    )
    with unit_of_work() as uow:
        claimed = retrain_feed.claim(uow, run.id)
        assert claimed is not None
        task = RetrainTask.of(uow, claimed)
    heart = RunHeart(run.id, 1, tmp_path / "log.jsonl")
    task.folder.mkdir(parents=True)
    request = training_request(task, heart)
    assert [Path(each).name for each in request.data] == ["new"]
    assert [Path(each).name for each in request.replay] == ["replay-1"]
    lines = (task.folder / "new" / "images.jsonl").read_text()
    assert {mask["id"] for line in lines.splitlines() for mask in json.loads(line)["masks"]} == {
        str(mask.id) for mask in new
    }
    assert how_it_was_trained(task, 4)["replay"] == [1]
    with unit_of_work(read_only=True) as uow:
        assert next_name(uow, run.name) == "Old v1"


def test_a_deleted_models_name_is_not_given_again(owner: User, project: Project, model: Model) -> None:
    annotated_project(owner, project)
    run = start(owner, project)
    with unit_of_work() as uow:
        held = uow.session.get_one(RetrainRun, run.id)
        held.state, held.step, held.steps = RetrainState.RUNNING, 449, 450
        names = [held.name]
        candidate = Model(
            arch=model.arch, config={}, weights_key="gone", weights_sha256="c" * 64, state=ModelState.CANDIDATE
        )
        put_candidate(uow, held, candidate)
        assert held.step == 450, "the curve has a point every few steps, and the last step is not among them"
    with unit_of_work() as uow:
        uow.session.get_one(RetrainRun, run.id).state = RetrainState.FAILED
        delete_model(uow, owner, candidate.id)
    with unit_of_work(read_only=True) as uow:
        assert next_name(uow, names[0]) == f"{names[0]} v2"


def test_a_detector_learns_the_boxes_of_the_snapshot(owner: User, project: Project, model: Model) -> None:
    annotated_project(owner, project)
    run = start(owner, project, {"epochs": 2}, kind="detector")
    run_retrain(run.id)
    done = stored(run)
    assert (done.state, done.error) == (RetrainState.FINISHED, None)
    with unit_of_work(read_only=True) as uow:
        assert done.model_id is not None
        detector = uow.session.get_one(Model, done.model_id)
        points = curve_of(uow, run.id)
    assert (detector.name, detector.arch, detector.parent_id) == ("Birds v1", "box_head", model.id)
    assert done.verdict is not None and done.step == done.steps == 2
    assert [set(point.values) for point in points] == [{"loss"}] * 2


def test_what_the_recipe_cannot_do_fails_the_run_with_a_sentence(owner: User, project: Project, model: Model) -> None:
    annotated_project(owner, project)
    run = start(owner, project, {"phases.0.window": 64})
    run_retrain(run.id)
    failed = stored(run)
    assert failed.state is RetrainState.FAILED
    assert failed.error == "tiny needs its whole input: no window of 64 pixels."
