"""Batches: started, steered, listed. The work itself: `run_item`; how far it is: `batch_progress`."""

from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, exists, select, true, update

from engine.errors import Conflict, InvalidInput, NotAllowed, NotFound
from engine.flow import jobs
from engine.flow.batch_order import URGENCIES, BatchOrder, Selection, Urgency
from engine.flow.batch_settings import MAKE_MASKS, NEED_MODEL
from engine.flow.image_tags import has_tag
from engine.flow.job_feed import feed, recall
from engine.flow.model_thresholds import thresholds_of
from engine.flow.models import DETECTORS, detector_of, get_model, live_model
from engine.flow.projects import get_project
from engine.store.tables import (
    Embedding,
    Event,
    Image,
    ItemState,
    Job,
    JobItem,
    JobKind,
    JobState,
    Mask,
    Model,
    Role,
    User,
    utc_now,
)
from engine.store.unit_of_work import UnitOfWork


def start_batch(
    uow: UnitOfWork,
    user: User,
    project_id: UUID,
    order: BatchOrder,
    *,
    job_id: UUID | None = None,
    schedule_id: UUID | None = None,
) -> Job:
    """Start a batch; its images are chosen now and stay the same. Repeating it with the same `job_id` is harmless.

    Raises NotAllowed for an annotator, NotFound for an unknown project, model or earlier batch, InvalidInput when a
    setting cannot be or no image passes the selection.
    """
    require_manager(user)
    project = get_project(uow, project_id)
    job_id = job_id or uuid4()
    earlier = uow.session.get(Job, job_id)
    if earlier is not None:
        return earlier
    order.checked_settings()
    image_ids = chosen_images(uow, project_id, order)
    if not image_ids:
        raise InvalidInput("No image of the project passes this selection. Choose other images, or add some.")
    model = model_of(uow, order)
    settings = settings_with(uow, order, model)
    job = Job(
        id=job_id,
        kind=order.kind,
        project_id=project_id,
        model_id=None if model is None else model.id,
        state=JobState.RUNNING,
        standing=False,
        name=order.name,
        settings=settings,
        selection=order.selection.model_dump(mode="json", exclude_defaults=True),
        priority=URGENCIES[order.priority],
        concurrency=order.concurrency,
        review=order.kind in MAKE_MASKS and (project.review_batches if order.review is None else order.review),
        schedule_id=schedule_id,
        created_by=user.id,
    )
    uow.session.add(job)
    _note(uow, user, job, "batch.started")
    uow.session.flush()
    _go_before_less_urgent(uow, job)
    jobs.enqueue(uow, job, image_ids)
    return job


def chosen_images(uow: UnitOfWork, project_id: UUID, order: BatchOrder) -> list[UUID]:
    """The images an order would work on now, in order of import. Raises NotFound, InvalidInput."""
    get_project(uow, project_id)
    model = model_of(uow, order)
    selection = order.selection
    statement = (
        select(Image.id)
        .where(Image.project_id == project_id, *_conditions(uow, order.kind, selection, model))
        .order_by(Image.created_at, Image.id)
        .limit(selection.limit)
    )
    return list(uow.session.scalars(statement))


def model_of(uow: UnitOfWork, order: BatchOrder) -> Model | None:
    """The model an order's batch works with now; None for kinds that need none. Raises NotFound, InvalidInput."""
    if order.kind not in NEED_MODEL:
        return None
    model = live_model(uow) if order.model_id is None else get_model(uow, order.model_id)
    if model is None:
        raise InvalidInput("There is no live model yet. Wait until the first start has prepared it, or name a model.")
    if model.arch in DETECTORS:
        raise InvalidInput(f"{model.name} is a detector. Name the model whose embeddings it reads.")
    if order.kind is JobKind.PREFILL:
        detector_of(uow, model)
    return model


def settings_with(uow: UnitOfWork, order: BatchOrder, model: Model | None) -> dict[str, Any]:
    """Every setting of an order's batch, with the model's own thresholds where the order leaves them open.

    Raises InvalidInput, InvalidSetting.
    """
    own = None if model is None else thresholds_of(uow, model)
    return order.checked_settings(None if own is None else own.thresholds)


def get_batch(uow: UnitOfWork, job_id: UUID) -> Job:
    """Raises NotFound."""
    job = uow.session.get(Job, job_id)
    if job is None or job.standing:
        raise NotFound("batch", job_id)
    return job


def list_batches(uow: UnitOfWork, project_id: UUID | None, offset: int = 0, limit: int = 50) -> list[Job]:
    """Batches of a project, or of all, the newest first."""
    statement = select(Job).where(~Job.standing)
    if project_id is not None:
        get_project(uow, project_id)
        statement = statement.where(Job.project_id == project_id)
    return list(uow.session.scalars(statement.order_by(Job.created_at.desc(), Job.id).offset(offset).limit(limit)))


def pause_batch(uow: UnitOfWork, user: User, job_id: UUID) -> Job:
    """Begin no further image; those at work are finished. Harmless when paused.

    Raises NotFound, NotAllowed, Conflict.
    """
    job = _steered(uow, user, job_id)
    if job.state is JobState.PAUSED:
        return job
    _require_state(job, JobState.RUNNING, "paused")
    job.state = JobState.PAUSED
    recall(uow, JobItem.job_id == job.id)
    _note(uow, user, job, "batch.paused")
    # What it leaves free is for others.
    feed(uow, job.kind)
    return job


