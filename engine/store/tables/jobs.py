"""Jobs: batches of work on images, item by item."""

import enum
import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from engine.store.tables.base import Base, utc_now, word


class JobKind(enum.StrEnum):
    EMBED = "embed"


class JobState(enum.StrEnum):
    RUNNING = "running"
    FINISHED = "finished"


class ItemState(enum.StrEnum):
    """queued: a row only; sent: a message is on its way; running: a worker's heart beats for it."""

    QUEUED = "queued"
    SENT = "sent"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Job(Base):
    """A batch of work; its items are the truth about what is done, whatever happens to the broker."""

    __tablename__ = "job"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    kind: Mapped[JobKind] = mapped_column(word(JobKind))
    project_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"), index=True)
    model_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("model.id", ondelete="CASCADE"))
    state: Mapped[JobState] = mapped_column(word(JobState))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    finished_at: Mapped[datetime | None]


class JobItem(Base):
    """One image of a job. Higher `priority` first, then the longest waiting."""

    __tablename__ = "job_item"
    __table_args__ = (
        UniqueConstraint("job_id", "image_id"),
        Index(None, "state", "priority", "queued_at"),
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
    heartbeat_at: Mapped[datetime | None]

    job: Mapped[Job] = relationship(lazy="raise")
