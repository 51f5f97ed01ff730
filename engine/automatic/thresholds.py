"""The thresholds that depend on the model: each model's predicted IoUs and stabilities lie in a range of their own.

SA-1B's thresholds belong to the published weights. A model that learnt otherwise carries its own under "automatic" in
its metrics; `engine.evaluation.calibrate_thresholds` finds them. Read without torch.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from engine.errors import InvalidSetting

METRIC = "automatic"
"""Where a model's metrics have its thresholds."""


@dataclass(frozen=True)
class Thresholds:
    """The settings of `AutomaticConfig` of these names. Raises InvalidSetting when one is not between 0 and 1."""

    pred_iou_thresh: float
    stability_score_thresh: float
    box_nms_thresh: float

    def __post_init__(self) -> None:
        for name, value in self.to_settings().items():
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
                raise InvalidSetting(f"{name} must be between 0 and 1, not {value!r}.")

    def to_settings(self) -> dict[str, float]:
        return asdict(self)


SURE_ENOUGH = 0.5
"""Below this precision a batch is advised to let its masks wait for review: most of them are no object."""

SA_1B = Thresholds(pred_iou_thresh=0.88, stability_score_thresh=0.95, box_nms_thresh=0.7)
"""What the paper used with its ViT-H. Source: Segment Anything, appendix B."""


def thresholds_in(metrics: Mapping[str, Any]) -> Thresholds | None:
    """A model's own thresholds; None when its metrics have none. Raises InvalidSetting for unusable ones."""
    found = metrics.get(METRIC)
    if found is None:
        return None
    names = tuple(SA_1B.to_settings())
    if not isinstance(found, Mapping) or any(name not in found for name in names):
        raise InvalidSetting(f"A model's metrics must hold {', '.join(names)} under {METRIC!r}.")
    return Thresholds(**{name: found[name] for name in names})


def precision_in(metrics: Mapping[str, Any]) -> float | None:
    """How many of the masks that these thresholds kept were right where they were calibrated, 0 to 1; None: unknown."""
    found = metrics.get(METRIC)
    precision = found.get("precision") if isinstance(found, Mapping) else None
    return float(precision) if isinstance(precision, int | float) and 0 <= precision <= 1 else None
