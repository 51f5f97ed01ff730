"""model → nothing: only what nothing needs any more is deleted, and what needs it is said."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, delete, func, select

from engine.errors import Conflict
from engine.flow.batches import require_manager
from engine.flow.models import get_model
from engine.store.blobs import get_blobs
from engine.store.tables import (
    BatchSchedule,
    Embedding,
    Event,
    Job,
    Mask,
    MaskVersion,
    Model,
    ModelState,
    Promotion,
    RetrainRun,
    RetrainSchedule,
    RetrainState,
    User,
)
from engine.store.unit_of_work import UnitOfWork

_OVER = (RetrainState.FINISHED, RetrainState.FAILED)
_NAMED = 3
"""Other models named in a sentence; the rest is counted."""


def needed_by(uow: UnitOfWork, model: Model) -> list[str]:
    """What needs a model, in sentences; empty when it can be deleted."""
    reasons: list[str] = []
    if model.state is ModelState.LIVE:
        reasons.append("It is live.")
    elif _count(uow, select(Promotion.id).where(Promotion.model_id == model.id)):
        reasons.append("It has been live: the history of promotions names it, and pages may still work with it.")
    children = uow.session.scalars(select(Model.name).where(Model.parent_id == model.id).order_by(Model.name)).all()
    if children:
        more = f" and {len(children) - _NAMED} more" if len(children) > _NAMED else ""
        reasons.append(f"It is where {', '.join(children[:_NAMED])}{more} came from.")
    masks = _count(uow, select(Mask.id).where(Mask.model_id == model.id)) or _count(
        uow, select(MaskVersion.mask_id).where(MaskVersion.content["model_id"].as_string() == str(model.id))
    )
    if masks:
        reasons.append(f"Masks made with it: {masks:,}.")
    batches = _count(uow, select(Job.id).where(Job.model_id == model.id, ~Job.standing))
    if batches:
        reasons.append(f"Batches that worked with it: {batches:,}.")
    runs = uow.session.scalars(
        select(RetrainRun).where((RetrainRun.base_model_id == model.id) | (RetrainRun.model_id == model.id))
    ).all()
    based = sorted(run.number for run in runs if run.base_model_id == model.id)
    if based:
        reasons.append(f"{_runs(based)} began with it or compared with it.")
    busy = sorted(run.number for run in runs if run.model_id == model.id and run.state not in _OVER)
    if busy:
        reasons.append(f"{_runs(busy)}, which made it, is not over.")
    if _is_scheduled(uow, model):
        reasons.append("A schedule names it.")
    return reasons


def delete_model(uow: UnitOfWork, user: User | None, model_id: UUID) -> None:
    """Delete a model with its weights, graphs and embeddings; its run keeps the figures.

    Raises NotFound, NotAllowed for an annotator, Conflict when something needs it, saying what.
    """
    if user is not None:
        require_manager(user)
    model = get_model(uow, model_id)
    reasons = needed_by(uow, model)
    if reasons:
        raise Conflict(f"{model.name} cannot be deleted. {' '.join(reasons)}")
    keys = _own_blobs(uow, model)
    # Standing jobs are the queue of its embeddings, which go with it.
    uow.session.execute(delete(Job).where(Job.model_id == model.id))
    uow.session.delete(model)
    subject = {"model_id": str(model.id), "name": model.name}
    uow.session.add(Event(user_id=None if user is None else user.id, kind="model.deleted", subject=subject))
    uow.session.flush()
    uow.after_commit(lambda: _delete_blobs(keys))


def _is_scheduled(uow: UnitOfWork, model: Model) -> bool:
    orders = [
        *uow.session.scalars(select(BatchSchedule.order).where(BatchSchedule.enabled)),
        *uow.session.scalars(select(RetrainSchedule.order).where(RetrainSchedule.enabled)),
    ]
    return any(str(model.id) in (order.get("model_id"), order.get("base_model_id")) for order in orders)


def _own_blobs(uow: UnitOfWork, model: Model) -> list[str]:
    """Blobs that no other row refers to. Of a model with a twin of the same weights, none: what they share stays."""
    twin = select(Model.id).where(Model.weights_sha256 == model.weights_sha256, Model.id != model.id)
    if _count(uow, twin):
        return []
    keys = [key for key in (model.weights_key, model.prepare_key, model.decode_key) if key is not None]
    shared = {
        key
        for row in uow.session.execute(
            select(Model.weights_key, Model.prepare_key, Model.decode_key).where(Model.id != model.id)
        )
        for key in row
    }
    embeddings = uow.session.scalars(select(Embedding.blob_key).where(Embedding.model_id == model.id)).all()
    return [key for key in dict.fromkeys([*keys, *embeddings]) if key not in shared]


def _runs(numbers: list[int]) -> str:
    """Run 3; Runs 1, 2 and 3."""
    *others, last = map(str, numbers)
    return f"Runs {', '.join(others)} and {last}" if others else f"Run {last}"


def _delete_blobs(keys: list[str]) -> None:
    for key in keys:
        get_blobs().delete(key)


def _count(uow: UnitOfWork, what: Select[Any]) -> int:
    return uow.session.scalar(select(func.count()).select_from(what.subquery())) or 0
