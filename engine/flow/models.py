"""checkpoint → model: registered with its decoder graphs, promoted, retired."""

from pathlib import Path
from uuid import UUID

from engine.store.tables import Model
from engine.store.unit_of_work import UnitOfWork


def live_model(uow: UnitOfWork) -> Model | None:
    """The model annotators work with; None while the first start is still preparing it."""
    raise NotImplementedError


def list_models(uow: UnitOfWork) -> list[Model]:
    """All models, newest first."""
    raise NotImplementedError


def get_model(uow: UnitOfWork, model_id: UUID) -> Model:
    """Raises NotFound."""
    raise NotImplementedError


def find_model(uow: UnitOfWork, name: str) -> Model:
    """The model of that name. Raises NotFound."""
    raise NotImplementedError


def add_model(uow: UnitOfWork, file: Path, arch: str, name: str) -> Model:
    """Register a checkpoint (.pth, weights only, or .safetensors) as a candidate, with its decoder graphs.

    Raises InvalidCheckpoint, Conflict when the name is taken, InvalidInput for an unusable name.
    """
    raise NotImplementedError


def promote(uow: UnitOfWork, model_id: UUID) -> Model:
    """Make a model live, retire the one before, and queue every image for embedding. Raises NotFound, Conflict."""
    raise NotImplementedError


def register_bundled(uow: UnitOfWork, name: str) -> Model:
    """Register the bundled weights of `name` once; they go live unless another model was promoted meanwhile."""
    raise NotImplementedError
