"""Retraining by real workers that are killed, told to go, and asked to stop in the middle of it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine

from engine.flow.retrain import curve_of, get_retrain, resume_retrain, stop_retrain
from engine.flow.retrain_task import run_folder
from engine.sam import Sam
from engine.settings import get_settings
from engine.store.tables import Model, Project, RetrainRun, RetrainState, User
from engine.store.unit_of_work import unit_of_work
from tests.fixtures.deployment import register
from tests.flow.retraining import annotated_project, start
from tests.workers.conftest import Worker, wait_until

QUEUES = ("--queues", "train", "--no-beat")
MANY = 2000
"""Steps: more than are taken before somebody stops the run."""
EVERY = 10
"""Steps between two points of the curve then."""
MARK = 123.0


@pytest.fixture
def model(sqlite_database: Engine, tiny_sam: Sam, tmp_path: Path) -> Model:
    return register(tiny_sam, tmp_path)


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("broker", ["folder"], indirect=True)
def test_a_run_outlives_its_workers(
    owner: User,
    project: Project,
    model: Model,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    # Before the first worker starts, so that it inherits it: every step is saved.
    monkeypatch.setenv("MASKLOOP_TRAIN_SAVE_EVERY", "0")
    get_settings.cache_clear()
    start_worker: Callable[..., Worker] = request.getfixturevalue("start")
    annotated_project(owner, project)
    run = start(owner, project, {"steps": MANY})

    worker = start_worker(*QUEUES)
    wait_until(lambda: look(run).step > 0, worker)
    assert worker.stop() == 0, "SIGTERM saves the run and ends the worker in order"
    assert (look(run).state, look(run).deaths) == (RetrainState.QUEUED, 0)
    mark_first_step(run)

    worker = start_worker(*QUEUES)
    further(run, attempt=2, worker=worker)
    worker.kill()
    assert look(run).state is RetrainState.RUNNING

    worker = start_worker(*QUEUES)
    further(run, attempt=3, worker=worker)
    with unit_of_work() as uow:
        stop_retrain(uow, owner, run.id)
    wait_until(lambda: look(run).state is RetrainState.STOPPED, worker)
    assert look(run).step < MANY

    with unit_of_work() as uow:
        stopped = resume_retrain(uow, owner, run.id)
        stopped.overrides = {**stopped.overrides, "steps": stopped.step + EVERY}
    # Trained, exported, measured: a busy machine takes its time over each.
    wait_until(lambda: look(run).step == stopped.step + EVERY, worker)
    wait_until(lambda: look(run).model_id is not None, worker)
    wait_until(lambda: look(run).state is RetrainState.FINISHED, worker)
    with unit_of_work(read_only=True) as uow:
        points = curve_of(uow, run.id)
        done = get_retrain(uow, run.id)
    expected = list(range(0, stopped.step, EVERY))
    assert [point.step for point in points][: len(expected)] == expected
    assert done.model_id is not None and done.verdict is not None and done.error is None
    # Whoever had begun anew would have written the first step anew.
    assert json.loads(log_of(run).read_text().splitlines()[0])["loss"] == [MARK]


def further(run: RetrainRun, attempt: int, worker: Worker) -> None:
    """Wait until this attempt has made way."""
    before = look(run).step
    wait_until(lambda: look(run).attempts == attempt and look(run).step > before, worker)


def look(run: RetrainRun) -> RetrainRun:
    with unit_of_work(read_only=True) as uow:
        return get_retrain(uow, run.id)


def log_of(run: RetrainRun) -> Path:
    return run_folder(run.id) / "training" / "log.jsonl"


def mark_first_step(run: RetrainRun) -> None:
    first, *rest = log_of(run).read_text().splitlines(keepends=True)
    log_of(run).write_text("".join([json.dumps(json.loads(first) | {"loss": [MARK]}) + "\n", *rest]))
