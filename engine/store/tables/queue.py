"""Who annotates which image, and how it ended."""

import enum
import uuid
from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from engine.store.tables.base import Base, utc_now, word
from engine.store.tables.people import User


class AssignmentState(enum.StrEnum):
    """open: in the queue, whoever holds it at the moment; finished: nothing left worth labelling."""

    OPEN = "open"
    FINISHED = "finished"
    SKIPPED = "skipped"


class Assignment(Base):
    """What the queue knows of an image; without a row it is open and nobody's.

    While it is open, `user` has it until `leased_until`; afterwards they are who finished or skipped it.
    """

    __tablename__ = "assignment"

    image_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("image.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    state: Mapped[AssignmentState] = mapped_column(word(AssignmentState), default=AssignmentState.OPEN)
    leased_until: Mapped[datetime | None]
    reason: Mapped[str | None]
    changed_at: Mapped[datetime] = mapped_column(default=utc_now)

    user: Mapped[User] = relationship(lazy="joined", innerjoin=True)
