"""Figures of a model as a JSON file beside its weights: `X.metrics.json` for `X.safetensors`."""

import json
from pathlib import Path
from typing import Any

from engine.errors import InvalidInput
from engine.flow.model_card import bundled_folder

SUFFIX = ".metrics.json"


def bundled_metrics(name: str) -> dict[str, Any]:
    """The figures that ship with a release's model, if there are any."""
    return read_metrics(bundled_folder() / f"{name}{SUFFIX}")


def read_metrics(file: Path) -> dict[str, Any]:
    """Empty when there is no such file. Raises InvalidInput when it cannot be read or is no JSON object."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise InvalidInput(f"{file} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise InvalidInput(f"{file} is no JSON.") from error
    if not isinstance(found, dict):
        raise InvalidInput(f"{file} holds no figures of a model: it must be a JSON object.")
    return found


def write_metrics(file: Path, metrics: dict[str, Any]) -> None:
    """Put figures into a file beside others it has. Raises InvalidInput."""
    document = read_metrics(file) | metrics
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise InvalidInput(f"{file} cannot be written: {error.strerror}.") from error
