"""Batches as a list shows them: with their counts, the names of their model and of who started them."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select

from engine.flow.batch_progress import Counts, batch_counts
from engine.store.annotations import is_waiting
from engine.store.tables import Job, Mask, Model, User
from engine.store.unit_of_work import UnitOfWork


@dataclass(frozen=True)
class BatchSummary:
    """`waiting_for_review` counts the batch's masks that nobody has accepted or rejected."""

    job: Job
    counts: Counts
    model_name: str | None
    created_by_name: str | None
    waiting_for_review: int


def summarize_batches(uow: UnitOfWork, batches: Sequence[Job]) -> list[BatchSummary]:
    """In the order given, with a few queries however many there are."""
    ids = [job.id for job in batches]
    counts = batch_counts(uow, ids)
    models = _names(uow, Model, {job.model_id for job in batches if job.model_id})
    people = _names(uow, User, {job.created_by for job in batches if job.created_by})
    waiting: dict[UUID, int] = {
        job_id: count
        for job_id, count in uow.session.execute(
            select(Mask.job_id, func.count()).where(Mask.job_id.in_(ids), is_waiting()).group_by(Mask.job_id)
        )
        if job_id is not None
    }
    return [
        BatchSummary(
            job=job,
            counts=counts[job.id],
            model_name=models.get(job.model_id) if job.model_id else None,
            created_by_name=people.get(job.created_by) if job.created_by else None,
            waiting_for_review=waiting.get(job.id, 0),
        )
        for job in batches
    ]


def _names(uow: UnitOfWork, table: type[Model] | type[User], ids: set[UUID]) -> dict[UUID, str]:
    rows = uow.session.execute(select(table.id, table.name).where(table.id.in_(ids)))
    return {row.id: row.name for row in rows}
