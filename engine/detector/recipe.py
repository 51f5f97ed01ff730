"""How long and how fast a detector learns. Loads no torch, so that what people ask for can be checked anywhere."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from pydantic import TypeAdapter, ValidationError

from engine.errors import InvalidSetting


@dataclass(frozen=True)
class DetectorRecipe:
    """How long and how fast to learn."""

    epochs: int = 12
    batch_size: int = 8
    learning_rate: float = 1e-3
    weight_decay: float = 0.05
    warm_up: float = 0.05
    """Part of the steps during which the learning rate rises."""
    seed: int = 0

    def __post_init__(self) -> None:
        if min(self.epochs, self.batch_size) < 1:
            raise InvalidSetting("A detector is trained for at least one epoch, with at least one image a step.")
        if not (0 < self.learning_rate < float("inf") and self.weight_decay >= 0):
            raise InvalidSetting("The learning rate must be above 0, the weight decay not below it.")


def read_recipe(values: Mapping[str, Any]) -> DetectorRecipe:
    """A recipe with some values replaced. Raises InvalidSetting for an unknown name or a value that cannot be."""
    names = [field.name for field in fields(DetectorRecipe)]
    if unknown := sorted(set(values) - set(names)):
        raise InvalidSetting(f"There is no {unknown[0]}. The recipe of detectors has: {', '.join(names)}.")
    try:
        return TypeAdapter(DetectorRecipe).validate_python(dict(values))
    except ValidationError as error:
        first = error.errors()[0]
        raise InvalidSetting(f"{first['loc'][0]} cannot be {first['input']!r}: {first['msg']}.") from error
