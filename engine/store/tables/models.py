"""Models, and what their image encoders made of images."""

import enum
import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from engine.store.tables.base import Base, utc_now, word


class ModelState(enum.StrEnum):
    CANDIDATE = "candidate"
    LIVE = "live"
    RETIRED = "retired"


class Model(Base):
    """A promptable model: weights (safetensors) and the two decoder graphs, all as blobs."""

    __tablename__ = "model"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    name: Mapped[str] = mapped_column(unique=True)
    arch: Mapped[str]
    config: Mapped[dict[str, Any]]
    weights_key: Mapped[str]
    weights_sha256: Mapped[str]
    prepare_key: Mapped[str | None]
    decode_key: Mapped[str | None]
    parent_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("model.id"))
    metrics: Mapped[dict[str, Any]] = mapped_column(default=dict)
    state: Mapped[ModelState] = mapped_column(word(ModelState), index=True)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class Embedding(Base):
    """The image encoder's output for one image and one model: float16, little-endian, C order, `shape`."""

    __tablename__ = "embedding"
    __table_args__ = (UniqueConstraint("image_id", "model_id"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    image_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("image.id", ondelete="CASCADE"))
    model_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("model.id", ondelete="CASCADE"))
    blob_key: Mapped[str]
    shape: Mapped[list[int]]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
