import uuid
from collections.abc import Iterator
from typing import Annotated, Literal
from urllib.parse import quote

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from api.blob_response import BINARY_SCHEMA
from api.deps import ReadWork
from engine.flow.export import export_sa1b, stream_zip
from engine.flow.projects import get_project
from engine.store.unit_of_work import unit_of_work

router = APIRouter(tags=["export"])


@router.get(
    "/projects/{project_id}/export",
    response_class=StreamingResponse,
    responses={200: {"content": {"application/zip": BINARY_SCHEMA}}},
)
def export_project(
    project_id: uuid.UUID,
    uow: ReadWork,
    format: Annotated[Literal["sa1b"], Query()] = "sa1b",  # noqa: A002
    images: Annotated[bool, Query(description="Include the image files")] = False,
) -> StreamingResponse:
    """The project's masks as a zip: one SA-1B JSON file per image."""
    name = quote(f"{get_project(uow, project_id).name}-{format}.zip", safe="")

    def archive() -> Iterator[bytes]:
        # The response outlives the request's unit of work.
        with unit_of_work(read_only=True) as reading:
            yield from stream_zip(export_sa1b(reading, project_id, with_images=images))

    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{name}"}
    return StreamingResponse(archive(), headers=headers, media_type="application/zip")
