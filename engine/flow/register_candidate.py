"""trained weights → candidate: a row of the registry that knows its base, its run and its data."""

import re
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import select

from engine.flow.model_origin import MODEL_ADDED
from engine.flow.retrain_task import RetrainTask
from engine.store.tables import Event, Model, RetrainRun, RetrainState, User
from engine.store.unit_of_work import UnitOfWork


def candidate_id(run_id: UUID) -> UUID:
    """The id of a run's candidate: however often it is registered, there is one."""
    return uuid5(run_id, "candidate")


def next_name(uow: UnitOfWork, name: str) -> str:
    """`<name> v<N>`, one more than the highest there ever was: what is said of a deleted model is said of no other."""
    there = uow.session.scalars(select(Model.name).where(Model.name.startswith(f"{name} v", autoescape=True)))
    added = uow.session.scalars(select(Event.subject).where(Event.kind == MODEL_ADDED))
    taken = [*there, *(str(subject.get("name", "")) for subject in added)]
    pattern = re.compile(rf"{re.escape(name)} v(\d+)")
    numbers = [int(found[1]) for found in map(pattern.fullmatch, taken) if found]
    return f"{name} v{max(numbers, default=0) + 1}"


def how_it_was_trained(task: RetrainTask, steps: int) -> dict[str, Any]:
    """What the model card says about the training."""
    return {
        "run": task.run.number,
        "snapshot": task.snapshot.number,
        "recipe": task.run.recipe,
        "overrides": task.run.overrides,
        "steps": steps,
        "images": task.snapshot.counts["train"]["images"],
        "masks": task.snapshot.counts["train"]["masks"],
        "new_masks_only": task.run.new_masks_only,
        "replay": [each.number for each in task.replay] + (["scenes"] if task.run.replay_scenes else []),
    }


def put_candidate(uow: UnitOfWork, run: RetrainRun, model: Model) -> None:
    """Add the candidate of a held run, which from then on is evaluated."""
    model.id = candidate_id(run.id)
    model.name = next_name(uow, run.name)
    model.parent_id = run.base_model_id
    uow.session.add(model)
    uow.session.flush()
    run.model_id = model.id
    # The last step that was told of is not the last one: the curve has a point every few steps.
    run.step = run.steps or run.step
    if run.state is RetrainState.RUNNING:
        run.state = RetrainState.EVALUATING
    subject = {"model_id": str(model.id), "name": model.name, "run_id": str(run.id)}
    user = uow.session.get(User, run.created_by)
    uow.session.add(Event(user_id=None if user is None else user.id, kind=MODEL_ADDED, subject=subject))