def resume_batch(uow: UnitOfWork, user: User, job_id: UUID) -> Job:
    """Go on with a paused batch, or with what a cancelled one left undone. Raises NotFound, NotAllowed, Conflict."""
    job = _steered(uow, user, job_id)
    if job.state is JobState.RUNNING:
        return job
    if job.state is JobState.CANCELLED:
        jobs.requeue(uow, job, [ItemState.CANCELLED])
        jobs.close_if_over(uow, job)
    else:
        _require_state(job, JobState.PAUSED, "resumed")
        job.state = JobState.RUNNING
        feed(uow, job.kind)
        jobs.close_if_over(uow, job)
    _note(uow, user, job, "batch.resumed")
    return job


def cancel_batch(uow: UnitOfWork, user: User, job_id: UUID) -> Job:
    """Give up what is not done, at once: what is at work is told to stop and stores nothing. What is done stays.

    Harmless when cancelled. Raises NotFound, NotAllowed, Conflict.
    """
    job = _steered(uow, user, job_id)
    if job.state is JobState.CANCELLED:
        return job
    if job.state is JobState.FINISHED:
        raise Conflict("This batch is finished; there is nothing left to cancel.")
    uow.session.execute(
        update(JobItem)
        .where(JobItem.job_id == job.id, JobItem.state.in_(jobs.UNFINISHED))
        .values(state=ItemState.CANCELLED)
        .execution_options(synchronize_session="fetch")
    )
    job.state, job.finished_at = JobState.CANCELLED, utc_now()
    _note(uow, user, job, "batch.cancelled")
    feed(uow, job.kind)
    return job


def retry_batch(uow: UnitOfWork, user: User, job_id: UUID, image_ids: list[UUID] | None = None) -> int:
    """Try failed images again (those named, else all); returns how many. Raises NotFound, NotAllowed."""
    job = _steered(uow, user, job_id)
    count = jobs.requeue(uow, job, [ItemState.FAILED], image_ids)
    if count:
        _note(uow, user, job, "batch.retried")
    return count


def change_batch(
    uow: UnitOfWork, user: User, job_id: UUID, *, priority: Urgency | None = None, concurrency: int | None = None
) -> Job:
    """Change how urgent a batch is, or how many of its images are worked on at a time (0: no limit).

    Raises NotFound, NotAllowed.
    """
    job = _steered(uow, user, job_id)
    if concurrency is not None:
        job.concurrency = concurrency or None
    if priority is not None:
        job.priority = URGENCIES[priority]
        uow.session.execute(
            update(JobItem)
            .where(JobItem.job_id == job.id, JobItem.state.in_((ItemState.QUEUED, ItemState.SENT)))
            .values(priority=job.priority)
        )
        recall(uow, JobItem.job_id == job.id)
        _go_before_less_urgent(uow, job)
    feed(uow, job.kind)
    return job


def require_manager(user: User) -> None:
    """Raises NotAllowed for an annotator."""
    if user.role is Role.ANNOTATOR:
        raise NotAllowed("Only an owner or a manager can start and steer batches.")


def _conditions(uow: UnitOfWork, kind: JobKind, selection: Selection, model: Model | None) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [true()]
    if selection.annotated is not None:
        annotated = exists().where(Mask.image_id == Image.id, Mask.deleted_at.is_(None))
        conditions.append(annotated if selection.annotated else ~annotated)
    if selection.name_contains:
        conditions.append(Image.file_name.icontains(selection.name_contains, autoescape=True))
    if selection.tag is not None:
        conditions.append(has_tag(selection.tag))
    if selection.images_of is not None:
        earlier = get_batch(uow, selection.images_of)
        conditions.append(exists().where(JobItem.image_id == Image.id, JobItem.job_id == earlier.id))
    if selection.not_done:
        conditions.append(~_done_before(kind, model))
    return conditions


def _done_before(kind: JobKind, model: Model | None) -> ColumnElement[bool]:
    if kind is JobKind.EMBED and model is not None:
        return exists().where(Embedding.image_id == Image.id, Embedding.model_id == model.id)
    with_model = Job.model_id.is_(None) if model is None else Job.model_id == model.id
    return exists().where(
        JobItem.image_id == Image.id,
        JobItem.state == ItemState.DONE,
        JobItem.job_id == Job.id,
        Job.kind == kind,
        with_model,
    )


def _go_before_less_urgent(uow: UnitOfWork, job: Job) -> None:
    """Take back what less urgent batches of the kind have sent and nobody has begun."""
    less_urgent = select(JobItem.id).join(Job).where(Job.kind == job.kind, JobItem.priority < job.priority)
    recall(uow, JobItem.id.in_(less_urgent))


def _steered(uow: UnitOfWork, user: User, job_id: UUID) -> Job:
    """The batch, locked."""
    require_manager(user)
    job = get_batch(uow, job_id)
    uow.session.refresh(job, with_for_update=True)
    return job


def _require_state(job: Job, state: JobState, what: str) -> None:
    if job.state is not state:
        raise Conflict(f"This batch is {job.state}; it cannot be {what}.")


def _note(uow: UnitOfWork, user: User, job: Job, kind: str) -> None:
    uow.session.add(Event(user_id=user.id, kind=kind, subject={"job_id": str(job.id), "kind": job.kind}))
