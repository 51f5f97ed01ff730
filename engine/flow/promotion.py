"""candidate → live: one model takes another's place, in one transaction, and one step takes it back.

Nothing is restarted for it: the API and the workers look up which model is live when they need one. A page that is
open goes on with the model it was opened with, whose embeddings and decoder stay where they are.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select

from engine.errors import Conflict, NotFound
from engine.evaluation.gate import judge
from engine.flow.batches import require_manager
from engine.flow.embed_order import drop_waiting, request_in_order
from engine.flow.loop_settings import loop_settings
from engine.flow.models import DETECTORS, get_model, live_model, usable_detectors
from engine.store.tables import Event, Model, ModelState, Promotion, PromotionReason, RetrainRun, User
from engine.store.unit_of_work import UnitOfWork, unit_of_work


@dataclass(frozen=True)
class Judged:
    """What became of a candidate: its verdict as JSON (`engine.evaluation.gate.Verdict`), and whether it went live."""

    verdict: dict[str, Any]
    promoted: bool


def promote(
    uow: UnitOfWork,
    model_id: UUID,
    user: User | None = None,
    reason: PromotionReason = PromotionReason.HAND,
    run_id: UUID | None = None,
) -> Model:
    """Make a model live and retire the one before; harmless when it is live.

    Every image is queued for embedding with it, those first that people will open next. A detector takes the place of
    the one that read the same model's embeddings before. `run_id` is the retraining run that the model came from;
    `user` None is nobody in particular. Raises NotFound, NotAllowed for an annotator.
    """
    if user is not None:
        require_manager(user)
    # The registry is locked as a whole: of two promotions at once, the second sees what the first did. Rows that
    # refer to a model can be written meanwhile.
    registry = select(Model).order_by(Model.id).with_for_update(key_share=True)
    uow.session.scalars(registry.execution_options(populate_existing=True)).all()
    model = get_model(uow, model_id)
    if model.state is not ModelState.LIVE:
        replaced = [each for each in _in_its_place(uow, model) if each.id != model.id]
        for each in replaced:
            each.state = ModelState.RETIRED
        model.state = ModelState.LIVE
        before = replaced[0] if replaced else None
        _record(uow, model, before, user, reason, run_id)
        if before is not None and model.arch not in DETECTORS:
            drop_waiting(uow, before)
    if model.arch not in DETECTORS:
        request_in_order(uow, model)
    return model


def rollback(uow: UnitOfWork, user: User | None = None) -> Model:
    """Make the model live again that the live one replaced; a second call goes back one further.

    Its embeddings are still there, so annotators wait for nothing. Raises Conflict when there is none to go back to,
    NotAllowed for an annotator.
    """
    live = live_model(uow)
    if live is None:
        raise Conflict("There is no live model yet, so nothing can be rolled back.")
    before = previous_of(uow, live)
    if before is None:
        raise Conflict(f"{live.name} replaced no other model, so there is none to go back to. Promote one by its name.")
    return promote(uow, before, user, PromotionReason.ROLLBACK)


def previous_of(uow: UnitOfWork, model: Model) -> UUID | None:
    """The model that this one replaced when it last went live, other than by rolling back; None when there is none."""
    return uow.session.scalar(
        select(Promotion.previous_model_id)
        .where(Promotion.model_id == model.id, Promotion.reason != PromotionReason.ROLLBACK)
        .order_by(Promotion.at.desc())
        .limit(1)
    )


def apply_verdict(run_id: UUID) -> Judged:
    """Judge a run's candidate by its project's rules, and promote it if it passes and the project lets the gate do so.

    The verdict and what follows from it are one transaction: killed at any moment, calling it again does all of it or
    finds all of it done. A candidate is promoted only while its base is live: it was measured against nothing else.
    Raises NotFound, Conflict when the run has not been evaluated.
    """
    with unit_of_work() as uow:
        run = uow.session.get(RetrainRun, run_id, with_for_update=True, populate_existing=True)
        if run is None:
            raise NotFound("retraining run", run_id)
        if run.verdict is not None:
            return Judged(run.verdict, promoted=_went_live(uow, run))
        if run.evaluation is None or run.model_id is None:
            raise Conflict(f"Run {run.number} has no evaluation yet, so there is nothing to judge.")
        settings = loop_settings(uow, run.project_id)
        verdict = judge(run.evaluation, settings.gate.rules())
        hindrance = _hindrance(uow, run, settings.auto_promote) if verdict.passed else None
        promoted = verdict.passed and hindrance is None
        stored = {**verdict.to_json(), "promoted": promoted, "not_promoted_because": hindrance}
        run.verdict = stored
        if promoted:
            promote(uow, run.model_id, reason=PromotionReason.GATE, run_id=run.id)
        subject = {"run_id": str(run.id), "model_id": str(run.model_id), "passed": verdict.passed}
        uow.session.add(Event(user_id=None, kind="model.judged", subject=subject))
        return Judged(stored, promoted)


def _hindrance(uow: UnitOfWork, run: RetrainRun, auto_promote: bool) -> str | None:
    """Why a candidate that passes does not go live by itself; None when nothing speaks against it."""
    if not auto_promote:
        return "The project leaves promotions to people."
    live = live_model(uow)
    if live is None or live.id != run.base_model_id:
        base = get_model(uow, run.base_model_id)
        return f"It was compared with {base.name}, and {'no model' if live is None else live.name} is live now."
    return None


def _went_live(uow: UnitOfWork, run: RetrainRun) -> bool:
    return uow.session.scalar(select(Promotion.id).where(Promotion.run_id == run.id).limit(1)) is not None


def _in_its_place(uow: UnitOfWork, model: Model) -> list[Model]:
    """What this one replaces: the live model, or the detectors of the same embeddings, the one in use first."""
    if model.arch in DETECTORS:
        return [] if model.parent_id is None else usable_detectors(uow, model.parent_id)
    live = live_model(uow)
    return [] if live is None else [live]


def _record(
    uow: UnitOfWork,
    model: Model,
    before: Model | None,
    user: User | None,
    reason: PromotionReason,
    run_id: UUID | None,
) -> None:
    uow.session.flush()
    by = None if user is None else user.id
    previous = None if before is None else before.id
    uow.session.add(Promotion(model_id=model.id, previous_model_id=previous, run_id=run_id, by=by, reason=reason))
    subject = {"model_id": str(model.id), "name": model.name, "reason": reason.value}
    uow.session.add(Event(user_id=by, kind="model.promoted", subject=subject))
    uow.session.flush()
