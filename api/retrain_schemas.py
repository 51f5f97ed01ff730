"""What travels about snapshots and retraining. What they can be told is `engine.flow`'s own."""

import uuid
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from api.schemas import Schema
from engine.flow.retrain_order import RetrainOrder

RetrainKind = Literal["promptable", "detector"]
RetrainState = Literal["queued", "running", "evaluating", "stopping", "stopped", "finished", "failed"]


class SideCounts(Schema):
    images: int
    masks: int
    stages: dict[str, int] = Field(description="Masks by their stage")


class SnapshotCounts(Schema):
    train: SideCounts
    validation: SideCounts


class SnapshotAuthor(Schema):
    user_id: uuid.UUID
    name: str
    masks: int


class Snapshot(Schema):
    """A frozen list of mask versions."""

    id: uuid.UUID
    number: int
    name: str
    project_ids: list[uuid.UUID]
    filters: dict[str, Any]
    counts: SnapshotCounts
    authors: list[SnapshotAuthor] = Field(description="Who made its masks, the most industrious first")
    manifest_sha256: str = Field(description="Of the list of masks: equal hashes are equal data sets")
    previous_id: uuid.UUID | None = Field(description="The snapshot of the same projects before it")
    created_by_name: str | None
    created_at: datetime


class SnapshotDiff(Schema):
    """A later snapshot beside an earlier one. A changed mask is in both, in another version."""

    images_added: int
    images_removed: int
    masks_added: int
    masks_changed: int
    masks_removed: int
    masks_same: int
    stages: dict[str, dict[str, int]] = Field(description="Added, changed and removed masks by their stage")


class Retrain(Schema):
    """A retraining run."""

    id: uuid.UUID
    number: int
    name: str
    kind: RetrainKind
    state: RetrainState
    project_id: uuid.UUID | None = Field(description="Unset when its snapshot is of several projects")
    project_ids: list[uuid.UUID]
    snapshot_id: uuid.UUID
    snapshot_number: int
    counts: SnapshotCounts
    replay_snapshot_ids: list[uuid.UUID]
    replay_scenes: bool
    new_masks_only: bool
    base_model_id: uuid.UUID
    base_model_name: str
    model_id: uuid.UUID | None = Field(description="The candidate, once it is registered")
    model_name: str | None
    recipe: str
    overrides: dict[str, Any]
    step: int = Field(description="Steps done")
    steps: int | None = Field(description="Unset until a worker has begun")
    seconds_left: float | None = Field(description="Of the training, by its speed so far")
    attempts: int = Field(description="Workers that were at it, one after another")
    verdict: dict[str, Any] | None
    error: str | None
    schedule_id: uuid.UUID | None
    created_by_name: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    machine_seconds: float


class CurvePoint(Schema):
    """What was measured at a step: `loss`, and for promptable models `iou` after one click, two …"""

    step: int
    values: dict[str, Any]


class RetrainDetail(Schema):
    """A run, its whole curve, and what its candidate was measured at."""

    run: Retrain
    points: list[CurvePoint]
    evaluation: dict[str, Any] | None


class RetrainProgress(Schema):
    """What the event stream sends: the run as it is, and the points since the event before."""

    run: Retrain
    points: list[CurvePoint]


class RetrainScheduleRequest(Schema):
    """Exactly one of `cron` and `new_masks`."""

    order: RetrainOrder = RetrainOrder()
    cron: str | None = Field(default=None, max_length=100)
    zone: str = Field(default="UTC", max_length=64, description="The cron expression's time zone, as in Europe/Berlin")
    new_masks: Annotated[int, Field(ge=1, le=10**9)] | None = None
    minimum_new_masks: int = Field(default=1, ge=1, le=10**9, description="Never start with fewer new masks")


class RetrainSchedule(Schema):
    id: uuid.UUID
    project_id: uuid.UUID
    order: dict[str, Any]
    when: str = Field(description="In words")
    cron: str | None
    zone: str | None
    every_new_masks: int | None
    minimum_new_masks: int
    new_masks: int = Field(description="New masks so far")
    next_at: datetime | None
    last_error: str | None = Field(description="Why it could not start a run the last time")
