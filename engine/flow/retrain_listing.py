"""Retraining runs and snapshots with the names that people know things by, in a few queries for any number of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from engine.store.tables import Model, RetrainRun, RetrainState, Snapshot, User
from engine.store.unit_of_work import UnitOfWork


@dataclass(frozen=True)
class RetrainSummary:
    """A run, its snapshot, and the names of its models and of who started it."""

    run: RetrainRun
    snapshot: Snapshot
    base_model_name: str
    model_name: str | None
    created_by_name: str | None

    @property
    def seconds_left(self) -> float | None:
        """What the training still takes, by its speed so far; None while that is not known."""
        run = self.run
        if run.state is not RetrainState.RUNNING or run.steps is None or not run.step or not run.machine_seconds:
            return None
        return run.machine_seconds / run.step * max(0, run.steps - run.step)


def summarize_retrains(uow: UnitOfWork, runs: Sequence[RetrainRun]) -> list[RetrainSummary]:
    """The same runs, in their order."""
    uow.session.flush()
    snapshots = {
        each.id: each
        for each in uow.session.scalars(select(Snapshot).where(Snapshot.id.in_({run.snapshot_id for run in runs})))
    }
    model_ids = {run.base_model_id for run in runs} | {run.model_id for run in runs if run.model_id is not None}
    rows = uow.session.execute(select(Model.id, Model.name).where(Model.id.in_(model_ids)))
    models = {model_id: name for model_id, name in rows}  # noqa: C416 - rows are no pairs to a type checker
    users = user_names(uow, (run.created_by for run in runs))
    return [
        RetrainSummary(
            run,
            snapshots[run.snapshot_id],
            models[run.base_model_id],
            None if run.model_id is None else models[run.model_id],
            users.get(run.created_by),
        )
        for run in runs
    ]


def user_names(uow: UnitOfWork, user_ids: Iterable[UUID]) -> dict[UUID, str]:
    """Names of people by their ids; those who are gone are left out."""
    rows = uow.session.execute(select(User.id, User.name).where(User.id.in_(set(user_ids))))
    return {user_id: name for user_id, name in rows}  # noqa: C416 - rows are no pairs to a type checker
