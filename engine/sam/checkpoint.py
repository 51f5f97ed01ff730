"""Reading and writing models. A checkpoint of ours is safetensors plus a JSON that rebuilds the model."""

import pickle
import re
from importlib.resources import as_file, files
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from engine.errors import InvalidCheckpoint
from engine.sam.build import architecture, empty_sam
from engine.sam.config import SamConfig
from engine.sam.model import PIXEL_MEAN, PIXEL_STD, Sam

NAMED_KEYS = 5
"""How many mismatching keys an error lists."""


def load_checkpoint(path: Path | str, config: SamConfig | str | None = None) -> Sam:
    """A model with the weights of a file, in float32 and evaluation mode.

    Args:
        path: official `.pth` (read as weights only; a pickle that would run code is refused) or `.safetensors`.
        config: the architecture or its name. None reads `NAME.json` beside the file.

    Raises InvalidCheckpoint when the file is no checkpoint, or of another architecture (naming the first keys).
    """
    path = Path(path)
    if isinstance(config, str):
        # A file of another architecture is measured against the one that was asked for, which names the first keys.
        beside = _config_beside(path, required=False)
        config = beside if beside is not None and beside.arch == config else architecture(config)
    elif config is None:
        config = _config_beside(path, required=True)
        assert config is not None
    return sam_from_state_dict(read_state_dict(path), config, path.name)


def sam_from_state_dict(state: dict[str, Tensor], config: SamConfig, name: str) -> Sam:
    """A model of `config` with these weights; `name` is how errors call them."""
    sam = empty_sam(config)
    require_match(state, sam.state_dict(), f"a {config.arch} checkpoint", name)
    sam.load_state_dict({key: value.float() for key, value in state.items()}, assign=True)
    # The two constants are not part of a state dict, so they are still on the meta device.
    sam.pixel_mean = torch.tensor(PIXEL_MEAN).view(-1, 1, 1)
    sam.pixel_std = torch.tensor(PIXEL_STD).view(-1, 1, 1)
    return sam.eval()


def read_state_dict(path: Path) -> dict[str, Tensor]:
    """The tensors of a `.pth`, `.pt` or `.safetensors` file, never running code from it."""
    state = read_weights(path)
    if not isinstance(state, dict) or not all(isinstance(value, Tensor) for value in state.values()):
        raise InvalidCheckpoint(f"{path.name} holds no state dict: expected tensors by name.")
    return state


def read_weights(path: Path) -> object:
    """Whatever a `.pth`, `.pt` or `.safetensors` file holds, as long as it is tensors and plain containers of them.

    Raises InvalidCheckpoint for anything else; a pickle that would run code is refused.
    """
    if not path.is_file():
        raise InvalidCheckpoint(f"There is no file {path}.")
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        # What torch says advises to switch the protection off.
        asked_for = re.search(r"GLOBAL (\S+)", str(error))
        if asked_for is None:
            raise InvalidCheckpoint(f"{path.name} cannot be read as model weights: it holds something else.") from error
        raise InvalidCheckpoint(
            f"{path.name} is refused: it would run {asked_for[1]}, and code from a file of weights is never run. "
            "If you trust it, save its state dict alone, as safetensors."
        ) from error
    except (SafetensorError, RuntimeError, EOFError, ValueError, KeyError) as error:
        # A KeyError is a byte that is no instruction of a pickle: the file is something else altogether.
        said = "" if isinstance(error, KeyError) else str(error)
        reason = said.splitlines()[0] if said else "it holds something else."
        raise InvalidCheckpoint(f"{path.name} cannot be read as model weights: {reason}") from error


def save_checkpoint(sam: Sam, path: Path | str, *, half: bool = True) -> None:
    """Write `PATH.safetensors` (float16 unless `half` is False) and `PATH.json`; both appear whole or not at all."""
    path = Path(path).with_suffix(".safetensors")
    state = {key: value.detach().cpu() for key, value in sam.state_dict().items()}
    state = {key: (value.half() if half else value).contiguous() for key, value in state.items()}
    partial = path.with_suffix(".partial")
    save_file(state, partial)
    partial.replace(path)
    description = path.with_suffix(".json.partial")
    description.write_text(sam.config.to_json() + "\n")
    description.replace(path.with_suffix(".json"))


def bundled_names() -> list[str]:
    """The models that ship with this release."""
    folder = files("engine.sam") / "bundled"
    names = (Path(each.name) for each in folder.iterdir()) if folder.is_dir() else ()
    return sorted(name.stem for name in names if name.suffix == ".safetensors")


def load_bundled(name: str = "vit_t") -> Sam:
    """A model that ships inside the package. Raises InvalidCheckpoint, naming those that do, for any other."""
    if name not in (known := bundled_names()):
        raise InvalidCheckpoint(f"No model {name!r} ships with maskloop; these do: {', '.join(known) or 'none'}.")
    with as_file(files("engine.sam") / "bundled") as folder:
        return load_checkpoint(folder / f"{name}.safetensors")


def _config_beside(path: Path, *, required: bool) -> SamConfig | None:
    beside = path.with_suffix(".json")
    if beside.is_file():
        return SamConfig.from_json(beside.read_text())
    if required:
        raise InvalidCheckpoint(f"{path.name} has no {beside.name} beside it; name its architecture.")
    return None


def require_match(state: dict[str, Tensor], wanted: dict[str, Tensor], what: str, name: str) -> None:
    """Raise InvalidCheckpoint, naming the first keys, unless the file `name` holds exactly the `wanted` shapes.

    `what` is what the file should have been.
    """
    missing = [key for key in wanted if key not in state]
    unknown = [key for key in state if key not in wanted]
    misshapen = [
        f"{key} is {list(state[key].shape)}, not {list(value.shape)}"
        for key, value in wanted.items()
        if key in state and state[key].shape != value.shape
    ]
    problems = [
        f"{what} {', '.join(keys[:NAMED_KEYS])}{' …' if len(keys) > NAMED_KEYS else ''}"
        for what, keys in (("missing", missing), ("unknown", unknown), ("wrong shape:", misshapen))
        if keys
    ]
    if problems:
        raise InvalidCheckpoint(f"{name} is not {what}: {'; '.join(problems)}.")
