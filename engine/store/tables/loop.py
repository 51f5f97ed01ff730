"""The loop: what was frozen, what was trained on it, what was promoted, and when that happens by itself."""

import enum
import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from engine.store.tables.base import Base, utc_now, word


class Side(enum.StrEnum):
    """Which side of the split an image is on, in every snapshot, for ever."""

    TRAIN = "train"
    VALIDATION = "validation"


class RetrainKind(enum.StrEnum):
    """promptable: the model that annotators work with; detector: the head that prefills."""

    PROMPTABLE = "promptable"
    DETECTOR = "detector"


class RetrainState(enum.StrEnum):
    """stopping: asked to stop, the worker has not noticed yet; stopped: can be resumed from its last state."""

    QUEUED = "queued"
    RUNNING = "running"
    EVALUATING = "evaluating"
    STOPPING = "stopping"
    STOPPED = "stopped"
    FINISHED = "finished"
    FAILED = "failed"


class PromotionReason(enum.StrEnum):
    """gate: the verdict allowed it; hand: a person; rollback: back to the one before; release: came with maskloop."""

    GATE = "gate"
    HAND = "hand"
    ROLLBACK = "rollback"
    RELEASE = "release"


class Snapshot(Base):
    """A frozen list of mask versions; never changed once written.

    The manifest blob says everything that is needed to write the data set again, bit by bit, whatever happens to the
    rows of its masks afterwards; `counts` and `authors` only sum it up.
    """

    __tablename__ = "snapshot"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    number: Mapped[int] = mapped_column(unique=True)
    name: Mapped[str]
    project_ids: Mapped[list[str]]
    filters: Mapped[dict[str, Any]]
    manifest_key: Mapped[str]
    manifest_sha256: Mapped[str]
    counts: Mapped[dict[str, Any]]
    """By side: {"train": {"images", "masks", "stages": {stage: masks}}, "validation": {…}}."""
    authors: Mapped[dict[str, Any]]
    """Masks by the id of the person who made them."""
    previous_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("snapshot.id"))
    """The snapshot of the same projects before it."""
    created_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id"))
    created_at: Mapped[datetime] = mapped_column(default=utc_now, index=True)


class ImageSplit(Base):
    """The side an image is on, by its content: the same file in two projects is on the same side."""

    __tablename__ = "image_split"

    image_sha256: Mapped[str] = mapped_column(primary_key=True)
    side: Mapped[Side] = mapped_column(word(Side))
    decided_at: Mapped[datetime] = mapped_column(default=utc_now)


class RetrainRun(Base):
    """One training run on a snapshot, from its order to its verdict. `attempts` tells one worker from the next."""

    __tablename__ = "retrain_run"
    __table_args__ = (Index(None, "project_id", "created_at"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    number: Mapped[int] = mapped_column(unique=True)
    project_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("project.id", ondelete="SET NULL"))
    """None when its snapshot is of several projects."""
    kind: Mapped[RetrainKind] = mapped_column(word(RetrainKind))
    name: Mapped[str]
    """The candidate is registered as `<name> v<N>`."""
    snapshot_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("snapshot.id"))
    replay_snapshot_ids: Mapped[list[str]]
    """Earlier snapshots whose masks are trained on as well, so that old skills stay."""
    replay_scenes: Mapped[bool] = mapped_column(default=False)
    """Generated scenes are trained on as well."""
    new_masks_only: Mapped[bool] = mapped_column(default=False)
    """Only masks that the run before did not train on (the paper's rule for stage one)."""
    new_since_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("snapshot.id"))
    """With `new_masks_only`: the snapshot of the run before; None when this is the first."""
    base_model_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("model.id"))
    recipe: Mapped[str]
    overrides: Mapped[dict[str, Any]]
    state: Mapped[RetrainState] = mapped_column(word(RetrainState), index=True)
    step: Mapped[int] = mapped_column(default=0)
    steps: Mapped[int | None]
    attempts: Mapped[int] = mapped_column(default=0)
    deaths: Mapped[int] = mapped_column(default=0)
    """Workers lost since it last made way."""
    sent_at: Mapped[datetime | None]
    heartbeat_at: Mapped[datetime | None]
    model_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("model.id", ondelete="SET NULL"))
    """The candidate, once it is registered."""
    evaluation: Mapped[dict[str, Any] | None]
    verdict: Mapped[dict[str, Any] | None]
    error: Mapped[str | None]
    schedule_id: Mapped[uuid.UUID | None]
    """The schedule that started it, even when that is gone."""
    created_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id"))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    machine_seconds: Mapped[float] = mapped_column(default=0.0)
    """Time that workers spent on it, all attempts together."""


class RetrainPoint(Base):
    """What a run measured at a step: losses, mIoU after so many clicks. A resumed run writes the same again."""

    __tablename__ = "retrain_point"

    run_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("retrain_run.id", ondelete="CASCADE"), primary_key=True)
    step: Mapped[int] = mapped_column(primary_key=True)
    values: Mapped[dict[str, Any]]


class RetrainSchedule(Base):
    """Retraining that starts by itself: at the times of `cron` (in `zone`), or after `every_new_masks`.

    Exactly one of the two is set. Nothing starts with fewer than `minimum_new_masks` since the last start.
    """

    __tablename__ = "retrain_schedule"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    project_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"), index=True)
    order: Mapped[dict[str, Any]]
    """The run to start, as it was asked for: kind, base model, recipe, overrides, filters of its snapshot."""
    cron: Mapped[str | None]
    zone: Mapped[str | None]
    every_new_masks: Mapped[int | None]
    minimum_new_masks: Mapped[int] = mapped_column(default=1)
    enabled: Mapped[bool] = mapped_column(default=True)
    next_at: Mapped[datetime | None] = mapped_column(index=True)
    """When it is due; None for one that waits for masks."""
    masks_seen: Mapped[int] = mapped_column(default=0)
    """The project's masks when it last started a run."""
    last_error: Mapped[str | None]
    """Why it could not start a run the last time."""
    created_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id"))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class LoopSettings(Base):
    """How a project judges its candidates; without a row the defaults hold."""

    __tablename__ = "loop_settings"

    project_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"), primary_key=True)
    gate: Mapped[dict[str, Any]]
    auto_promote: Mapped[bool] = mapped_column(default=False)
    benchmark: Mapped[dict[str, Any]]
    """The fixed set that every candidate is measured on: generated scenes, or a folder."""


class Promotion(Base):
    """A model went live: which, instead of which, why and by whom."""

    __tablename__ = "promotion"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    model_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("model.id"))
    previous_model_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("model.id"))
    run_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("retrain_run.id", ondelete="SET NULL"))
    at: Mapped[datetime] = mapped_column(default=utc_now, index=True)
    by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    """Who promoted it; None when nobody did by hand."""
    reason: Mapped[PromotionReason] = mapped_column(word(PromotionReason))
