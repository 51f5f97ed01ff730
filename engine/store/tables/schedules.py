"""When batches start by themselves."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from engine.store.tables.base import Base, utc_now, word
from engine.store.tables.jobs import JobKind


class BatchSchedule(Base):
    """A batch to start later, once or again and again.

    Exactly one of `starts_at` (once), `cron` (in the time zone `zone`) and `every_new_images` says when. It is over
    when `enabled` is false.
    """

    __tablename__ = "batch_schedule"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    project_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"), index=True)
    kind: Mapped[JobKind] = mapped_column(word(JobKind))
    order: Mapped[dict[str, Any]]
    """The batch to start, as it was asked for: model, selection, settings and the rest."""
    starts_at: Mapped[datetime | None]
    cron: Mapped[str | None]
    zone: Mapped[str | None]
    every_new_images: Mapped[int | None]
    enabled: Mapped[bool] = mapped_column(default=True)
    next_at: Mapped[datetime | None] = mapped_column(index=True)
    """When it is due; None for one that waits for images, or is over."""
    images_seen: Mapped[int] = mapped_column(default=0)
    """The project's images when it last started a batch."""
    last_error: Mapped[str | None]
    """Why it could not start a batch the last time."""
    created_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id"))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
