import uuid
from collections.abc import Iterator
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from api.batch_schemas import Batch, BatchChange, BatchFailure, BatchProgress, Comparison, Estimate, RetryRequest
from api.blob_response import BINARY_SCHEMA
from api.deps import ReadWork, SignedIn, Work
from api.represent_batch import batch_schema, one_batch, progress_now
from engine.flow import batches as flow
from engine.flow.batch_estimate import estimate_batch
from engine.flow.batch_export import batch_export_files
from engine.flow.batch_listing import summarize_batches
from engine.flow.batch_order import BatchOrder
from engine.flow.batch_progress import batch_failures
from engine.flow.compare_batches import comparable_batches, compare_batches
from engine.flow.export import stream_zip
from engine.store.unit_of_work import unit_of_work

router = APIRouter(tags=["batches"])

Offset = Annotated[int, Query(ge=0, le=10_000_000)]
Limit = Annotated[int, Query(ge=1, le=200)]


@router.get("/projects/{project_id}/batches")
def list_batches(project_id: uuid.UUID, uow: ReadWork, offset: Offset = 0, limit: Limit = 50) -> list[Batch]:
    """A project's batches, the newest first."""
    found = flow.list_batches(uow, project_id, offset, limit)
    return [batch_schema(summary) for summary in summarize_batches(uow, found)]


@router.post("/projects/{project_id}/batches", status_code=HTTPStatus.CREATED)
def start_batch(project_id: uuid.UUID, body: BatchOrder, user: SignedIn, uow: Work) -> Batch:
    """Start a batch now. Its images are chosen at this moment and stay the same."""
    return one_batch(uow, flow.start_batch(uow, user, project_id, body))


@router.post("/projects/{project_id}/batches/estimate")
def estimate(project_id: uuid.UUID, body: BatchOrder, uow: ReadWork) -> Estimate:
    """What a batch would cost, from what images have cost on this deployment. Starts nothing."""
    return Estimate.model_validate(estimate_batch(uow, project_id, body))


@router.get("/batches/{batch_id}")
def get_batch(batch_id: uuid.UUID, uow: ReadWork) -> BatchProgress:
    """A batch and how far it is."""
    return progress_now(uow, batch_id)


@router.patch("/batches/{batch_id}")
def change_batch(batch_id: uuid.UUID, body: BatchChange, user: SignedIn, uow: Work) -> Batch:
    """Change how urgent a batch is, or how many of its images are worked on at a time."""
    job = flow.change_batch(uow, user, batch_id, priority=body.priority, concurrency=body.concurrency)
    return one_batch(uow, job)


@router.post("/batches/{batch_id}/pause")
def pause_batch(batch_id: uuid.UUID, user: SignedIn, uow: Work) -> Batch:
    """Begin no further image; those at work are finished."""
    return one_batch(uow, flow.pause_batch(uow, user, batch_id))


@router.post("/batches/{batch_id}/resume")
def resume_batch(batch_id: uuid.UUID, user: SignedIn, uow: Work) -> Batch:
    """Go on with a paused batch, or with what a cancelled one left undone."""
    return one_batch(uow, flow.resume_batch(uow, user, batch_id))


@router.post("/batches/{batch_id}/cancel")
def cancel_batch(batch_id: uuid.UUID, user: SignedIn, uow: Work) -> Batch:
    """Give up what is not done; what is done stays."""
    return one_batch(uow, flow.cancel_batch(uow, user, batch_id))


@router.post("/batches/{batch_id}/retry")
def retry_batch(batch_id: uuid.UUID, body: RetryRequest, user: SignedIn, uow: Work) -> Batch:
    """Try failed images again: those named, or all."""
    flow.retry_batch(uow, user, batch_id, body.image_ids)
    return one_batch(uow, flow.get_batch(uow, batch_id))


@router.get("/batches/{batch_id}/failures")
def list_failures(batch_id: uuid.UUID, uow: ReadWork, offset: Offset = 0, limit: Limit = 100) -> list[BatchFailure]:
    """The images that failed, each with its reason, the latest first."""
    return [BatchFailure.model_validate(failure) for failure in batch_failures(uow, batch_id, offset, limit)]


@router.get("/batches/{batch_id}/comparable")
def list_comparable(batch_id: uuid.UUID, uow: ReadWork) -> list[Batch]:
    """Earlier batches that share images with this one, the latest first."""
    return [batch_schema(summary) for summary in summarize_batches(uow, comparable_batches(uow, batch_id))]


@router.get("/batches/{batch_id}/comparison")
def compare(
    batch_id: uuid.UUID,
    earlier: Annotated[uuid.UUID, Query(description="The batch to compare with")],
    uow: ReadWork,
    offset: Offset = 0,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> Comparison:
    """Masks gained, lost and changed since an earlier batch, image by image."""
    return Comparison.model_validate(compare_batches(uow, batch_id, earlier, offset, limit))


@router.get(
    "/batches/{batch_id}/files",
    response_class=StreamingResponse,
    responses={200: {"content": {"application/zip": BINARY_SCHEMA}}},
)
def download_files(batch_id: uuid.UUID, uow: ReadWork) -> StreamingResponse:
    """What an export batch made, as a zip: one SA-1B JSON file per image, as it was when the batch came to it."""
    batch_export_files(uow, batch_id)

    def archive() -> Iterator[bytes]:
        # The response outlives the request's unit of work.
        with unit_of_work(read_only=True) as reading:
            yield from stream_zip(batch_export_files(reading, batch_id))

    headers = {"Content-Disposition": f'attachment; filename="export-{str(batch_id)[:8]}.zip"'}
    return StreamingResponse(archive(), headers=headers, media_type="application/zip")
