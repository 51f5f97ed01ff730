"""An export batch's records → a data set: every image as it was when the batch came to it."""

import json
from collections.abc import Iterator
from uuid import UUID

from sqlalchemy import select

from engine.errors import Conflict, InvalidInput
from engine.flow.batches import get_batch
from engine.flow.export import export_name
from engine.store.blobs import get_blobs
from engine.store.tables import Image, ItemState, JobItem, JobKind, JobState
from engine.store.unit_of_work import UnitOfWork


def batch_export_files(uow: UnitOfWork, batch_id: UUID) -> Iterator[tuple[str, bytes]]:
    """(file name, JSON) of each image of an export batch, in order of import.

    Raises NotFound, InvalidInput for another kind of batch, Conflict while it is not finished.
    """
    job = get_batch(uow, batch_id)
    if job.kind is not JobKind.EXPORT:
        raise InvalidInput(f"A batch of kind {job.kind} has no files to download.")
    if job.state is not JobState.FINISHED:
        raise Conflict("The export is not finished yet. Wait until it is, or resume it.")
    rows = uow.session.execute(
        select(Image, JobItem.output_key)
        .join(JobItem, JobItem.image_id == Image.id)
        .where(JobItem.job_id == batch_id, JobItem.state == ItemState.DONE)
        .order_by(Image.created_at, Image.id)
        .execution_options(yield_per=200)
    )
    return _files((image, key) for image, key in rows if key is not None)


def _files(rows: Iterator[tuple[Image, str]]) -> Iterator[tuple[str, bytes]]:
    taken: set[str] = set()
    for image, key in rows:
        stem, file_name = export_name(image, taken)
        record = json.loads(get_blobs().get(key))
        record["image"]["file_name"] = file_name
        yield f"{stem}.json", json.dumps(record, separators=(",", ":")).encode()
