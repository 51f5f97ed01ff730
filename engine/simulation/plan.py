"""How large a simulation is, and how its annotator works."""

from dataclasses import asdict, dataclass, field
from typing import Any

from engine.errors import InvalidSetting

MEASURED_CLICKS = (1, 3, 5)
"""Clicks after which the held-out IoU is measured."""

RECALL_AT = (0.5, 0.75)
"""IoU from which on an automatic mask counts as a true one."""

RETRAIN: dict[str, Any] = {
    "steps": 450,
    "phases.0.images": 6,
    "phases.0.masks": 4,
    "phases.0.window": 256,
    "phases.0.simulation.error_points": 3,
    "phases.0.simulation.box_probability": 0.1,
    "phases.0.simulation.central_points": 0.7,
    "schedule.learning_rate": 4e-4,
    "schedule.warmup_steps": 20,
    "schedule.decay_steps": 200,
    "optimizer.layer_decay": 1.0,
    "average_decay": 0.98,
    "data.scenes_held": 60,
    "data.scenes_per_step": 0.05,
    "data.augmentation.smallest_crop": 0.75,
}
"""Ten minutes on two cores for a `vit_t` to which the domain is new: a high rate, windows of a quarter of the input."""


@dataclass(frozen=True)
class Plan:
    """Defaults are of the full size.

    Attributes:
        images_per_round: of the pool, annotated in every round of the first two stages.
        manual_rounds: rounds of stage one, each of which ends with a retraining.
        semi_automatic_rounds: rounds of stage two, each begun by a detector and prefilling, ended by a retraining.
        automatic_images: of the pool, that nobody opens before stage three finds masks on them.
        held_out_images: images that are never annotated, to measure every model on.
        held_out_masks: the largest masks of each that are measured.
        benchmark_scenes: generated scenes that every model is measured on as well; 0 is none.
        clicks_per_image: an annotator leaves an image after so many clicks, which stands for the paper's half minute;
            the mask that is being made then is finished.
        target_iou: a mask is good enough from here on.
        most_clicks: a mask that so many clicks do not bring there is painted by hand, and counts as that many.
        accepted_iou: a prefilled mask with that IoU to an object is accepted, any other rejected.
        loop: the project's loop settings: gate, benchmark, and that a candidate which passes goes live by itself.
        validation_share: of the annotated images, kept from training for the gate to judge candidates on.
        retrain: overrides of the recipe that the model is retrained by, by name.
        detector: overrides of the detector's recipe, by name.
        prefill: settings of the batch that prefills, by name.
        automatic: settings of automatic batches, by name.
    """

    images_per_round: int = 24
    manual_rounds: int = 3
    semi_automatic_rounds: int = 2
    automatic_images: int = 12
    held_out_images: int = 16
    held_out_masks: int = 8
    benchmark_scenes: int = 8
    clicks_per_image: int = 100
    target_iou: float = 0.9
    most_clicks: int = 20
    accepted_iou: float = 0.75
    loop: dict[str, Any] = field(
        default_factory=lambda: {
            "auto_promote": True,
            # A few dozen masks are judged on: what they say is taken as it is, without asking for certainty.
            "gate": {"better_on": "validation", "largest_loss": 2.0, "certain": False},
            "benchmark": {"scenes": 12, "noc": False},
        }
    )
    validation_share: float = 0.2
    retrain: dict[str, Any] = field(default_factory=lambda: dict(RETRAIN))
    detector: dict[str, Any] = field(default_factory=lambda: {"epochs": 40})
    prefill: dict[str, Any] = field(
        default_factory=lambda: {"score_thresh": 0.2, "pred_iou_thresh": 0.6, "stability_score_thresh": 0.7}
    )
    automatic: dict[str, Any] = field(
        default_factory=lambda: {
            "preset": "fast",
            "points_per_side": 16,
            "pred_iou_thresh": 0.5,
            "stability_score_thresh": 0.7,
        }
    )

    def __post_init__(self) -> None:
        counts = ("images_per_round", "manual_rounds", "held_out_images", "held_out_masks", "clicks_per_image")
        for name in counts:
            if getattr(self, name) < 1:
                raise InvalidSetting(f"{name} must be at least 1, not {getattr(self, name)}.")
        for name in ("semi_automatic_rounds", "automatic_images", "benchmark_scenes"):
            if getattr(self, name) < 0:
                raise InvalidSetting(f"{name} must not be negative.")
        for name in ("target_iou", "accepted_iou"):
            if not 0 < getattr(self, name) <= 1:
                raise InvalidSetting(f"{name} must be above 0 and at most 1, not {getattr(self, name)}.")
        if self.most_clicks < max(MEASURED_CLICKS):
            raise InvalidSetting(f"most_clicks must be at least {max(MEASURED_CLICKS)}, not {self.most_clicks}.")

    @property
    def pool_images(self) -> int:
        """Images that are annotated or found masks on, all rounds together."""
        return self.images_per_round * (self.manual_rounds + self.semi_automatic_rounds) + self.automatic_images

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def full() -> Plan:
    """For `benchmarks/loop`: hours on a CPU."""
    return Plan()


def smoke() -> Plan:
    """For a test: minutes on a CPU, and figures that mean nothing."""
    return Plan(
        images_per_round=3,
        manual_rounds=1,
        semi_automatic_rounds=1,
        automatic_images=1,
        held_out_images=1,
        held_out_masks=1,
        benchmark_scenes=1,
        clicks_per_image=6,
        most_clicks=5,
        loop={
            "auto_promote": True,
            "gate": {"better_at": 0, "largest_loss": 100, "certain": False},
            "benchmark": {"scenes": 1, "noc": False},
        },
        validation_share=0.5,
        retrain={"steps": 2, "phases.0.images": 1, "phases.0.masks": 2, "data.scenes_held": 2},
        detector={"epochs": 1},
        prefill={"score_thresh": 0.0, "pred_iou_thresh": 0.0, "stability_score_thresh": 0.0, "most_boxes": 5},
        automatic={"preset": "fast", "points_per_side": 2, "pred_iou_thresh": 0.0, "stability_score_thresh": 0.0},
    )


SIZES = {function.__name__: function for function in (smoke, full)}
