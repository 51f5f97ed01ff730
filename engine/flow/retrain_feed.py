"""Which worker has a retraining run: claims, heartbeats, and what is sent again when a worker or a message is lost.

As with the items of jobs: a message is a hint to look at the row, an attempt's number decides who may write, and a run
whose heart is silent has no worker any more.
"""

import logging
from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from sqlalchemy import and_, or_, select

from engine.errors import MaskloopError
from engine.flow.dispatch import Queue, send
from engine.flow.job_feed import SENT_LOST_AFTER, SENT_LOST_FROM_EMPTY_QUEUE_AFTER, SILENT_AFTER
from engine.store.tables import RetrainRun, RetrainState, utc_now
from engine.store.unit_of_work import UnitOfWork

TASK = "maskloop.retrain"
MOST_DEATHS = 3
"""Workers that a run may lose in a row without having made way: then it is the run that kills them."""

AT_WORK = (RetrainState.RUNNING, RetrainState.EVALUATING, RetrainState.STOPPING)
ACTIVE = (RetrainState.QUEUED, *AT_WORK)

_log = logging.getLogger(__name__)


def send_run(uow: UnitOfWork, run: RetrainRun) -> None:
    """Send a run's message once the transaction is committed."""
    run.sent_at = utc_now()
    uow.after_commit(lambda: send(TASK, {"run_id": str(run.id)}, Queue.TRAIN))


def claim(uow: UnitOfWork, run_id: UUID) -> RetrainRun | None:
    """Take a run for work; None when there is nothing to do: gone, over, stopped, or at work elsewhere."""
    run = _locked(uow, run_id)
    if run is None or run.state not in ACTIVE:
        return None
    now = utc_now()
    if run.state is not RetrainState.QUEUED:
        if run.heartbeat_at is not None and run.heartbeat_at > now - SILENT_AFTER:
            return None
        _lose_worker(run)
        if run.state is not RetrainState.QUEUED:
            return None
    run.state = RetrainState.RUNNING if run.model_id is None else RetrainState.EVALUATING
    run.attempts += 1
    run.heartbeat_at = now
    run.started_at = run.started_at or now
    return run


def held_run(uow: UnitOfWork, run_id: UUID, attempt: int) -> RetrainRun | None:
    """The run, locked, if this attempt still holds it; None when it was given to another, or deleted."""
    run = _locked(uow, run_id)
    return run if run is not None and run.state in AT_WORK and run.attempts == attempt else None


def beat(run: RetrainRun, step: int) -> None:
    """Show that a held run's worker is alive and how far it is; `step` counts those done.

    An attempt that goes on from an earlier state has made way once it is further than the one before.
    """
    now = utc_now()
    if run.heartbeat_at is not None:
        run.machine_seconds += (now - run.heartbeat_at).total_seconds()
    run.heartbeat_at = now
    if step > run.step:
        run.step, run.deaths = step, 0


def give_back(run: RetrainRun) -> None:
    """Queue a held run again: its worker ends, another one goes on.

    Nothing is sent, for it would be this worker that takes it: the next one finds it (`recover`, `resend_lost`).
    """
    run.state = RetrainState.STOPPED if run.state is RetrainState.STOPPING else RetrainState.QUEUED
    run.sent_at = utc_now()


def record_error(uow: UnitOfWork, run: RetrainRun, error: BaseException) -> None:
    """Fail a held run for good when what was asked is at fault; otherwise try again, as after a lost worker."""
    if isinstance(error, MaskloopError):
        finish(run, RetrainState.FAILED, str(error))
        return
    _lose_worker(run)
    if run.state is RetrainState.FAILED:
        run.error = (
            f"Training failed {run.deaths} times with {type(error).__name__}: {error}. The worker's log says more; "
            "resume the run when the cause is removed."
        )
    elif run.state is RetrainState.QUEUED:
        send_run(uow, run)


def finish(run: RetrainRun, state: RetrainState, error: str | None = None) -> None:
    """Close a held run, in `state`."""
    run.state, run.error, run.finished_at = state, error, utc_now()


def resend_lost(uow: UnitOfWork, older_than: timedelta = SENT_LOST_AFTER, empty_queues: Collection[Queue] = ()) -> int:
    """Send again what was sent and never begun, and what lost its worker; returns how many runs."""
    now = utc_now()
    patience = SENT_LOST_FROM_EMPTY_QUEUE_AFTER if Queue.TRAIN in empty_queues else older_than
    never_begun = and_(
        RetrainRun.state == RetrainState.QUEUED,
        or_(RetrainRun.sent_at.is_(None), RetrainRun.sent_at < now - patience),
    )
    silent = and_(RetrainRun.state.in_(AT_WORK), RetrainRun.heartbeat_at < now - SILENT_AFTER)
    lost = select(RetrainRun).where(or_(never_begun, silent))
    return _send_again(uow, uow.session.scalars(lost.with_for_update(skip_locked=True)).all())


def recover(uow: UnitOfWork) -> int:
    """Send again all that is under way, whatever its age: only for a worker that knows it is the only one."""
    under_way = select(RetrainRun).where(RetrainRun.state.in_(ACTIVE))
    return _send_again(uow, uow.session.scalars(under_way.with_for_update(skip_locked=True)).all())


def _send_again(uow: UnitOfWork, runs: Collection[RetrainRun]) -> int:
    for run in runs:
        if run.state is not RetrainState.QUEUED:
            _lose_worker(run)
        if run.state is RetrainState.QUEUED:
            send_run(uow, run)
    if runs:
        _log.warning("sending %d lost retraining runs again", len(runs))
    return len(runs)


def _lose_worker(run: RetrainRun) -> None:
    """What becomes of a run whose worker is gone: queued again, stopped if that was asked for, or given up."""
    run.deaths += 1
    if run.state is RetrainState.STOPPING:
        run.state = RetrainState.STOPPED
    elif run.deaths >= MOST_DEATHS:
        sentence = (
            f"The worker ended {run.deaths} times without getting further than step {run.step}, perhaps for lack of "
            "memory. Resume the run on a machine with more memory, or start one with fewer images or masks a step."
        )
        finish(run, RetrainState.FAILED, sentence)
    else:
        run.state = RetrainState.QUEUED


def _locked(uow: UnitOfWork, run_id: UUID) -> RetrainRun | None:
    return uow.session.get(RetrainRun, run_id, with_for_update=True, populate_existing=True)
