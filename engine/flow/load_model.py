"""name or path → model, for the commands that run one."""

import json
from pathlib import Path

import torch

from engine.errors import InvalidInput, NotFound
from engine.flow.models import find_model, list_models
from engine.sam import ARCHITECTURES, Sam, SamConfig, architecture, load_bundled, load_checkpoint, sam_from_state_dict
from engine.sam.build import empty_sam
from engine.sam.checkpoint import bundled_names, read_state_dict
from engine.settings import get_settings
from engine.store.blobs import get_blobs
from engine.store.tables import Model
from engine.store.unit_of_work import unit_of_work

_WEIGHT_SUFFIXES = (".pth", ".pt", ".safetensors")


def load_model(name_or_path: str) -> Sam:
    """A model in evaluation mode, on the GPU where there is one.

    A bundled name, a file (.pth, .safetensors), or the name of a registered model, in this order; anything that looks
    like a file is taken for one. Raises InvalidCheckpoint for an unusable file, InvalidInput for an unknown name.
    """
    path = Path(name_or_path).expanduser()
    if name_or_path in bundled_names():
        sam = load_bundled(name_or_path)
    elif path.is_file() or path.suffix in _WEIGHT_SUFFIXES or len(path.parts) > 1:
        sam = load_file(path)
    else:
        sam = _load_registered(name_or_path)
    return sam.to("cuda" if torch.cuda.is_available() else "cpu")


def load_file(path: Path) -> Sam:
    """A model from a file: its architecture from the JSON beside it, else from the shapes of its weights.

    Raises InvalidCheckpoint, naming the first keys that do not fit the architecture that fits best.
    """
    if path.with_suffix(".json").is_file():
        return load_checkpoint(path)
    state = read_state_dict(path)

    def mismatches(config: SamConfig) -> int:
        wanted = empty_sam(config).state_dict()
        fitting = sum(key in state and state[key].shape == value.shape for key, value in wanted.items())
        return len(wanted) + len(state) - 2 * fitting

    closest = min((architecture(name) for name in ARCHITECTURES), key=mismatches)
    return sam_from_state_dict(state, closest, path.name)


def load_stored(model: Model) -> Sam:
    """The weights of a registered model. Raises NotFound when they are missing from the blob store."""
    weights = get_blobs().fetch(model.weights_key, get_settings().data / "cache", suffix=".safetensors")
    return load_checkpoint(weights, SamConfig.from_json(json.dumps(model.config)))


def _load_registered(name: str) -> Sam:
    known = bundled_names()
    if get_settings().has_database:
        with unit_of_work(read_only=True) as uow:
            try:
                return load_stored(find_model(uow, name))
            except NotFound:
                known += [model.name for model in list_models(uow) if model.name not in known]
    raise InvalidInput(
        f"There is no model {name!r}: it is not a file, and the models known here are {', '.join(known) or 'none'}."
    )
