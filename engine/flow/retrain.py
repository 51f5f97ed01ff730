"""Retraining runs: started, stopped, resumed, listed. A worker's part is `run_retrain`; its claims, `retrain_feed`.

A run goes queued → running → evaluating → finished, and failed or stopped on the way. Its row is the truth;
messages are hints to look at it.
"""

from uuid import UUID

from sqlalchemy import select

from engine.errors import Conflict, InvalidInput, NotFound
from engine.flow.models import DETECTORS, get_model, live_model
from engine.flow.numbering import add_numbered
from engine.flow.projects import get_project
from engine.flow.retrain_feed import ACTIVE, send_run
from engine.flow.retrain_order import FINETUNE, RetrainOrder, default_recipe, with_defaults
from engine.flow.snapshot_diff import count_new
from engine.flow.snapshot_order import SnapshotOrder
from engine.flow.snapshots import create_snapshot, get_snapshot, require_manager
from engine.store.tables import (
    Event,
    Model,
    Project,
    RetrainKind,
    RetrainPoint,
    RetrainRun,
    RetrainState,
    Snapshot,
    User,
)
from engine.store.unit_of_work import UnitOfWork

NAME_LENGTH = 50
"""Of a loop's name: a model's name is at most 64 characters, and the number follows."""


class RunUnderWay(Conflict):
    """Another run for one of the projects is under way: its number and its state."""

    def __init__(self, number: int, state: RetrainState) -> None:
        self.number, self.state = number, state
        super().__init__(
            f"Run {number} for this project is {state.value}. Wait for it, stop it, or allow runs beside it."
        )


def require_alone(uow: UnitOfWork, order: RetrainOrder) -> None:
    """Raises RunUnderWay as `start_retrain` would at this moment, for callers who have something slow to do first.

    Also NotFound for an unknown project or snapshot, InvalidInput for an order of neither.
    """
    if not order.allow_parallel:
        _require_none_under_way(uow, _projects(uow, order))


def start_retrain(
    uow: UnitOfWork,
    user: User,
    order: RetrainOrder,
    *,
    run_id: UUID | None = None,
    schedule_id: UUID | None = None,
) -> RetrainRun:
    """Start a run: its masks are frozen now, and a worker of the queue `train` trains on them.

    Repeating it with the same `run_id` is harmless. Raises NotAllowed for an annotator, NotFound for an unknown
    project, snapshot or model, RunUnderWay when another run for one of the projects is under way (unless the order
    allows it), InvalidInput when there are too few masks, or when parts of the order do not fit together. Values of the
    recipe are checked by `engine.flow.check_recipe`, which takes seconds and needs no unit of work.
    """
    require_manager(user)
    if run_id is not None and (earlier := uow.session.get(RetrainRun, run_id)) is not None:
        return earlier
    projects = _projects(uow, order)
    if not order.allow_parallel:
        _lock(uow, projects)
        _require_none_under_way(uow, projects)
    base = base_model(uow, order)
    snapshot = _snapshot(uow, user, order, projects)
    before = last_trained(uow, snapshot, order.kind)
    _require_enough(order, snapshot, before)
    recipe = order.recipe or default_recipe(order.kind)
    name = order.name or ", ".join(project.name for project in projects)
    scenes = order.replay_scenes
    if scenes is None:
        scenes = recipe == FINETUNE and not order.replay_snapshot_ids

    def make(number: int) -> RetrainRun:
        return RetrainRun(
            id=run_id,
            number=number,
            project_id=projects[0].id if len(projects) == 1 else None,
            kind=order.kind,
            name=model_name(name),
            snapshot_id=snapshot.id,
            replay_snapshot_ids=[str(get_snapshot(uow, each).id) for each in order.replay_snapshot_ids],
            replay_scenes=scenes,
            new_masks_only=order.new_masks_only,
            new_since_id=before.id if order.new_masks_only and before is not None else None,
            base_model_id=base.id,
            recipe=recipe,
            overrides=with_defaults(recipe, base.arch, order.overrides),
            state=RetrainState.QUEUED,
            schedule_id=schedule_id,
            created_by=user.id,
        )

    run = add_numbered(uow, RetrainRun, make)
    _note(uow, user, run, "retrain.started")
    send_run(uow, run)
    return run


