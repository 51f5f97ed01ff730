"""prompt → mask on the server, for browsers that cannot decode themselves. No torch."""

import threading
from collections import OrderedDict
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from engine.errors import Conflict, NotFound
from engine.flow.embed import get_embedding
from engine.flow.models import get_model
from engine.inference.decoder import Decoded, Decoder, Prepared
from engine.inference.prompts import Prompt
from engine.settings import get_settings
from engine.store.blobs import get_blobs
from engine.store.tables import Image, Model
from engine.store.unit_of_work import UnitOfWork

# 26 MB each for a model input of 1,024 pixels: the images that are open at the same time.
_IMAGES_IN_MEMORY = 8
# Two: after a promotion, pages that are open stay on the model before.
_MODELS_IN_MEMORY = 2

_guard = threading.Lock()
_loading = threading.Lock()
_prepared: OrderedDict[tuple[UUID, UUID], Prepared] = OrderedDict()
_decoders: OrderedDict[UUID, Decoder] = OrderedDict()


def decode(
    uow: UnitOfWork,
    image_id: UUID,
    model_id: UUID,
    prompt: Prompt,
    mask_input: NDArray[np.float32] | None = None,
) -> Decoded:
    """Low-res masks for a prompt in the image frame; `mask_input` are logits 256×256 of an earlier answer.

    Raises NotFound for an unknown image or model, Conflict while the image has no embedding by this model, and
    InvalidInput for a prompt that does not fit the image.
    """
    image = uow.session.get(Image, image_id)
    if image is None:
        raise NotFound("image", image_id)
    decoder = _decoder(get_model(uow, model_id))
    prepared = _prepared_image(uow, decoder, image_id, model_id)
    return decoder.decode(prepared, prompt, (image.height, image.width), mask_input)


def _decoder(model: Model) -> Decoder:
    """The model's decoder, loaded once per process and kept while it is used."""
    with _loading:
        decoder = _decoders.pop(model.id, None)
        if decoder is None:
            if model.prepare_key is None or model.decode_key is None:
                raise Conflict(f"The model {model.name} has no exported decoder yet. Try again in a minute.")
            blobs, cache = get_blobs(), get_settings().data / "cache"
            decoder = Decoder(blobs.fetch(model.prepare_key, cache), blobs.fetch(model.decode_key, cache))
            while len(_decoders) >= _MODELS_IN_MEMORY:
                _decoders.popitem(last=False)
        _decoders[model.id] = decoder
        return decoder


def _prepared_image(uow: UnitOfWork, decoder: Decoder, image_id: UUID, model_id: UUID) -> Prepared:
    key = (image_id, model_id)
    with _guard:
        if key in _prepared:
            _prepared.move_to_end(key)
            return _prepared[key]
    data = get_embedding(uow, image_id, model_id)
    if data is None:
        raise Conflict(
            "This image has no embedding by this model yet. Ask for the embedding and wait until it is done."
        )
    side = decoder.input_side // 16
    prepared = decoder.prepare(np.frombuffer(data, "<f2").reshape(-1, side, side))
    with _guard:
        _prepared[key] = prepared
        while len(_prepared) > _IMAGES_IN_MEMORY:
            _prepared.popitem(last=False)
    return prepared
