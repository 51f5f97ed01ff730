"""What travels about batches. What a batch can be told is `engine.flow.batch_order`'s own."""

import uuid
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from api.schemas import Schema, Segmentation, Stage
from engine.flow.batch_order import BatchOrder, Urgency

BatchKind = Literal["embed", "prefill", "automatic", "export"]
BatchState = Literal["running", "paused", "cancelled", "finished"]


class BatchCounts(Schema):
    """Images of a batch by what became of them; `left` wait, `running` are at work now."""

    total: int
    left: int
    running: int
    done: int
    failed: int
    cancelled: int
    masks: int = Field(description="Masks it added, rejected ones included")


class LatestResult(Schema):
    image_id: uuid.UUID
    file_name: str
    state: Literal["done", "failed"]
    mask_count: int | None
    thumbnail_url: str
    overlay_url: str | None = Field(description="What the batch found, to lay over the thumbnail")


class Batch(Schema):
    id: uuid.UUID
    project_id: uuid.UUID
    kind: BatchKind
    name: str | None
    state: BatchState
    model_id: uuid.UUID | None
    model_name: str | None
    settings: dict[str, Any] = Field(description="Every setting, defaults included")
    selection: dict[str, Any] = Field(description="How its images were chosen")
    priority: Urgency
    concurrency: int | None
    review: bool = Field(description="Its masks wait for review")
    schedule_id: uuid.UUID | None
    created_by_name: str | None
    created_at: datetime
    finished_at: datetime | None
    counts: BatchCounts
    waiting_for_review: int = Field(description="Masks of the batch that wait for review")


class BatchProgress(Schema):
    """How far a batch is; also what the event stream sends."""

    batch: Batch
    rate: float | None = Field(description="Images per minute over the last five, over the whole run at its end")
    seconds_left: float | None
    latest: list[LatestResult]


class BatchFailure(Schema):
    image_id: uuid.UUID
    file_name: str
    error: str
    attempts: int


class BatchChange(Schema):
    priority: Urgency | None = None
    concurrency: Annotated[int, Field(ge=0, le=1000)] | None = Field(default=None, description="0: no limit")


class RetryRequest(Schema):
    image_ids: list[uuid.UUID] | None = Field(default=None, max_length=10_000, description="All that failed if unset")


class Estimate(Schema):
    images: int
    seconds_per_image: float | None = Field(description="Unset while nothing has been measured here")
    seconds: float | None = Field(description="The work of one worker")
    measured_images: int = Field(description="How many past images say so")
    same_settings: bool = Field(description="Whether those were done with these settings")
    settings: dict[str, Any] = Field(
        description="Every setting the batch would have; `calibrated` names those that are the model's own"
    )
    precision: float | None = Field(
        description="The part of an automatic batch's masks that is right, by the model's calibration; null: unknown"
    )


class ImageComparison(Schema):
    """Masks of one image in two batches, paired by IoU."""

    image_id: uuid.UUID
    file_name: str
    gained: int
    lost: int
    changed: int
    same: int


class Comparison(Schema):
    total: int = Field(description="Images that both batches have done")
    items: list[ImageComparison]


class ScheduleRequest(Schema):
    """Exactly one of `at`, `cron` and `new_images`."""

    order: BatchOrder
    at: datetime | None = None
    cron: str | None = Field(default=None, max_length=100)
    zone: str = Field(default="UTC", max_length=64, description="The cron expression's time zone, as in Europe/Berlin")
    new_images: Annotated[int, Field(ge=1, le=1_000_000)] | None = None


class Schedule(Schema):
    id: uuid.UUID
    project_id: uuid.UUID
    kind: BatchKind
    order: dict[str, Any]
    when: str = Field(description="In words")
    cron: str | None
    zone: str | None
    every_new_images: int | None
    next_at: datetime | None
    enabled: bool
    last_error: str | None = Field(description="Why it could not start a batch the last time")


class ReviewMask(Schema):
    id: uuid.UUID
    segmentation: Segmentation
    bbox: tuple[int, int, int, int]
    area: int
    stage: Stage
    predicted_iou: float | None
    stability_score: float | None


class ReviewedImage(Schema):
    """An image and its masks that wait for review, the largest first."""

    image_id: uuid.UUID
    file_name: str
    width: int
    height: int
    thumbnail_url: str
    masks: list[ReviewMask]


class ReviewPage(Schema):
    """`images` and `masks` count all that wait and pass the filters."""

    items: list[ReviewedImage]
    images: int
    masks: int
    review_batches: bool = Field(description="Whether masks of later batches wait for review in this project")


class ReviewSetting(Schema):
    review_batches: bool


class Decision(Schema):
    mask_ids: list[uuid.UUID] = Field(min_length=1, max_length=5000)
    decision: Literal["accept", "reject", "reopen"]


class DecisionOnAll(Schema):
    decision: Literal["accept", "reject"]


class Decided(Schema):
    changed: int
    left: int = Field(description="Masks that were meant and are left for another call")
