"""The models that are registered, and which of them is live. Registering and promoting: `register_model`."""

from uuid import UUID

from sqlalchemy import select

from engine.errors import NotFound
from engine.store.tables import Model, ModelState
from engine.store.unit_of_work import UnitOfWork


def live_model(uow: UnitOfWork) -> Model | None:
    """The model annotators work with; None while the first start is still preparing it."""
    return uow.session.scalars(
        select(Model).where(Model.state == ModelState.LIVE).order_by(Model.created_at.desc()).limit(1)
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
    """The model of that name. Raises NotFound."""
    model = uow.session.scalars(select(Model).where(Model.name == name)).one_or_none()
    if model is None:
        raise NotFound("model", name)
    return model
