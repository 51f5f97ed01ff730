"""What a simulation finds out, round by round."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from statistics import fmean
from typing import Any

from engine.masks.matching import match
from engine.masks.rle import Rle
from engine.simulation.annotator import Attempt
from engine.simulation.plan import MEASURED_CLICKS, RECALL_AT, Plan


@dataclass(frozen=True)
class Annotated:
    """What was stored of some images: masks made by clicking, and prefilled ones that were accepted.

    `clicks` are to the target IoU per mask made, capped; `painted` is the share of those that were not reached.
    """

    images: int
    made: int
    clicks: float
    painted: float
    offered: int
    accepted: int

    @property
    def masks_per_image(self) -> float:
        return (self.made + self.accepted) / self.images

    @property
    def acceptance(self) -> float | None:
        """The share of prefilled masks that was accepted; None where nothing was prefilled."""
        return self.accepted / self.offered if self.offered else None


@dataclass(frozen=True)
class Measured:
    """A model by simulated clicks: mean IoU by number of clicks, clicks to the target IoU, capped, and the share of
    masks that the cap does not bring there."""

    images: int
    masks: int
    miou: dict[str, float]
    clicks: float
    unreached: float


@dataclass(frozen=True)
class Found:
    """Automatic masks against the truth. `recall` is the share of true masks found, by the IoU that is asked for."""

    images: int
    masks_per_image: float
    recall: dict[str, float]


@dataclass(frozen=True)
class Retrained:
    """A retraining run at a round's end, and what the gate said."""

    run_id: str
    candidate: str | None
    promoted: bool
    reasons: list[str]
    machine_seconds: float


@dataclass(frozen=True)
class Round:
    """One round: what the model that was live in it reaches, and what was done with it."""

    number: int
    stage: str
    model: str
    held_out: Measured
    benchmark: dict[str, float] | None = None
    """Mean IoU on the benchmark's images by number of clicks."""
    held_out_automatic: Found | None = None
    annotated: Annotated | None = None
    automatic: Found | None = None
    retrained: Retrained | None = None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Outcome:
    """All rounds, in order."""

    plan: Plan
    rounds: list[Round] = field(default_factory=list)


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


def found(images: Sequence[tuple[Sequence[Rle], Sequence[Rle]]]) -> Found:
    """The figures of (automatic masks, true masks) of some images, at least one."""
    truths = sum(len(true) for _, true in images)
    return Found(
        images=len(images),
        masks_per_image=fmean(len(masks) for masks, _ in images),
        recall={
            str(iou): sum(len(match(masks, true, iou)) for masks, true in images) / truths if truths else 0.0
            for iou in RECALL_AT
        },
    )
