"""Settings changed by name, as the command line, JSON and a batch's row have them."""

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, TypeVar

from engine.errors import InvalidSetting

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    Config = TypeVar("Config", bound=DataclassInstance)
else:
    Config = TypeVar("Config")


def with_changes(config: Config, changes: Mapping[str, Any]) -> Config:
    """A configuration of numbers with some of them changed.

    Raises InvalidSetting for an unknown name, a value of the wrong kind, or one that the configuration refuses.
    """
    types = {field.name: field.type for field in fields(config)}
    for name in changes:
        if name not in types:
            raise InvalidSetting(f"There is no setting {name!r}; there are {', '.join(types)}.")
    return replace(config, **{name: _checked(name, value, types[name]) for name, value in changes.items()})


def _checked(name: str, value: object, wanted: object) -> float | None:
    """A number as the setting has it. JSON has one kind of number and writes 1 where 1.0 is meant."""
    if value is None and wanted == int | None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidSetting(f"{name} must be a number, not {value!r}.")
    if wanted is float:
        return float(value)
    if value % 1:
        raise InvalidSetting(f"{name} must be a whole number, not {value}.")
    return int(value)
