"""Changing any value of a recipe by its name, as `--set name=value` does on the command line."""

import inspect
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from pydantic import TypeAdapter, ValidationError

from engine.errors import InvalidInput, InvalidSetting
from engine.training.recipe import Recipe
from engine.training.recipes import PRETRAINING, RECIPES

R = TypeVar("R")

Tree = dict[str, Any]
"""Name → text, or → what is set inside of it."""

_FORMS = {float: "a number", int: "a whole number", bool: "true or false", str: "a text", NoneType: "none"}


def build_recipe(name: str, overrides: Sequence[str] = ()) -> Recipe:
    """The recipe of that name with values replaced: see `override`. Raises InvalidInput or InvalidSetting."""
    if name not in RECIPES:
        raise InvalidInput(f"There is no recipe {name!r}; choose one of {', '.join([*RECIPES, PRETRAINING])}.")
    return override(RECIPES[name], overrides)


def override(function: Callable[..., R], overrides: Sequence[str] = ()) -> R:
    """What `function` returns, a dataclass, with values replaced, checked as a whole.

    Each override is `name=value`. A name is a parameter of the function (`steps`), a value of what it returns
    (`drop_path`), or one inside another (`schedule.learning_rate`, `phases.0.images`, `data.source_weights.coco`).
    Values are written as in JSON; text needs no quotes, and "none" is null. Raises InvalidInput or InvalidSetting with
    a sentence.
    """
    tree = _tree(overrides)
    hints = get_type_hints(function)
    own = {key: _typed(hints[key], tree.pop(key), key) for key in inspect.signature(function).parameters if key in tree}
    return _changed(function(**own), tree, "", also=tuple(inspect.signature(function).parameters))


def describe(recipe: object) -> list[str]:
    """Every value of a recipe, one `name=value` a line, in the form that overrides take."""
    return [f"{name}={_written(value)}" for name, value in _leaves(recipe, "")]


def parameters(name: str) -> list[str]:
    """What a recipe itself takes; each decides several of the values it returns."""
    return list(inspect.signature(RECIPES[name]).parameters)


def _tree(overrides: Sequence[str]) -> Tree:
    tree: Tree = {}
    for override in overrides:
        name, equals, text = override.partition("=")
        if not equals or not name.strip():
            raise InvalidInput(f"A value is set by name=value, such as schedule.learning_rate=1e-4, not {override!r}.")
        *path, last = name.strip().split(".")
        inner = tree
        for part in path:
            inner = inner.setdefault(part, {})
            if not isinstance(inner, dict):
                raise InvalidInput(f"{name} is set twice: as a whole and in part.")
        if isinstance(inner.get(last), dict):
            raise InvalidInput(f"{name} is set twice: as a whole and in part.")
        inner[last] = text.strip()
    return tree


def _changed(value: Any, tree: Tree, path: str, also: tuple[str, ...] = ()) -> Any:
    """`value` with the parts that `tree` names replaced. All at once, for only the whole has to make sense."""
    if not tree:
        return value
    if is_dataclass(value) and not isinstance(value, type):
        hints = get_type_hints(type(value))
        names = [field.name for field in fields(value)]
        _require_known(tree, [*also, *names], path)
        return replace(
            value, **{name: _part(hints[name], getattr(value, name), tree[name], path + name) for name in tree}
        )
    if isinstance(value, tuple) and all(is_dataclass(each) for each in value):
        _require_known(tree, [str(number) for number in range(len(value))], path)
        return tuple(
            _part(type(each), each, tree[str(number)], f"{path}{number}") if str(number) in tree else each
            for number, each in enumerate(value)
        )
    if isinstance(value, Mapping):
        return {**value, **{name: _typed(float, text, path + name) for name, text in tree.items()}}
    raise InvalidInput(f"{path.removesuffix('.')} is {_written(value)} and has no parts to set.")


def _part(hint: Any, value: Any, wanted: Tree | str, path: str) -> Any:
    return _changed(value, wanted, f"{path}.") if isinstance(wanted, dict) else _typed(hint, wanted, path)


def _require_known(tree: Tree, names: Sequence[str], path: str) -> None:
    for name in tree:
        if name not in names:
            where = path.removesuffix(".") or "A recipe"
            raise InvalidInput(f"There is no {path}{name}. {where} has: {', '.join(dict.fromkeys(names))}.")


def _typed(hint: Any, text: str | Tree, path: str) -> Any:
    if isinstance(text, dict):
        raise InvalidInput(f"{path} has no parts to set.")
    adapter: TypeAdapter[Any] = TypeAdapter(hint)
    try:
        meant = None if text.lower() == "none" else json.loads(text)
    except json.JSONDecodeError:
        meant = text
    try:
        return adapter.validate_python(meant)
    except ValidationError as as_json:
        try:
            return adapter.validate_python(text)  # a text that happens to be JSON
        except ValidationError:
            raise InvalidSetting(f"{path} cannot be {text!r}: it is {_form(hint, path)}.") from as_json


def _form(hint: Any, path: str) -> str:
    """What a value of this type looks like on the command line."""
    if is_dataclass(hint):
        parts = [field.name for field in fields(hint)]
        return f"a group of values that are set one by one, such as {path}.{parts[0]} (it has {', '.join(parts)})"
    if hint in _FORMS:
        return _FORMS[hint]
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Literal:
        return " or ".join(map(str, inner))
    if origin in (Union, UnionType):
        return " or ".join(_form(each, path) for each in inner)
    if origin is tuple and inner[-1] is Ellipsis:
        if is_dataclass(inner[0]):
            return f"a list whose entries are set one by one, such as {path}.0.{fields(inner[0])[0].name}"
        return f'a list in brackets, each {_form(inner[0], path)}, such as ["a", "b"]'
    if origin is tuple:
        return f"a list of {len(inner)} in brackets, such as [{', '.join(['0.5'] * len(inner))}]"
    return 'names with numbers in braces, such as {"a": 0.5}'


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            yield from _leaves(getattr(value, field.name), f"{path}.{field.name}" if path else field.name)
    elif isinstance(value, tuple) and value and all(is_dataclass(each) for each in value):
        for number, each in enumerate(value):
            yield from _leaves(each, f"{path}.{number}")
    else:
        yield path, value


def _written(value: Any) -> str:
    if value is None:
        return "none"
    return value if isinstance(value, str) else json.dumps(dict(value) if isinstance(value, Mapping) else value)
