"""The worker's side of image → embedding."""

import numpy as np

from engine.flow.heart import Heart
from engine.flow.import_image import load_rgb
from engine.flow.item_work import ItemTask, Store
from engine.flow.jobs import Outcome
from engine.flow.loaded_models import LoadedModels
from engine.inference.embedder import Embedder
from engine.store.blobs import get_blobs
from engine.store.queries import insert_or_ignore
from engine.store.tables import Embedding, Model
from engine.store.unit_of_work import UnitOfWork, unit_of_work

_embedders = LoadedModels(Embedder)


def embed_image(task: ItemTask, _: Heart) -> Store:
    """Make the image's embedding with the job's model, unless it is there."""
    model = task.required_model()
    if _is_made(task, model):
        return lambda _: Outcome()
    features = get_embedder(model).embed(load_rgb(task.image))
    key = get_blobs().put(np.ascontiguousarray(features, dtype="<f2").tobytes())

    def store(uow: UnitOfWork) -> Outcome:
        insert_or_ignore(
            uow.session,
            Embedding,
            [{"image_id": task.image.id, "model_id": model.id, "blob_key": key, "shape": list(features.shape)}],
        )
        return Outcome()

    return store


def get_embedder(model: Model) -> Embedder:
    """The model's image encoder, loaded once per process and kept while it is used."""
    return _embedders.get(model)


def _is_made(task: ItemTask, model: Model) -> bool:
    with unit_of_work(read_only=True) as uow:
        made = uow.session.query(Embedding.id).filter_by(image_id=task.image.id, model_id=model.id)
        return made.first() is not None
