"""What travels about models, their comparison and the loop's rounds. Settings of the loop are `engine.flow`'s own."""

import uuid
from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from api.schemas import Model, Schema, Segmentation

PromotionReason = Literal["gate", "hand", "rollback", "release"]


class Figures(Schema):
    """A model on one set. By clicks ("1", "3", "5"): mIoU, gain in mIoU over its base, calibration error."""

    images: int
    masks: int
    miou: dict[str, float]
    gain: dict[str, float] = Field(description="Less the base's, in the same run; empty for what no run made")
    noc90: float | None = Field(description="Clicks to an IoU of 0.90, at most 20")
    calibration_error: dict[str, float]
    average_precision: float | None = Field(description="Of a detector: AP over the IoUs 0.50 to 0.95")
    average_recall: float | None = Field(description="Of a detector: AR of 100 boxes")


class RegistryModel(Model):
    """A model with where it came from and how good it is."""

    kind: Literal["promptable", "detector"]
    parent_id: uuid.UUID | None = Field(description="The model it was trained from, or whose embeddings it reads")
    run_id: uuid.UUID | None = Field(description="The retraining run that made it")
    run_number: int | None
    passed: bool | None = Field(description="What the gate said; unset while nothing was judged")
    snapshot_id: uuid.UUID | None
    snapshot_number: int | None
    trained_masks: int | None = Field(description="Masks on the training side of its snapshot")
    live_from: datetime | None = Field(description="When it last went live")
    figures: dict[str, Figures] = Field(description="By set: `validation` (its run's held-out images), `benchmark`")


class ModelPromotion(Schema):
    at: datetime
    by_name: str | None = Field(description="Unset when nobody did by hand")
    reason: PromotionReason
    previous_id: uuid.UUID | None


class ModelDetail(Schema):
    """A model, all that is known about it, and why it cannot be deleted."""

    model: RegistryModel
    ancestors: list[uuid.UUID] = Field(description="The parent first, then its parent, and so on")
    children: list[uuid.UUID]
    recipe: str | None
    overrides: dict[str, Any] | None
    steps: int | None
    machine_seconds: float | None
    verdict: dict[str, Any] | None
    evaluation: dict[str, Any] | None
    promotions: list[ModelPromotion] = Field(description="The latest first")
    parameters: int | None
    bytes: int | None
    origin_file: str | None = Field(description="The file it was added from")
    needed_by: list[str] = Field(description="Sentences that say why it cannot be deleted; empty if it can")


class ComparedMask(Schema):
    """A held-out mask, and what base and candidate reach on it."""

    mask_id: uuid.UUID
    version: int = Field(description="That was frozen")
    image_id: uuid.UUID
    label: str | None
    area: int
    base_iou: float
    candidate_iou: float
    difference: float


class ComparisonPage(Schema):
    items: list[ComparedMask]
    total: int


class ComparedAnswer(Schema):
    """What one model made of the clicks."""

    clicks: list[tuple[int, int, Literal[0, 1]]] = Field(
        description="[x, y, label] in image pixels; label 1 foreground"
    )
    segmentation: Segmentation
    iou: float


class OldAndNew(Schema):
    """The true mask and both models' answers: the first click is the same, further ones follow each model's error."""

    mask: ComparedMask
    segmentation: Segmentation
    base: ComparedAnswer
    candidate: ComparedAnswer


class LoopRound(Schema):
    """The time for which one model was live. What there was none of is unset."""

    number: int
    model_id: uuid.UUID | None
    model_name: str | None
    began_at: datetime | None
    ended_at: datetime | None
    held_out: Figures | None
    benchmark: Figures | None
    masks: int = Field(description="Made by people")
    images: int = Field(description="On which people made them")
    clicks: float | None = Field(description="Points and boxes per mask")
    seconds: float | None = Field(description="Active seconds per mask")
    masks_per_image: float | None = Field(description="Whoever or whatever made them")
    prefilled: int = Field(description="Masks that were offered and decided on since")
    accepted_share: float | None = Field(description="Of those, the part that was kept")
    people_hours: float
    machine_hours: float
    runs: list[int] = Field(description="Numbers of the retraining runs of the round")


class Reference(Schema):
    """The paper's own figures, to hold the project's against (Segment Anything, section 4)."""

    seconds_per_mask: list[float] = Field(default=[34, 14], description="In the manual stage, before and after")
    masks_per_image: list[float] = Field(
        default=[20, 44, 72], description="Manual stage: before, after; then stage two"
    )


class LoopReport(Schema):
    rounds: list[LoopRound]
    reference: Reference


class Contribution(Schema):
    """A model that went live and was trained on a person's masks."""

    model_id: uuid.UUID
    model_name: str
    run_number: int
    masks: int = Field(description="Theirs, among those it was trained on")
    points: float | None = Field(description="Gain in mIoU after one click on the held-out images, in hundredths")
    live_from: datetime


class OwnContribution(Schema):
    latest: Contribution | None = Field(description="Unset until a model that one's masks trained has gone live")
