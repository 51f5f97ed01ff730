"""Every table, the same schema on SQLite and PostgreSQL (built by `migrations/`)."""

from engine.store.tables.base import Base, UtcDateTime, utc_now
from engine.store.tables.events import Event
from engine.store.tables.jobs import ItemState, Job, JobItem, JobKind, JobState
from engine.store.tables.loop import (
    ImageSplit,
    LoopSettings,
    Promotion,
    PromotionReason,
    RetrainKind,
    RetrainPoint,
    RetrainRun,
    RetrainSchedule,
    RetrainState,
    Side,
    Snapshot,
)
from engine.store.tables.masks import Mask, MaskVersion, Review, Stage
from engine.store.tables.models import Embedding, Model, ModelState
from engine.store.tables.people import Role, SignInLink, SignInSession, User
from engine.store.tables.projects import Image, ImageOrder, ImageTag, Label, Project
from engine.store.tables.queue import Assignment, AssignmentState
from engine.store.tables.schedules import BatchSchedule

__all__ = [
    "Assignment",
    "AssignmentState",
    "Base",
    "BatchSchedule",
    "Embedding",
    "Event",
    "Image",
    "ImageOrder",
    "ImageSplit",
    "ImageTag",
    "ItemState",
    "Job",
    "JobItem",
    "JobKind",
    "JobState",
    "Label",
    "LoopSettings",
    "Mask",
    "MaskVersion",
    "Model",
    "ModelState",
    "Project",
    "Promotion",
    "PromotionReason",
    "RetrainKind",
    "RetrainPoint",
    "RetrainRun",
    "RetrainSchedule",
    "RetrainState",
    "Review",
    "Role",
    "Side",
    "SignInLink",
    "SignInSession",
    "Snapshot",
    "Stage",
    "User",
    "UtcDateTime",
    "utc_now",
]
