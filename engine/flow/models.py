"""The models that are registered, and which of them is live. Registering and promoting: `register_model`."""

import re
from typing import Any
from uuid import UUID

from sqlalchemy import exists, func, select

from engine.automatic.thresholds import METRIC
from engine.errors import Conflict, InvalidInput, NotFound
from engine.store.tables import Model, ModelState, RetrainRun
from engine.store.unit_of_work import UnitOfWork

DETECTORS = ("box_head", "faster_rcnn")
"""What the registry calls models that find boxes. Each reads the embeddings of one promptable model, its parent."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._ -]{0,63}")


def live_model(uow: UnitOfWork) -> Model | None:
    """The model annotators work with; None while the first start is still preparing it."""
    return uow.session.scalars(
        select(Model)
        .where(Model.state == ModelState.LIVE, Model.arch.not_in(DETECTORS))
        .order_by(Model.created_at.desc())
        .limit(1)
    ).first()


def list_models(uow: UnitOfWork) -> list[Model]:
    """All models, newest first."""
    return list(uow.session.scalars(select(Model).order_by(Model.created_at.desc(), Model.id)))


def get_model(uow: UnitOfWork, model_id: UUID) -> Model:
    """Raises NotFound."""
    model = uow.session.get(Model, model_id)
    if model is None:
        raise NotFound("model", model_id)
    return model


def find_model(uow: UnitOfWork, name: str) -> Model:
    """The model of that name. Raises NotFound, naming the models there are."""
    model = uow.session.scalars(select(Model).where(Model.name == name)).one_or_none()
    if model is None:
        names = uow.session.scalars(select(Model.name).order_by(Model.name)).all()
        raise NotFound("model", f"{name!r}; there are {', '.join(names)}" if names else repr(name))
    return model


def usable_detectors(uow: UnitOfWork, model_id: UUID) -> list[Model]:
    """The detectors that may read the embeddings of a model, the newest first: the first one does.

    They are the one that was promoted and those that somebody added by hand since. What a retraining run makes is
    used only once it is promoted.
    """
    by_hand = (Model.state == ModelState.CANDIDATE) & ~exists().where(RetrainRun.model_id == Model.id)
    return list(
        uow.session.scalars(
            select(Model)
            .where(Model.parent_id == model_id, Model.arch.in_(DETECTORS), (Model.state == ModelState.LIVE) | by_hand)
            .order_by(Model.created_at.desc(), Model.id)
        )
    )


def detector_of(uow: UnitOfWork, model: Model) -> Model:
    """The detector that images embedded by `model` are prefilled with. Raises InvalidInput, saying how to get one."""
    found = usable_detectors(uow, model.id)
    if not found:
        raise InvalidInput(
            f"There is no detector for {model.name} yet. Train one on the masks collected so far: "
            f"maskloop detector train --model '{model.name}' --name boxes-1"
        )
    return found[0]


def require_free_name(uow: UnitOfWork, name: str) -> None:
    """Raises Conflict when a model has that name, InvalidInput when none can have it."""
    if not _NAME.fullmatch(name):
        raise InvalidInput(
            "A model's name is 1 to 64 letters, digits, dots, dashes, underscores and spaces, and begins with a "
            "letter or digit."
        )
    if uow.session.scalar(select(func.count()).select_from(Model).where(Model.name == name)):
        raise Conflict(f"There is a model named {name} already. Choose another name.")


def record_metrics(uow: UnitOfWork, name: str, metrics: dict[str, Any]) -> None:
    """Put figures on a registered model's card, in place of those before; its thresholds stay. Raises NotFound."""
    model = find_model(uow, name)
    kept = {METRIC: model.metrics[METRIC]} if METRIC in model.metrics else {}
    model.metrics = kept | metrics
