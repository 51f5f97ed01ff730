"""What a simulation finds out, round by round."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from statistics import fmean
from typing import Any

from engine.simulation.annotator import Attempt
from engine.simulation.plan import MEASURED_CLICKS, Plan


@dataclass(frozen=True)
class Clicked:
    """Masks that were made by clicking. `clicks` are to the target IoU, capped; `unreached` is the share of the cap."""

    images: int
    masks: int
    clicks: float
    unreached: float

    @property
    def masks_per_image(self) -> float:
        return self.masks / self.images


@dataclass(frozen=True)
class Measured:
    """A model on held-out images: mean IoU by number of clicks, and clicks to the target IoU."""

    images: int
    masks: int
    miou: dict[str, float]
    clicks: float
    unreached: float


@dataclass(frozen=True)
class Round:
    """One round: what the model that was live in it reaches, and what was annotated with it."""

    number: int
    stage: str
    model: str
    held_out: Measured
    annotated: Clicked | None = None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Outcome:
    """All rounds, in order."""

    plan: Plan
    rounds: list[Round] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Numbers, strings, lists and objects only."""
        return {"plan": self.plan.to_json(), "rounds": [each.to_json() for each in self.rounds]}


def measured(images: int, attempts: Sequence[Attempt], plan: Plan) -> Measured:
    """The figures of attempts (at least one), each mask counting the same."""
    clicks = [attempt.clicks_to(plan.target_iou, plan.most_clicks) for attempt in attempts]
    return Measured(
        images=images,
        masks=len(attempts),
        miou={str(count): fmean(attempt.iou_after(count) for attempt in attempts) for count in MEASURED_CLICKS},
        clicks=fmean(count for count, _ in clicks),
        unreached=fmean(not reached for _, reached in clicks),
    )
