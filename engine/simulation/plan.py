"""How large a simulation is, and how its annotator works."""

from dataclasses import asdict, dataclass
from typing import Any

from engine.errors import InvalidSetting


@dataclass(frozen=True)
class Plan:
    """Defaults are of the full size.

    Attributes:
        images_per_round: of the pool, annotated in every round of the first two stages.
        manual_rounds: rounds of stage one, each of which ends with a retraining.
        held_out_images: images that are never annotated, to measure every model on.
        held_out_masks: the largest masks of each that are measured.
        clicks_per_image: an annotator leaves an image after so many clicks, which stands for the paper's half minute;
            the mask that is being made then is finished.
        target_iou: a mask is good enough from here on.
        most_clicks: a mask that so many clicks do not bring there is painted by hand, and counts as that many.
    """

    images_per_round: int = 12
    manual_rounds: int = 3
    held_out_images: int = 12
    held_out_masks: int = 8
    clicks_per_image: int = 120
    target_iou: float = 0.9
    most_clicks: int = 20

    def __post_init__(self) -> None:
        for name in ("images_per_round", "manual_rounds", "held_out_images", "held_out_masks", "clicks_per_image"):
            if getattr(self, name) < 1:
                raise InvalidSetting(f"{name} must be at least 1, not {getattr(self, name)}.")
        if not 0 < self.target_iou <= 1:
            raise InvalidSetting(f"target_iou must be above 0 and at most 1, not {self.target_iou}.")
        if self.most_clicks < max(MEASURED_CLICKS):
            raise InvalidSetting(f"most_clicks must be at least {max(MEASURED_CLICKS)}, not {self.most_clicks}.")

    @property
    def pool_images(self) -> int:
        """Images that are annotated, all rounds together."""
        return self.images_per_round * self.manual_rounds

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


MEASURED_CLICKS = (1, 3, 5)
"""Clicks after which the held-out IoU is measured."""


def full() -> Plan:
    """For `benchmarks/loop`: hours on a CPU."""
    return Plan()


def smoke() -> Plan:
    """For a test: minutes on a CPU, and figures that mean nothing."""
    return Plan(
        images_per_round=1,
        manual_rounds=2,
        held_out_images=1,
        held_out_masks=1,
        clicks_per_image=2,
        most_clicks=5,
    )


SIZES = {function.__name__: function for function in (smoke, full)}
