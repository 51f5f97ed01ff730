"""The worker's side of image → embedding: load the model once, embed, store, mark the item done."""

import logging
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import numpy as np
import torch
from sqlalchemy.exc import OperationalError

from engine.errors import NotFound
from engine.flow import jobs
from engine.flow.import_image import load_rgb
from engine.flow.load_model import load_stored
from engine.inference.embedder import Embedder
from engine.settings import get_settings
from engine.store.blobs import get_blobs
from engine.store.queries import insert_or_ignore
from engine.store.tables import Embedding, Image, Job, Model
from engine.store.unit_of_work import unit_of_work

_BEAT_SECONDS = 10
# Two: while a promotion re-embeds the images, somebody may still open one with the model before.
_MODELS_IN_MEMORY = 2

_log = logging.getLogger(__name__)
_embedders: OrderedDict[UUID, Embedder] = OrderedDict()
_loading = threading.Lock()


def embed_item(item_id: UUID) -> None:
    """Make the embedding a job item asks for; a no-op when it is there or another worker is at it.

    The work itself happens outside a transaction. Killed at any moment, it leaves an item that is sent again.
    """
    with unit_of_work() as uow:
        item = jobs.claim(uow, item_id)
        if item is None:
            return
        job = uow.session.get_one(Job, item.job_id)
        image = uow.session.get_one(Image, item.image_id)
        model = uow.session.get_one(Model, job.model_id)
    with _beating(item_id):
        features = get_embedder(model).embed(load_rgb(image))
        data = np.ascontiguousarray(features, dtype="<f2").tobytes()
        key = get_blobs().put(data)
    with unit_of_work() as uow:
        # The image may have been deleted meanwhile, and its items with it.
        if uow.session.get(Image, image.id) is not None:
            insert_or_ignore(
                uow.session,
                Embedding,
                [{"image_id": image.id, "model_id": model.id, "blob_key": key, "shape": list(features.shape)}],
            )
        jobs.finish(uow, item_id)


def get_embedder(model: Model) -> Embedder:
    """The model's image encoder, loaded once per process and kept while it is used."""
    with _loading:
        embedder = _embedders.pop(model.id, None)
        if embedder is None:
            while len(_embedders) >= _MODELS_IN_MEMORY:
                _embedders.popitem(last=False)
            embedder = _load(model)
        _embedders[model.id] = embedder
        return embedder


def _load(model: Model) -> Embedder:
    try:
        sam = load_stored(model)
    except NotFound as error:
        # Not the image's fault: a plain error, so that the item is tried again.
        raise FileNotFoundError(f"The weights of {model.name} are missing from the blob store.") from error
    if get_settings().torch_threads:
        torch.set_num_threads(get_settings().torch_threads)
    return Embedder(sam)


@contextmanager
def _beating(item_id: UUID) -> Iterator[None]:
    """Show every few seconds, from a thread of its own, that this item's worker is alive."""
    over = threading.Event()

    def beat_until_over() -> None:
        while not over.wait(_BEAT_SECONDS):
            try:
                with unit_of_work() as uow:
                    jobs.beat(uow, item_id)
            except OperationalError:
                _log.warning("could not record a heartbeat; the next one will", exc_info=True)

    heart = threading.Thread(target=beat_until_over, name=f"heartbeat {item_id}", daemon=True)
    heart.start()
    try:
        yield
    finally:
        over.set()
        heart.join()