def stop_retrain(uow: UnitOfWork, user: User, run_id: UUID) -> RetrainRun:
    """Stop a run; what it has learnt is kept, and it can be resumed. Harmless when it is stopped.

    One that is training stops after the step in hand (`stopping` until then). Raises NotFound, NotAllowed, Conflict for
    a run that is over.
    """
    run = _steered(uow, user, run_id)
    if run.state in (RetrainState.STOPPED, RetrainState.STOPPING):
        return run
    if run.state not in ACTIVE:
        raise Conflict(f"Run {run.number} is {run.state}; there is nothing left to stop.")
    run.state = RetrainState.STOPPED if run.state is RetrainState.QUEUED else RetrainState.STOPPING
    _note(uow, user, run, "retrain.stopped")
    return run


def resume_retrain(uow: UnitOfWork, user: User, run_id: UUID) -> RetrainRun:
    """Go on with a stopped or failed run from its last state. Harmless while it is under way.

    Raises NotFound, NotAllowed, Conflict for a finished run or one that has not stopped yet.
    """
    run = _steered(uow, user, run_id)
    if run.state is RetrainState.STOPPING:
        raise Conflict(f"Run {run.number} is still stopping. Try again in a moment.")
    if run.state is RetrainState.FINISHED:
        raise Conflict(f"Run {run.number} is finished. Start another one.")
    if run.state not in ACTIVE:
        run.state, run.error, run.finished_at, run.deaths = RetrainState.QUEUED, None, None, 0
        _note(uow, user, run, "retrain.resumed")
        send_run(uow, run)
    return run


def get_retrain(uow: UnitOfWork, run_id: UUID) -> RetrainRun:
    """Raises NotFound."""
    run = uow.session.get(RetrainRun, run_id)
    if run is None:
        raise NotFound("retraining run", run_id)
    return run


def list_retrains(
    uow: UnitOfWork, project_id: UUID | None = None, offset: int = 0, limit: int = 50
) -> list[RetrainRun]:
    """Runs on a project's masks, or all, the newest first. Raises NotFound for an unknown project."""
    statement = select(RetrainRun).order_by(RetrainRun.number.desc())
    if project_id is None:
        return list(uow.session.scalars(statement.offset(offset).limit(limit)))
    get_project(uow, project_id)
    rows = uow.session.execute(
        statement.join(Snapshot, Snapshot.id == RetrainRun.snapshot_id).add_columns(Snapshot.project_ids)
    )
    found = [run for run, project_ids in rows if str(project_id) in project_ids]
    return found[offset : offset + limit]


def curve_of(uow: UnitOfWork, run_id: UUID, after: int = -1) -> list[RetrainPoint]:
    """What a run has measured at its steps so far, from the step after `after` on. Raises NotFound."""
    get_retrain(uow, run_id)
    return list(
        uow.session.scalars(
            select(RetrainPoint)
            .where(RetrainPoint.run_id == run_id, RetrainPoint.step > after)
            .order_by(RetrainPoint.step)
        )
    )


def last_trained(uow: UnitOfWork, snapshot: Snapshot, kind: RetrainKind) -> Snapshot | None:
    """The snapshot that the last finished run of that kind on the same projects was trained on."""
    rows = uow.session.execute(
        select(Snapshot)
        .join(RetrainRun, RetrainRun.snapshot_id == Snapshot.id)
        .where(RetrainRun.kind == kind, RetrainRun.state == RetrainState.FINISHED, Snapshot.number < snapshot.number)
        .order_by(RetrainRun.number.desc())
    ).scalars()
    return next((each for each in rows if each.project_ids == snapshot.project_ids), None)


