"""image → embedding: asked for once per (image, model), made by a worker, kept for good.

The asking and the reading; the making is in `embed_item`, which needs torch.
"""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from sqlalchemy import exists, func, select

from engine.flow import jobs
from engine.flow.models import live_model
from engine.flow.projects import get_project
from engine.store.blobs import get_blobs
from engine.store.tables import Embedding, Image, ItemState, Job, JobItem, JobKind, Model
from engine.store.unit_of_work import UnitOfWork

State = Literal["none", "queued", "running", "done", "failed"]

_STATES: dict[ItemState, State] = {
    ItemState.QUEUED: "queued",
    ItemState.SENT: "queued",
    ItemState.RUNNING: "running",
    ItemState.DONE: "done",
    ItemState.FAILED: "failed",
    ItemState.CANCELLED: "none",
}


_STANDING = (Job.kind == JobKind.EMBED, Job.standing)
"""The embeddings that importing and opening images asks for; batches of embeddings have a progress of their own."""


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
    state = embedding_state(uow, image.id, model.id)
    if state.state == "none":
        job = jobs.standing_job(uow, JobKind.EMBED, image.project_id, model.id)
        jobs.enqueue(uow, job, [image.id])
    if urgent and state.state in ("none", "queued"):
        item = _item(uow, image.id, model.id)
        if item is not None:
            jobs.bring_to_front(uow, JobKind.EMBED, item)
            uow.session.flush()
    return embedding_state(uow, image.id, model.id)


def get_embedding(uow: UnitOfWork, image_id: UUID, model_id: UUID) -> bytes | None:
    """The embedding as float16, little-endian, C order [256, side, side]; None while there is none."""
    key = uow.session.scalar(
        select(Embedding.blob_key).where(Embedding.image_id == image_id, Embedding.model_id == model_id)
    )
    return None if key is None else get_blobs().get(key)


def embedding_state(uow: UnitOfWork, image_id: UUID, model_id: UUID) -> EmbeddingState:
    """Where one image's embedding with one model is."""
    made = exists().where(Embedding.image_id == image_id, Embedding.model_id == model_id)
    if uow.session.scalar(select(made)):
        return EmbeddingState("done")
    item = _item(uow, image_id, model_id)
    return EmbeddingState("none") if item is None else _states_of(uow, [item])[image_id]


def embedding_states(uow: UnitOfWork, image_ids: list[UUID], model_id: UUID) -> dict[UUID, EmbeddingState]:
    """The same for a page of images."""
    made = uow.session.scalars(
        select(Embedding.image_id).where(Embedding.image_id.in_(image_ids), Embedding.model_id == model_id)
    )
    states = {image_id: EmbeddingState("none") for image_id in image_ids}
    items = uow.session.scalars(
        select(JobItem).join(Job).where(JobItem.image_id.in_(image_ids), Job.model_id == model_id, *_STANDING)
    )
    states.update(_states_of(uow, list(items)))
    states.update((image_id, EmbeddingState("done")) for image_id in made)
    return states


def embedding_progress(uow: UnitOfWork, project_id: UUID) -> EmbeddingProgress:
    """How far a project's embeddings for the live model are. Raises NotFound."""
    get_project(uow, project_id)
    model = live_model(uow)
    if model is None:
        waiting = uow.session.scalar(select(func.count()).select_from(Image).where(Image.project_id == project_id))
        return EmbeddingProgress(queued=waiting or 0, running=0, done=0, failed=0, failures=[])
    of_project = (
        select(JobItem.state, func.count())
        .join(Job)
        .where(Job.project_id == project_id, Job.model_id == model.id, *_STANDING)
        .group_by(JobItem.state)
    )
    counts = dict.fromkeys(_STATES.values(), 0)
    for state, count in uow.session.execute(of_project):
        counts[_STATES[state]] += count
    failures = uow.session.execute(
        select(JobItem.image_id, Image.file_name, JobItem.error)
        .join(Job)
        .join(Image, JobItem.image_id == Image.id)
        .where(Job.project_id == project_id, Job.model_id == model.id, *_STANDING)
        .where(JobItem.state == ItemState.FAILED)
        .order_by(Image.created_at, Image.id)
    )
    return EmbeddingProgress(
        queued=counts["queued"],
        running=counts["running"],
        done=counts["done"],
        failed=counts["failed"],
        failures=[EmbeddingFailure(image_id, name, error or "") for image_id, name, error in failures],
    )


def retry_failed(uow: UnitOfWork, project_id: UUID) -> int:
    """Queue a project's failed embeddings again, attempts counted from zero; returns how many. Raises NotFound."""
    get_project(uow, project_id)
    model = live_model(uow)
    if model is None:
        return 0
    return jobs.requeue(uow, jobs.standing_job(uow, JobKind.EMBED, project_id, model.id), [ItemState.FAILED])


def _item(uow: UnitOfWork, image_id: UUID, model_id: UUID) -> JobItem | None:
    return uow.session.scalars(
        select(JobItem).join(Job).where(JobItem.image_id == image_id, Job.model_id == model_id, *_STANDING)
    ).first()


def _states_of(uow: UnitOfWork, items: list[JobItem]) -> dict[UUID, EmbeddingState]:
    """States by image id."""
    positions = _positions(uow, [item.id for item in items if _STATES[item.state] == "queued"])
    return {item.image_id: EmbeddingState(_STATES[item.state], positions.get(item.id), item.error) for item in items}


def _positions(uow: UnitOfWork, item_ids: list[UUID]) -> dict[UUID, int]:
    """How many images come before each of these waiting items, those under way included."""
    if not item_ids:
        return {}
    embeddings = select(JobItem).join(Job).where(Job.kind == JobKind.EMBED)
    running = uow.session.scalar(
        embeddings.where(JobItem.state == ItemState.RUNNING).with_only_columns(func.count(JobItem.id))
    )
    place = func.row_number().over(order_by=(JobItem.priority.desc(), JobItem.queued_at, JobItem.id))
    waiting = (
        embeddings.where(JobItem.state.in_((ItemState.QUEUED, ItemState.SENT)))
        .with_only_columns(JobItem.id, place.label("place"))
        .subquery()
    )
    found = uow.session.execute(select(waiting.c.id, waiting.c.place).where(waiting.c.id.in_(item_ids)))
    return {item_id: (running or 0) + place - 1 for item_id, place in found}
