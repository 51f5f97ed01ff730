"""What each kind of batch can set. The API and the command line check orders against these without loading torch."""

from collections.abc import Callable, Mapping
from typing import Any

from engine.automatic.config import config_of
from engine.automatic.named_changes import with_changes
from engine.detector.prefill_config import PrefillConfig
from engine.errors import InvalidInput
from engine.store.tables import JobKind

Settings = Mapping[str, Any]


def no_settings(given: Settings) -> dict[str, Any]:
    """Embedding and exporting leave nothing to choose. Raises InvalidInput when something is set all the same."""
    if given:
        raise InvalidInput(f"This kind of batch has no settings, so {next(iter(given))!r} cannot be set.")
    return {}


def automatic_settings(given: Settings) -> dict[str, Any]:
    """A `preset` (custom unless named) with changes by name, every value of it written out. Raises InvalidSetting."""
    changes = dict(given)
    preset = str(changes.pop("preset", "custom"))
    return {"preset": preset, **config_of(preset, changes).to_settings()}


def prefill_settings(given: Settings) -> dict[str, Any]:
    """Changes by name, every value written out. Raises InvalidSetting."""
    return with_changes(PrefillConfig(), given).to_settings()


SETTINGS: dict[JobKind, Callable[[Settings], dict[str, Any]]] = {
    JobKind.EMBED: no_settings,
    JobKind.AUTOMATIC: automatic_settings,
    JobKind.PREFILL: prefill_settings,
    JobKind.EXPORT: no_settings,
}
"""The kinds that a batch can be of, and how each completes and checks its settings."""

NEED_MODEL = frozenset({JobKind.EMBED, JobKind.AUTOMATIC, JobKind.PREFILL})
MAKE_MASKS = frozenset({JobKind.AUTOMATIC, JobKind.PREFILL})
