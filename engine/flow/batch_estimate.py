"""What a batch would cost, from what images have cost on this deployment."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select

from engine.flow.batch_order import BatchOrder
from engine.flow.batches import chosen_images, model_of, settings_with
from engine.store.tables import ItemState, Job, JobItem
from engine.store.unit_of_work import UnitOfWork

_MEASURED = 200
_JOBS_LOOKED_AT = 50


@dataclass(frozen=True)
class Estimate:
    """`seconds` is the work of one worker; None, like `seconds_per_image`, while nothing has been measured.

    `settings`: every setting the batch would have, defaults and the model's own thresholds included.

    `measured_images`: how many past images say so. `same_settings`: whether they were done with these settings.
    """

    images: int
    seconds_per_image: float | None
    seconds: float | None
    measured_images: int
    same_settings: bool
    settings: dict[str, Any]


def estimate_batch(uow: UnitOfWork, project_id: UUID, order: BatchOrder) -> Estimate:
    """From up to 200 past images of this kind with this model, if possible with these very settings.

    Raises NotFound, InvalidInput, as starting the batch would; a selection that no image passes is no error here.
    """
    order.checked_settings()
    images = len(chosen_images(uow, project_id, order))
    model = model_of(uow, order)
    settings = settings_with(uow, order, model)
    past = uow.session.scalars(
        select(Job)
        .where(Job.kind == order.kind, Job.model_id == (None if model is None else model.id))
        .order_by(Job.created_at.desc())
        .limit(_JOBS_LOOKED_AT)
    ).all()
    alike = [job.id for job in past if job.settings == settings]
    durations = _durations(uow, alike)
    same = bool(durations)
    if not durations:
        durations = _durations(uow, [job.id for job in past])
    if not durations:
        return Estimate(images, None, None, 0, False, settings)
    mean = sum(durations) / len(durations)
    return Estimate(images, mean, mean * images, len(durations), same, settings)


def _durations(uow: UnitOfWork, job_ids: list[UUID]) -> list[float]:
    """Seconds of the latest images."""
    rows = uow.session.execute(
        select(JobItem.started_at, JobItem.finished_at)
        .where(JobItem.job_id.in_(job_ids), JobItem.state == ItemState.DONE, JobItem.started_at.is_not(None))
        .order_by(JobItem.finished_at.desc())
        .limit(_MEASURED)
    )
    return [(finished - started).total_seconds() for started, finished in rows if started and finished]
