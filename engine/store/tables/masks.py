"""Masks and their history. Boxes are in image pixels of the upright image: x right, y down."""

import enum
import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from engine.store.tables.base import Base, utc_now, word
from engine.store.tables.people import User
from engine.store.tables.projects import Image


class Stage(enum.StrEnum):
    """The stage of the data engine a mask was made in (paper, section 4)."""

    MANUAL = "manual"
    SEMI_AUTOMATIC = "semi_automatic"
    AUTOMATIC = "automatic"


class Review(enum.StrEnum):
    """What a person said of a mask that a batch made; a rejected one is deleted, too, and can be restored."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


class Mask(Base):
    """The current version of a mask; its id is made by the client, so a repeated save is harmless."""

    __tablename__ = "mask"
    __table_args__ = (
        Index(None, "author_id", "created_at"),
        Index(None, "job_id", "image_id"),
        Index(None, "review", "image_id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    image_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("image.id", ondelete="CASCADE"), index=True)
    version: Mapped[int]
    counts: Mapped[str]
    bbox_x: Mapped[int]
    bbox_y: Mapped[int]
    bbox_w: Mapped[int]
    bbox_h: Mapped[int]
    area: Mapped[int]
    stage: Mapped[Stage] = mapped_column(word(Stage))
    label: Mapped[str | None]
    predicted_iou: Mapped[float | None]
    stability_score: Mapped[float | None]
    crop_box: Mapped[list[float] | None]
    prompts: Mapped[dict[str, Any]]
    candidate_index: Mapped[int | None]
    candidates_iou: Mapped[list[float] | None]
    model_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("model.id"))
    author_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id"))
    active_ms: Mapped[int]
    idle_ms: Mapped[int]
    job_id: Mapped[uuid.UUID | None]
    """The batch that made it, even when that is gone."""
    job_settings: Mapped[dict[str, Any] | None]
    """Every setting of that batch, thresholds included."""
    review: Mapped[Review | None] = mapped_column(word(Review))
    """None: it was never up for review."""
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    updated_at: Mapped[datetime] = mapped_column(default=utc_now)
    deleted_at: Mapped[datetime | None]

    image: Mapped[Image] = relationship(lazy="raise")
    author: Mapped[User] = relationship(lazy="joined", innerjoin=True)


class MaskVersion(Base):
    """What a mask was at each version; never changed once written."""

    __tablename__ = "mask_version"

    mask_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("mask.id", ondelete="CASCADE"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    content: Mapped[dict[str, Any]]
    author_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id"))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
