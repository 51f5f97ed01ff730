"""Every table, the same schema on SQLite and PostgreSQL (built by `migrations/`)."""

from engine.store.tables.base import Base, UtcDateTime, utc_now
from engine.store.tables.events import Event
from engine.store.tables.jobs import ItemState, Job, JobItem, JobKind, JobState
from engine.store.tables.masks import Mask, MaskVersion, Stage
from engine.store.tables.models import Embedding, Model, ModelState
from engine.store.tables.people import Role, SignInLink, SignInSession, User
from engine.store.tables.projects import Image, ImageOrder, Label, Project
from engine.store.tables.queue import Assignment, AssignmentState

__all__ = [
    "Assignment",
    "AssignmentState",
    "Base",
    "Embedding",
    "Event",
    "Image",
    "ImageOrder",
    "ItemState",
    "Job",
    "JobItem",
    "JobKind",
    "JobState",
    "Label",
    "Mask",
    "MaskVersion",
    "Model",
    "ModelState",
    "Project",
    "Role",
    "SignInLink",
    "SignInSession",
    "Stage",
    "User",
    "UtcDateTime",
    "utc_now",
]
