"""Every table. UUID keys, UTC-aware times, the same schema on SQLite and PostgreSQL (built by `migrations/`).

Boxes in the store are in image pixels of the upright image (after EXIF rotation): x right, y down.
"""

import enum
import uuid
from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, BigInteger, DateTime, Enum, ForeignKey, Index, MetaData, UniqueConstraint, Uuid
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from sqlalchemy.types import TypeDecorator


def utc_now() -> datetime:
    return datetime.now(UTC)


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC. SQLite forgets the time zone, so it is put back on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is not None and value.tzinfo is None:
            raise ValueError("A time without a zone cannot be stored.")
        return value if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value


class Role(enum.StrEnum):
    OWNER = "owner"
    MANAGER = "manager"
    ANNOTATOR = "annotator"


class Stage(enum.StrEnum):
    """The stage of the data engine a mask was made in (paper, section 4)."""

    MANUAL = "manual"
    SEMI_AUTOMATIC = "semi_automatic"
    AUTOMATIC = "automatic"


class ModelState(enum.StrEnum):
    CANDIDATE = "candidate"
    LIVE = "live"
    RETIRED = "retired"


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


def _word(kind: type[enum.StrEnum]) -> Enum:
    """A word in a text column: a new value needs no migration, and both databases store the same."""
    return Enum(kind, native_enum=False, length=32, values_callable=lambda members: [m.value for m in members])


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar = {
        datetime: UtcDateTime,
        uuid.UUID: Uuid,
        dict[str, Any]: JSON(none_as_null=True),
        list[float]: JSON(none_as_null=True),
        list[int]: JSON(none_as_null=True),
    }


class User(Base):
    __tablename__ = "user"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    name: Mapped[str]
    role: Mapped[Role] = mapped_column(_word(Role))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class SignInLink(Base):
    """A one-time link; only the hash of its token is stored."""

    __tablename__ = "sign_in_link"

    token_sha256: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class SignInSession(Base):
    """A browser or a script that is signed in; only the hash of its token is stored."""

    __tablename__ = "session"

    token_sha256: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    expires_at: Mapped[datetime]


class Project(Base):
    __tablename__ = "project"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    name: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    created_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id"))


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
    state: Mapped[ModelState] = mapped_column(_word(ModelState), index=True)
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


class Mask(Base):
    """The current version of a mask; its id is made by the client, so a repeated save is harmless."""

    __tablename__ = "mask"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    image_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("image.id", ondelete="CASCADE"), index=True)
    version: Mapped[int]
    counts: Mapped[str]
    bbox_x: Mapped[int]
    bbox_y: Mapped[int]
    bbox_w: Mapped[int]
    bbox_h: Mapped[int]
    area: Mapped[int]
    stage: Mapped[Stage] = mapped_column(_word(Stage))
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


class Job(Base):
    """A batch of work; its items are the truth about what is done, whatever happens to the broker."""

    __tablename__ = "job"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    kind: Mapped[JobKind] = mapped_column(_word(JobKind))
    project_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"), index=True)
    model_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("model.id", ondelete="CASCADE"))
    state: Mapped[JobState] = mapped_column(_word(JobState))
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
    state: Mapped[ItemState] = mapped_column(_word(ItemState), default=ItemState.QUEUED)
    priority: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None]
    queued_at: Mapped[datetime] = mapped_column(default=utc_now)
    sent_at: Mapped[datetime | None]
    heartbeat_at: Mapped[datetime | None]

    job: Mapped[Job] = relationship(lazy="raise")


class Event(Base):
    """Who did what, and when."""

    __tablename__ = "event"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    at: Mapped[datetime] = mapped_column(default=utc_now, index=True)
    user_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    kind: Mapped[str]
    subject: Mapped[dict[str, Any]]
