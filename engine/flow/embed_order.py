"""Which embeddings come first when a model goes live: what is open, what people open next, the rest of the queue."""

from uuid import UUID

from sqlalchemy import delete, exists, select

from engine.flow import jobs
from engine.flow.queue import coming_up, in_order
from engine.store.tables import Embedding, Image, ItemState, Job, JobItem, JobKind, Model, Project
from engine.store.unit_of_work import UnitOfWork

NEXT, QUEUED, CLOSED = 50, 10, 0
"""Priorities, all below that of an image somebody waits for: opened next, still in the queue, finished or skipped."""

_NEXT_IN_PROJECT = 16
"""Images of each project that come first, besides those that people have."""


def request_in_order(uow: UnitOfWork, model: Model) -> None:
    """Ask for the embedding of every image that has none with `model`; harmless when repeated.

    First come the images that people have open or reserved and those that they are handed next, then the projects'
    queues in their order, then images that are finished or skipped.
    """
    for project in uow.session.scalars(select(Project).order_by(Project.created_at, Project.id)).all():
        missing = _missing(uow, model, project)
        if not missing:
            continue
        first = coming_up(uow, project, _NEXT_IN_PROJECT)
        place = {image_id: number for number, image_id in enumerate(first)}
        ordered = sorted(missing, key=lambda each: place.get(each[0], len(place)))
        job = jobs.standing_job(uow, JobKind.EMBED, project.id, model.id)
        jobs.add(uow, job, [(each, NEXT if each in place else QUEUED if waits else CLOSED) for each, waits in ordered])
    jobs.feed(uow, JobKind.EMBED)


def drop_waiting(uow: UnitOfWork, model: Model) -> None:
    """Forget the embeddings that nobody waits for any more, those with a model that was replaced.

    A page that still works with it asks for what it needs, and gets it ahead of everything else.
    """
    standing = select(Job.id).where(Job.kind == JobKind.EMBED, Job.standing, Job.model_id == model.id)
    waiting = JobItem.state.in_((ItemState.QUEUED, ItemState.SENT))
    uow.session.execute(
        delete(JobItem)
        .where(JobItem.job_id.in_(standing), waiting, JobItem.priority < jobs.FRONT)
        .execution_options(synchronize_session="fetch")
    )
    for job in uow.session.scalars(select(Job).where(Job.id.in_(standing))).all():
        jobs.close_if_over(uow, job)


def _missing(uow: UnitOfWork, model: Model, project: Project) -> list[tuple[UUID, bool]]:
    """A project's images that nobody asked for, in the order of its queue, and whether each is still in it."""
    asked = exists().where(
        JobItem.image_id == Image.id,
        JobItem.job_id == Job.id,
        Job.kind == JobKind.EMBED,
        Job.standing,
        Job.model_id == model.id,
    )
    made = exists().where(Embedding.image_id == Image.id, Embedding.model_id == model.id)
    found = uow.session.execute(in_order(project).where(~asked, ~made))
    return [(image_id, waits) for image_id, waits in found]
