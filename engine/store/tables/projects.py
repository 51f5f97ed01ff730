"""Projects and their images."""

import enum
import uuid
from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from engine.store.tables.base import Base, utc_now, word


class ImageOrder(enum.StrEnum):
    """The order in which a project's images come up for annotation."""

    IMPORTED = "imported"
    NAME = "name"
    SHUFFLED = "shuffled"


class Project(Base):
    __tablename__ = "project"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    name: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    created_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id"))
    image_order: Mapped[ImageOrder] = mapped_column(word(ImageOrder), default=ImageOrder.IMPORTED)
    review_batches: Mapped[bool] = mapped_column(default=False)
    """Masks that batches make wait for review here, unless a batch says otherwise."""


class Label(Base):
    """A label that a project offers; masks name it, so taking it off the list changes no mask."""

    __tablename__ = "label"

    project_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int]
    colour: Mapped[str]


class Image(Base):
    """An imported image. `width` and `height` are those of the upright image; the original stays untouched."""

    __tablename__ = "image"
    __table_args__ = (UniqueConstraint("project_id", "sha256"), Index(None, "project_id", "created_at", "id"))

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    project_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"))
    sha256: Mapped[str]
    file_name: Mapped[str]
    media_type: Mapped[str]
    byte_size: Mapped[int] = mapped_column(BigInteger)
    width: Mapped[int]
    height: Mapped[int]
    original_key: Mapped[str]
    display_key: Mapped[str]
    display_media_type: Mapped[str]
    thumbnail_key: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class ImageTag(Base):
    """A word that people put on an image, to choose images by."""

    __tablename__ = "image_tag"

    image_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("image.id", ondelete="CASCADE"), primary_key=True)
    tag: Mapped[str] = mapped_column(primary_key=True, index=True)
