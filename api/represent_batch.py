"""Between batches as the engine holds them and what travels."""

import uuid

from api import batch_schemas as schemas
from engine.flow.batch_listing import BatchSummary, summarize_batches
from engine.flow.batch_order import URGENCIES, Urgency
from engine.flow.batch_progress import BatchProgress, LatestResult, batch_progress
from engine.flow.schedules import in_words
from engine.store.tables import BatchSchedule, ItemState, Job
from engine.store.unit_of_work import UnitOfWork

_WORDS: dict[int, Urgency] = {number: word for word, number in URGENCIES.items()}  # pyright: ignore[reportAssignmentType]


def batch_schema(summary: BatchSummary) -> schemas.Batch:
    job = summary.job
    assert job.project_id is not None
    return schemas.Batch(
        id=job.id,
        project_id=job.project_id,
        kind=job.kind.value,
        name=job.name,
        state=job.state.value,
        model_id=job.model_id,
        model_name=summary.model_name,
        settings=job.settings,
        selection=job.selection,
        priority=_WORDS.get(job.priority, "normal"),
        concurrency=job.concurrency,
        review=job.review,
        schedule_id=job.schedule_id,
        created_by_name=summary.created_by_name,
        created_at=job.created_at,
        finished_at=job.finished_at,
        counts=schemas.BatchCounts.model_validate(summary.counts),
        waiting_for_review=summary.waiting_for_review,
    )


def one_batch(uow: UnitOfWork, job: Job) -> schemas.Batch:
    uow.session.flush()
    return batch_schema(summarize_batches(uow, [job])[0])


def progress_schema(uow: UnitOfWork, progress: BatchProgress) -> schemas.BatchProgress:
    return schemas.BatchProgress(
        batch=one_batch(uow, progress.job),
        rate=progress.rate,
        seconds_left=progress.seconds_left,
        latest=[_latest(progress.job, result) for result in progress.latest],
    )


def progress_now(uow: UnitOfWork, batch_id: uuid.UUID) -> schemas.BatchProgress:
    return progress_schema(uow, batch_progress(uow, batch_id))


def schedule_schema(schedule: BatchSchedule) -> schemas.Schedule:
    return schemas.Schedule(
        id=schedule.id,
        project_id=schedule.project_id,
        kind=schedule.kind.value,
        order=schedule.order,
        when=in_words(schedule),
        cron=schedule.cron,
        zone=schedule.zone,
        every_new_images=schedule.every_new_images,
        next_at=schedule.next_at,
        enabled=schedule.enabled,
        last_error=schedule.last_error,
    )


def _latest(job: Job, result: LatestResult) -> schemas.LatestResult:
    url = f"/api/v1/images/{result.image_id}"
    found = bool(result.mask_count)
    return schemas.LatestResult(
        image_id=result.image_id,
        file_name=result.file_name,
        state="done" if result.state is ItemState.DONE else "failed",
        mask_count=result.mask_count,
        thumbnail_url=f"{url}/thumbnail",
        overlay_url=f"{url}/overlay?rev={job.id}" if found else None,
    )
