"""Which embeddings come first when a model goes live: what is open, what people open next, the rest of the queue."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Select, delete, exists, select

from engine.flow import jobs
from engine.flow.dispatch import Queue, send
from engine.flow.queue import coming_up, in_order
from engine.store.tables import Embedding, Image, ItemState, Job, JobItem, JobKind, Model, Project
from engine.store.unit_of_work import UnitOfWork

NEXT, QUEUED, CLOSED = 50, 10, 0
"""Priorities, all below that of an image somebody waits for: opened next, still in the queue, finished or skipped."""

TASK = "maskloop.request_missing"
"""Asks for the next part of what is missing for the live model."""

_NEXT_IN_PROJECT = 16
"""Images of each project that come first, besides those that people have."""

_AT_ONCE = 5000
"""Images asked for in one transaction, about; a quarter of a second."""


def request_in_order(uow: UnitOfWork, model: Model) -> None:
    """Ask for the embedding of every image that has none with `model`; harmless when repeated.

    First come the images that people have open or reserved and those that they are handed next, then the projects'
    queues in their order, then images that are finished or skipped. Of a large deployment's images a part is asked for
    at once, and a worker goes on with the next part: nobody waits for a long transaction.
    """
    left = _AT_ONCE
    for project in uow.session.scalars(select(Project).order_by(Project.created_at, Project.id)).all():
        first = coming_up(uow, project, _NEXT_IN_PROJECT)
        missing = {image_id for image_id, _ in uow.session.execute(_missing(model, project, first=first))}
        wanted = [(image_id, NEXT) for image_id in first if image_id in missing]
        rest = uow.session.execute(_missing(model, project).where(Image.id.not_in(first)).limit(max(0, left)))
        wanted += [(image_id, QUEUED if waits else CLOSED) for image_id, waits in rest]
        left -= len(wanted)
        if wanted:
            jobs.add(uow, jobs.standing_job(uow, JobKind.EMBED, project.id, model.id), wanted)
    jobs.feed(uow, JobKind.EMBED)
    if left <= 0:
        uow.after_commit(lambda: send(TASK, {}, Queue.IO))


def drop_waiting(uow: UnitOfWork, model: Model) -> None:
    """Forget the embeddings that nobody waits for any more, those with a model that was replaced.

    A page that still works with it asks for what it needs, and gets it ahead of everything else.
    """
    standing = select(Job.id).where(Job.kind == JobKind.EMBED, Job.standing, Job.model_id == model.id)
    waiting = JobItem.state.in_((ItemState.QUEUED, ItemState.SENT))
    uow.session.execute(
        delete(JobItem)
        .where(JobItem.job_id.in_(standing), waiting, JobItem.priority < jobs.FRONT)
        .execution_options(synchronize_session=False)
    )
    for job in uow.session.scalars(select(Job).where(Job.id.in_(standing))).all():
        jobs.close_if_over(uow, job)


def _missing(model: Model, project: Project, first: Sequence[UUID] | None = None) -> Select[UUID, bool]:
    """A project's images that nobody asked for, in the order of its queue, and whether each is still in it.

    With `first`, only those of them.
    """
    asked = exists().where(
        JobItem.image_id == Image.id,
        JobItem.job_id == Job.id,
        Job.kind == JobKind.EMBED,
        Job.standing,
        Job.model_id == model.id,
    )
    made = exists().where(Embedding.image_id == Image.id, Embedding.model_id == model.id)
    found = in_order(project).where(~asked, ~made)
    return found if first is None else found.where(Image.id.in_(first))
