"""What each kind of batch can set. The API and the command line check orders against these without loading torch."""

from collections.abc import Callable, Mapping
from typing import Any

from engine.automatic.config import AutomaticConfig, config_of, left_open
from engine.automatic.named_changes import with_changes
from engine.automatic.thresholds import Thresholds
from engine.detector.prefill_config import PrefillConfig
from engine.errors import InvalidInput
from engine.store.tables import JobKind

Settings = Mapping[str, Any]

CALIBRATED = "calibrated"
"""Where a batch's settings name those that are its model's own."""

_PREFILL_OWN = ("pred_iou_thresh", "stability_score_thresh")
"""What prefilling takes from a model. How far two objects may overlap is the detector's affair."""


def no_settings(given: Settings, _: Thresholds | None) -> dict[str, Any]:
    """Embedding and exporting leave nothing to choose. Raises InvalidInput when something is set all the same."""
    if given:
        raise InvalidInput(f"This kind of batch has no settings, so {next(iter(given))!r} cannot be set.")
    return {}


def automatic_settings(given: Settings, own: Thresholds | None) -> dict[str, Any]:
    """A `preset` (custom unless named) with changes by name, every value of it written out. Raises InvalidSetting.

    The model's `own` thresholds take the place of the preset's unless they are changed by name.
    """
    changes = dict(given)
    preset = str(changes.pop("preset", "custom"))
    # An earlier batch's settings, given again, name every value: none is the model's then.
    changes.pop(CALIBRATED, None)
    calibrated = left_open(changes, own)
    settings = {"preset": preset, **config_of(preset, calibrated | changes).to_settings()}
    return settings | {CALIBRATED: list(calibrated)} if calibrated else settings


def automatic_config(settings: Settings) -> AutomaticConfig:
    """What the settings of an automatic batch, as it keeps them, come to."""
    changes = {name: value for name, value in settings.items() if name not in ("preset", CALIBRATED)}
    return config_of(settings["preset"], changes)


def prefill_settings(given: Settings, own: Thresholds | None) -> dict[str, Any]:
    """Changes by name, every value written out. Raises InvalidSetting.

    As in the automatic stage, the model's `own` thresholds say which of its masks are good enough to be offered.
    """
    changes = dict(given)
    changes.pop(CALIBRATED, None)
    open_to_model = left_open(changes, own)
    calibrated = {name: open_to_model[name] for name in _PREFILL_OWN if name in open_to_model}
    settings = with_changes(PrefillConfig(), calibrated | changes).to_settings()
    return settings | {CALIBRATED: list(calibrated)} if calibrated else settings


def prefill_config(settings: Settings) -> PrefillConfig:
    """What the settings of a prefill batch, as it keeps them, come to."""
    return PrefillConfig(**{name: value for name, value in settings.items() if name != CALIBRATED})


SETTINGS: dict[JobKind, Callable[[Settings, Thresholds | None], dict[str, Any]]] = {
    JobKind.EMBED: no_settings,
    JobKind.AUTOMATIC: automatic_settings,
    JobKind.PREFILL: prefill_settings,
    JobKind.EXPORT: no_settings,
}
"""The kinds that a batch can be of, and how each completes and checks its settings."""

NEED_MODEL = frozenset({JobKind.EMBED, JobKind.AUTOMATIC, JobKind.PREFILL})
MAKE_MASKS = frozenset({JobKind.AUTOMATIC, JobKind.PREFILL})
