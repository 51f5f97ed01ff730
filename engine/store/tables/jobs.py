"""Jobs: batches of work on images, item by item."""

import enum
import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from engine.store.tables.base import Base, utc_now, word


class JobKind(enum.StrEnum):
    """What is done with each image: `engine.flow.batch_kinds` describes them."""

    EMBED = "embed"
    PREFILL = "prefill"
    AUTOMATIC = "automatic"
    EXPORT = "export"


class JobState(enum.StrEnum):
    """paused: nothing new is begun; cancelled: what was not done is given up."""

    RUNNING = "running"
    PAUSED = "paused"
    CANCELLED = "cancelled"
    FINISHED = "finished"


class ItemState(enum.StrEnum):
    """queued: a row only; sent: a message is on its way; running: a worker's heart beats for it."""

    QUEUED = "queued"
    SENT = "sent"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Job(Base):
    """A batch of work; its items are the truth about what is done, whatever happens to the broker.

    A standing job (the embeddings that importing an image asks for) never ends: images are added as they come.
    """

    __tablename__ = "job"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    kind: Mapped[JobKind] = mapped_column(word(JobKind))
    project_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"), index=True)
    model_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("model.id", ondelete="CASCADE"))
    state: Mapped[JobState] = mapped_column(word(JobState))
    standing: Mapped[bool] = mapped_column(default=False)
    name: Mapped[str | None]
    settings: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """What its kind can set, every value written out, so that it stays what it was when defaults change."""
    selection: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """How its images were chosen, for people to read; the items are what was chosen."""
    priority: Mapped[int] = mapped_column(default=0)
    concurrency: Mapped[int | None]
    """At most this many of its images are worked on at a time; None: as many as there are workers."""
    review: Mapped[bool] = mapped_column(default=False)
    """Its masks wait for review."""
    schedule_id: Mapped[uuid.UUID | None] = mapped_column(index=True)
    """The schedule that started it, even when that is gone."""
    created_by: Mapped[uuid.UUID | None]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    finished_at: Mapped[datetime | None]


class JobItem(Base):
    """One image of a job. Higher `priority` first, then the longest waiting.

    `attempts` also tells one attempt's worker from the next: only the last one may store what it made.
    """

    __tablename__ = "job_item"
    __table_args__ = (
        UniqueConstraint("job_id", "image_id"),
        Index(None, "state", "priority", "queued_at"),
        Index(None, "job_id", "state", "finished_at"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    job_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("job.id", ondelete="CASCADE"))
    image_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("image.id", ondelete="CASCADE"), index=True)
    state: Mapped[ItemState] = mapped_column(word(ItemState), default=ItemState.QUEUED)
    priority: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None]
    queued_at: Mapped[datetime] = mapped_column(default=utc_now)
    sent_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    heartbeat_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    mask_count: Mapped[int | None]
    """Masks it added to the image; None for kinds that make none."""
    output_key: Mapped[str | None]
    """The blob it made, for kinds that make a file."""

    job: Mapped[Job] = relationship(lazy="raise")
