"""image → embedding: asked for once per (image, model), made by a worker, kept for good."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal
from uuid import UUID

from engine.store.tables import Image, Model
from engine.store.unit_of_work import UnitOfWork

State = Literal["none", "queued", "running", "done", "failed"]


@dataclass(frozen=True)
class EmbeddingState:
    """Where an embedding is: `position` counts the images before it in the queue (None unless queued).

    `error` is the sentence for a failed one. State "none": nobody has asked for it.
    """

    state: State
    position: int | None = None
    error: str | None = None


@dataclass(frozen=True)
class EmbeddingFailure:
    image_id: UUID
    file_name: str
    error: str


@dataclass(frozen=True)
class EmbeddingProgress:
    """Counts of a project's images for the live model, and what failed with its reason."""

    queued: int
    running: int
    done: int
    failed: int
    failures: list[EmbeddingFailure]


def request_embedding(uow: UnitOfWork, image: Image, model: Model, urgent: bool = False) -> EmbeddingState:
    """Ask for an embedding; harmless when it is there, under way, or has failed. `urgent` puts it in front."""
    raise NotImplementedError


def get_embedding(uow: UnitOfWork, image_id: UUID, model_id: UUID) -> bytes | None:
    """The embedding as float16, little-endian, C order [256, 64, 64]; None while there is none."""
    raise NotImplementedError


def embedding_state(uow: UnitOfWork, image_id: UUID, model_id: UUID) -> EmbeddingState:
    raise NotImplementedError


def embedding_progress(uow: UnitOfWork, project_id: UUID) -> EmbeddingProgress:
    """How far a project's embeddings for the live model are. Raises NotFound."""
    raise NotImplementedError


def retry_failed(uow: UnitOfWork, project_id: UUID) -> int:
    """Queue a project's failed embeddings again, attempts counted from zero; returns how many. Raises NotFound."""
    raise NotImplementedError


def embed_item(item_id: UUID) -> None:
    """Make the embedding a job item asks for; a no-op when it is there or another worker is at it."""
    raise NotImplementedError


def resend_lost(uow: UnitOfWork, older_than: timedelta) -> int:
    """Send again what was sent or begun and has shown no life for `older_than`; returns how many items."""
    raise NotImplementedError
