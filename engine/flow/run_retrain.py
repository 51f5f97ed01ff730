"""A retraining run in a worker, from its message to its verdict. Harmless when run twice, killed, or cut off."""

import logging
import os
import shutil
import signal
import threading
from collections.abc import Callable
from uuid import UUID

from engine.flow import retrain_feed
from engine.flow.candidate import evaluate_candidate
from engine.flow.heart import TakenAway
from engine.flow.promotion import apply_verdict
from engine.flow.register_candidate import put_candidate
from engine.flow.retrain_heart import RunHeart, StopAsked, beating
from engine.flow.retrain_task import RetrainTask, run_folder
from engine.flow.train_detector import train_detector_run
from engine.flow.train_promptable import train_promptable
from engine.store.tables import Model, RetrainKind, RetrainState
from engine.store.unit_of_work import unit_of_work
from engine.training.loop import TrainingStopped
from engine.training.state import STATE

Train = Callable[[RetrainTask, RunHeart], Callable[[], Model]]
"""Does the slow part outside of any transaction; what it returns builds the candidate's row."""

TRAIN: dict[RetrainKind, Train] = {
    RetrainKind.PROMPTABLE: train_promptable,
    RetrainKind.DETECTOR: train_detector_run,
}

_log = logging.getLogger(__name__)
_leaving = threading.Event()
"""Set once this process has been told to go: a message that is on its way to it already finds nobody at work."""


def run_retrain(run_id: UUID) -> None:
    """Do what a retraining run asks for; a no-op when it is over, stopped, or another worker is at it.

    Its snapshot's files are written, the model is trained from the last saved state on, registered as a candidate,
    evaluated and judged. Killed at any moment, it leaves a run that is sent again and goes on where it was.
    """
    if _leaving.is_set():
        return
    with unit_of_work() as uow:
        run = retrain_feed.claim(uow, run_id)
        task = None if run is None else RetrainTask.of(uow, run)
    if task is None:
        return
    task.folder.mkdir(parents=True, exist_ok=True)
    attempt = task.run.attempts
    with beating(run_id, attempt, task.training / "log.jsonl") as heart:
        try:
            if task.run.model_id is None:
                _train(task, heart)
            evaluate_candidate(run_id, heart.check)
            apply_verdict(run_id)
        except TakenAway:
            _log.info("run %s was taken away", run_id)
        except (TrainingStopped, StopAsked):
            _stopped(run_id, attempt, heart)
        except Exception as error:  # noqa: BLE001 - what failed is written to the run, and logged
            _log.exception("run %s failed", run_id)
            _record(run_id, attempt, error)
        else:
            _finish(run_id, attempt)


def _train(task: RetrainTask, heart: RunHeart) -> None:
    build = TRAIN[task.run.kind](task, heart)
    heart.beat()
    heart.check()
    with unit_of_work() as uow:
        run = retrain_feed.held_run(uow, task.run.id, task.run.attempts)
        if run is None:
            raise TakenAway
        put_candidate(uow, run, build())


def _stopped(run_id: UUID, attempt: int, heart: RunHeart) -> None:
    """The training has ended before its end: somebody stopped the run, it has another worker, or this one shall go."""
    with unit_of_work() as uow:
        run = retrain_feed.held_run(uow, run_id, attempt)
        if run is None:
            return
        if run.state is RetrainState.STOPPING:
            retrain_feed.finish(run, RetrainState.STOPPED)
            return
        retrain_feed.give_back(run)
    if not heart.wants_end():
        # A signal to the worker was taken for the training, which has saved its state: now the worker may have it.
        _leaving.set()
        os.kill(os.getpid(), signal.SIGTERM)


def _record(run_id: UUID, attempt: int, error: Exception) -> None:
    with unit_of_work() as uow:
        run = retrain_feed.held_run(uow, run_id, attempt)
        if run is not None:
            retrain_feed.record_error(uow, run, error)


def _finish(run_id: UUID, attempt: int) -> None:
    with unit_of_work() as uow:
        run = retrain_feed.held_run(uow, run_id, attempt)
        if run is None:
            return
        retrain_feed.finish(run, RetrainState.FINISHED)
    _tidy(run_id)


def _tidy(run_id: UUID) -> None:
    """Remove what a finished run does not need any more and can be made again: data sets, state, copies of weights."""
    folder = run_folder(run_id)
    for path in [*folder.glob("replay-*"), folder / "new", folder / "data", folder / "embeddings"]:
        shutil.rmtree(path, ignore_errors=True)
    for file in [*folder.glob("base.*"), folder / "training" / STATE]:
        file.unlink(missing_ok=True)
