"""checkpoint → model → live: weights and decoder graphs as blobs, a row, and every image to embed."""

import hashlib
import json
import tempfile
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from sqlalchemy import select

from engine.flow.model_figures import bundled_metrics
from engine.flow.model_origin import MODEL_ADDED, Origin
from engine.flow.models import get_model, live_model, require_free_name
from engine.flow.promotion import promote
from engine.sam import load_bundled, load_checkpoint, save_checkpoint
from engine.sam.model import Sam
from engine.sam.onnx_export import export_decoder
from engine.settings import get_settings
from engine.store.blobs import get_blobs
from engine.store.queries import insert_or_ignore
from engine.store.tables import Event, Model, ModelState, PromotionReason, User, utc_now
from engine.store.unit_of_work import UnitOfWork, unit_of_work


@dataclass(frozen=True)
class PreparedModel:
    """A model whose weights and decoder graphs are in the blob store."""

    arch: str
    config: dict[str, Any]
    weights_key: str
    weights_sha256: str
    prepare_key: str
    decode_key: str
    metrics: dict[str, Any]


def prepare_model(file: Path, arch: str) -> PreparedModel:
    """Read a checkpoint (.pth, weights only, or .safetensors), export its decoder, store all of it.

    Takes a while: call it outside a unit of work. Raises InvalidCheckpoint.
    """
    return _prepare(load_checkpoint(file, arch), metrics={})


def add_model(
    uow: UnitOfWork, prepared: PreparedModel, name: str, user: User | None = None, origin: Origin | None = None
) -> Model:
    """Register a prepared model as a candidate.

    Raises Conflict when the name is taken, InvalidInput for an unusable name.
    """
    require_free_name(uow, name)
    model = Model(name=name, state=ModelState.CANDIDATE, **vars(prepared))
    uow.session.add(model)
    uow.session.flush()
    _record(uow, MODEL_ADDED, model, user, origin)
    return model


def register_bundled(name: str | None = None) -> Model:
    """Register the model that ships with this release under its name; a no-op when it is registered.

    `name` defaults to the deployment's setting. Safe when several processes do it at once.
    """
    name = name or get_settings().model
    model_id = uuid5(NAMESPACE_URL, f"maskloop:bundled:{name}:{_bundled_sha256(name)}")
    with unit_of_work(read_only=True) as uow:
        registered = uow.session.get(Model, model_id) is not None
    prepared = None if registered else _prepare(load_bundled(name), metrics=bundled_metrics(name))
    with unit_of_work() as uow:
        return install_bundled(uow, name, model_id, prepared)


def install_bundled(uow: UnitOfWork, name: str, model_id: UUID, prepared: PreparedModel | None) -> Model:
    """Add a release's bundled model unless it is there, and make it live if nothing speaks against it.

    With no live model it goes live. When a release brings new weights, the row before keeps its id and gets its hash
    in the name, and the new one, its child, goes live in its place; a model that somebody promoted stays live.
    """
    if prepared is not None and uow.session.get(Model, model_id) is None:
        _add_bundled(uow, name, model_id, prepared)
    model = get_model(uow, model_id)
    # A later release may bring more figures with the same weights; what was measured here stays.
    model.metrics = bundled_metrics(name) | model.metrics
    live = live_model(uow)
    if live is None or live.id == model.parent_id:
        promote(uow, model_id, reason=PromotionReason.RELEASE)
    return model


def _add_bundled(uow: UnitOfWork, name: str, model_id: UUID, prepared: PreparedModel) -> None:
    before = uow.session.scalars(select(Model).where(Model.name == name)).one_or_none()
    if before is not None:
        before.name = f"{name} {before.weights_sha256[:8]}"
        uow.session.flush()
    insert_or_ignore(
        uow.session,
        Model,
        [
            {
                "id": model_id,
                "name": name,
                "parent_id": None if before is None else before.id,
                "state": ModelState.CANDIDATE,
                "created_at": utc_now(),
                **vars(prepared),
            }
        ],
    )
    _record(uow, MODEL_ADDED, get_model(uow, model_id), None)


def _prepare(sam: Sam, metrics: dict[str, Any]) -> PreparedModel:
    blobs = get_blobs()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "weights.safetensors")
        save_checkpoint(sam, file)
        prepare_graph, decode_graph = export_decoder(sam, Path(folder))
        weights = file.read_bytes()
        return PreparedModel(
            arch=sam.config.arch,
            config=json.loads(sam.config.to_json()),
            weights_key=blobs.put(weights),
            weights_sha256=hashlib.sha256(weights).hexdigest(),
            prepare_key=blobs.put(prepare_graph.read_bytes()),
            decode_key=blobs.put(decode_graph.read_bytes()),
            metrics=metrics,
        )


def _bundled_sha256(name: str) -> str:
    with as_file(files("engine.sam") / "bundled" / f"{name}.safetensors") as file:
        return hashlib.sha256(file.read_bytes()).hexdigest()


def _record(uow: UnitOfWork, kind: str, model: Model, user: User | None, origin: Origin | None = None) -> None:
    file = {} if origin is None else {"file_name": origin.file_name, "file_sha256": origin.sha256}
    subject = {"model_id": str(model.id), "name": model.name, **file}
    uow.session.add(Event(user_id=user and user.id, kind=kind, subject=subject))
