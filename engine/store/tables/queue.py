"""Who annotates which image, and how it ended."""

import enum
import uuid
from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from engine.store.tables.base import Base, utc_now, word
from engine.store.tables.people import User


class AssignmentState(enum.StrEnum):
    """open: in the queue, or with somebody; reserved: next for somebody; finished: nothing left worth labelling."""

    OPEN = "open"
    RESERVED = "reserved"
    FINISHED = "finished"
    SKIPPED = "skipped"


class Assignment(Base):
    """What the queue knows of an image; without a row it is open and nobody's.

    While it is open or reserved, it is with `user` until `leased_until`, and nobody's when that has passed or is null;
    afterwards `user` is who finished or skipped it. `browser` tells the sign-ins of one account apart.
    """

    __tablename__ = "assignment"

    image_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("image.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    state: Mapped[AssignmentState] = mapped_column(word(AssignmentState), default=AssignmentState.OPEN)
    leased_until: Mapped[datetime | None]
    browser: Mapped[str | None]
    """The sign-in's `token_sha256`; null once it is closed, and for what asks without a browser."""
    reason: Mapped[str | None]
    changed_at: Mapped[datetime] = mapped_column(default=utc_now)

    user: Mapped[User] = relationship(lazy="joined", innerjoin=True)
