"""What a batch would cost, from what images have cost on this deployment."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select

from engine.flow.batch_order import BatchOrder
from engine.flow.batch_settings import CALIBRATED, automatic_config
from engine.flow.batches import chosen_images, model_of, settings_with
from engine.flow.model_thresholds import thresholds_of
from engine.store.tables import ItemState, Job, JobItem, JobKind, Model
from engine.store.unit_of_work import UnitOfWork

_MEASURED = 200
_JOBS_LOOKED_AT = 50


@dataclass(frozen=True)
class Estimate:
    """`seconds` is the work of one worker; None, like `seconds_per_image`, while nothing has been measured.

    `settings`: every setting the batch would have, defaults and the model's own thresholds included.

    `precision`: what part of its masks will be right, as far as the model's calibration says, 0 to 1; None for another
    kind of batch, for thresholds that are not the calibrated ones, and where it is not known.

    `measured_images`: how many past images say so. `same_settings`: whether they were done with these settings.
    """

    images: int
    seconds_per_image: float | None
    seconds: float | None
    measured_images: int
    same_settings: bool
    settings: dict[str, Any]
    precision: float | None


def estimate_batch(uow: UnitOfWork, project_id: UUID, order: BatchOrder) -> Estimate:
    """From up to 200 past images of this kind with this model: those with these very settings, else those whose model
    was asked as often, else all of them, in proportion to how often it was.

    Raises NotFound, InvalidInput, as starting the batch would; a selection that no image passes is no error here.
    """
    order.checked_settings()
    images = len(chosen_images(uow, project_id, order))
    model = model_of(uow, order)
    settings = settings_with(uow, order, model)
    precision = _precision(uow, order, model, settings)
    past = uow.session.scalars(
        select(Job)
        .where(Job.kind == order.kind, Job.model_id == (None if model is None else model.id))
        .order_by(Job.created_at.desc())
        .limit(_JOBS_LOOKED_AT)
    ).all()
    points = _points(order.kind, settings)
    # Thresholds hardly change what an image costs; how often the model is asked does.
    alike = {job.id: 1.0 for job in past if job.settings == settings}
    as_often = {job.id: 1.0 for job in past if _points(order.kind, job.settings) == points}
    scaled = {job.id: points / _points(order.kind, job.settings) for job in past}
    same = _durations(uow, alike)
    durations = same or _durations(uow, as_often) or _durations(uow, scaled)
    if not durations:
        return Estimate(images, None, None, 0, False, settings, precision)
    mean = sum(durations) / len(durations)
    return Estimate(images, mean, mean * images, len(durations), bool(same), settings, precision)


def _precision(uow: UnitOfWork, order: BatchOrder, model: Model | None, settings: Mapping[str, Any]) -> float | None:
    own = None if model is None else thresholds_of(uow, model)
    if own is None or order.kind is not JobKind.AUTOMATIC:
        return None
    return own.precision if set(own.thresholds.to_settings()) <= set(settings.get(CALIBRATED, ())) else None


def _points(kind: JobKind, settings: Mapping[str, Any]) -> int:
    """How often an automatic batch asks the model for each image; 1 for other kinds."""
    return automatic_config(settings).points if kind is JobKind.AUTOMATIC else 1


def _durations(uow: UnitOfWork, factors: Mapping[UUID, float]) -> list[float]:
    """Seconds of the latest images of some jobs, times the factor of each job."""
    rows = uow.session.execute(
        select(JobItem.job_id, JobItem.started_at, JobItem.finished_at)
        .where(JobItem.job_id.in_(factors), JobItem.state == ItemState.DONE, JobItem.started_at.is_not(None))
        .order_by(JobItem.finished_at.desc())
        .limit(_MEASURED)
    )
    return [
        (finished - started).total_seconds() * factors[job_id]
        for job_id, started, finished in rows
        if started and finished
    ]