def base_model(uow: UnitOfWork, order: RetrainOrder) -> Model:
    """The promptable model that an order's run begins with, or whose embeddings its detector reads.

    Raises NotFound, InvalidInput without a live model, or for a detector.
    """
    model = live_model(uow) if order.base_model_id is None else get_model(uow, order.base_model_id)
    if model is None:
        raise InvalidInput("There is no live model yet. Wait until the first start has prepared it, or name a model.")
    if model.arch in DETECTORS:
        raise InvalidInput(f"{model.name} is a detector. Name the promptable model whose embeddings it reads.")
    return model


def model_name(name: str) -> str:
    """A project's name as far as a model can have it."""
    plain = "".join(letter if letter.isascii() and (letter.isalnum() or letter in "._ -") else "-" for letter in name)
    return plain.strip("._ -")[:NAME_LENGTH].strip("._ -") or "model"


def _projects(uow: UnitOfWork, order: RetrainOrder) -> list[Project]:
    ids = list(dict.fromkeys(order.project_ids))
    if order.snapshot_id is not None:
        frozen = [UUID(each) for each in get_snapshot(uow, order.snapshot_id).project_ids]
        if ids and set(ids) != set(frozen):
            raise InvalidInput("The snapshot is of other projects than those named. Leave one of the two out.")
        ids = frozen
    if not ids:
        raise InvalidInput("Say what to train on: one or more projects, or a snapshot.")
    return [get_project(uow, project_id) for project_id in ids]


def _lock(uow: UnitOfWork, projects: list[Project]) -> None:
    """Of two runs that are started at once for one of the projects, the second sees the first."""
    locked = select(Project.id).where(Project.id.in_([project.id for project in projects])).order_by(Project.id)
    uow.session.scalars(locked.with_for_update()).all()


def _require_none_under_way(uow: UnitOfWork, projects: list[Project]) -> None:
    ids = {str(project.id) for project in projects}
    rows = uow.session.execute(
        select(RetrainRun.number, RetrainRun.state, Snapshot.project_ids)
        .join(Snapshot, Snapshot.id == RetrainRun.snapshot_id)
        .where(RetrainRun.state.in_(ACTIVE))
    )
    for number, state, project_ids in rows:
        if ids & set(project_ids):
            raise RunUnderWay(number, state)


def _snapshot(uow: UnitOfWork, user: User, order: RetrainOrder, projects: list[Project]) -> Snapshot:
    if order.snapshot_id is not None:
        snapshot = get_snapshot(uow, order.snapshot_id)
    else:
        wanted = SnapshotOrder(
            project_ids=[project.id for project in projects],
            filters=order.filters,
            validation_share=order.validation_share,
        )
        snapshot = create_snapshot(uow, user, wanted)
    for side, what in (("train", "to train on"), ("validation", "to measure on")):
        if not snapshot.counts[side]["images"]:
            raise InvalidInput(f"There is no image {what}: annotate at least two images.")
    return snapshot


def _require_enough(order: RetrainOrder, snapshot: Snapshot, before: Snapshot | None) -> None:
    if not order.minimum_new_masks and not order.new_masks_only:
        return
    new = count_new(before, snapshot)
    least = max(order.minimum_new_masks, 1)
    if new < least:
        raise InvalidInput(f"{new:,} masks are new since the last run, and {least:,} are needed.")


def _steered(uow: UnitOfWork, user: User, run_id: UUID) -> RetrainRun:
    """The run, locked."""
    require_manager(user)
    run = get_retrain(uow, run_id)
    uow.session.refresh(run, with_for_update=True)
    return run


def _note(uow: UnitOfWork, user: User, run: RetrainRun, kind: str) -> None:
    uow.session.add(Event(user_id=user.id, kind=kind, subject={"run_id": str(run.id), "number": run.number}))
