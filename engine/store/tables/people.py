"""People, and how they sign in."""

import enum
import uuid
from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from engine.store.tables.base import Base, utc_now, word


class Role(enum.StrEnum):
    OWNER = "owner"
    MANAGER = "manager"
    ANNOTATOR = "annotator"


class User(Base):
    __tablename__ = "user"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    name: Mapped[str]
    role: Mapped[Role] = mapped_column(word(Role))
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
