"""What a batch's own rows say about its speed, once it is finished."""

import time
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from engine.flow.batches import get_batch
from engine.store.tables import JobItem, JobState
from engine.store.unit_of_work import unit_of_work


@dataclass(frozen=True)
class Measured:
    """Seconds. `work_per_image` lies between claiming an image and storing its result, both included.

    `overhead_per_image` is what a worker spends on an image besides: the message, its acknowledgement, the way to the
    next one. It is the gaps between images, so with several workers they must not be fewer than the images.
    """

    images_per_second: float
    work_per_image: float
    overhead_per_image: float


def measure(job_id: UUID) -> Measured:
    """Waits until the batch is finished. Raises RuntimeError when an image failed."""
    while True:
        with unit_of_work(read_only=True) as uow:
            job = get_batch(uow, job_id)
            items = uow.session.scalars(select(JobItem).where(JobItem.job_id == job_id)).all()
        if job.state is JobState.FINISHED:
            break
        time.sleep(0.5)
    failed = [item.error for item in items if item.error]
    if failed:
        raise RuntimeError(failed[0])
    began = min(item.started_at for item in items if item.started_at)
    ended = max(item.finished_at for item in items if item.finished_at)
    wall = (ended - began).total_seconds()
    work = [
        (item.finished_at - item.started_at).total_seconds() for item in items if item.finished_at and item.started_at
    ]
    workers = max(1, round(sum(work) / wall))
    return Measured(
        images_per_second=len(items) / wall,
        work_per_image=sum(work) / len(work),
        overhead_per_image=max(0.0, workers * wall - sum(work)) / len(work),
    )
