"""Models a worker keeps in memory, loaded once per process and dropped when others are needed more."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar
from uuid import UUID

import torch

from engine.errors import NotFound
from engine.flow.load_model import load_stored
from engine.sam import Sam
from engine.settings import get_settings
from engine.store.tables import Model

# Two: while a promotion re-embeds the images, somebody may still open one with the model before.
_MODELS_IN_MEMORY = 2

Prepared = TypeVar("Prepared")


class LoadedModels(Generic[Prepared]):
    """What `prepare` makes of a stored model, the last few that were used; threads that ask at once take turns."""

    def __init__(self, prepare: Callable[[Sam], Prepared]) -> None:
        self._prepare = prepare
        self._loaded: OrderedDict[UUID, Prepared] = OrderedDict()
        self._loading = threading.Lock()

    def get(self, model: Model) -> Prepared:
        """Raises FileNotFoundError when its weights are gone: not an image's fault, so the image is tried again."""
        with self._loading:
            prepared = self._loaded.pop(model.id, None)
            if prepared is None:
                while len(self._loaded) >= _MODELS_IN_MEMORY:
                    self._loaded.popitem(last=False)
                prepared = self._load(model)
            self._loaded[model.id] = prepared
            return prepared

    def _load(self, model: Model) -> Prepared:
        try:
            sam = load_stored(model)
        except NotFound as error:
            raise FileNotFoundError(f"The weights of {model.name} are missing from the blob store.") from error
        if get_settings().torch_threads:
            torch.set_num_threads(get_settings().torch_threads)
        return self._prepare(sam)
