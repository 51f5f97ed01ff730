"""The multipart upload of one file, read only for someone who is signed in."""

import uuid
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import Depends, Request
from starlette.datastructures import UploadFile

from api.deps import SignedIn
from engine.errors import InvalidInput
from engine.flow.import_image import PreparedImage, prepare_image
from engine.flow.projects import get_project
from engine.store.unit_of_work import unit_of_work

MULTIPART_FILE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "contentMediaType": "application/octet-stream"}},
                }
            }
        },
    }
}
"""Documents the body, which a declared form parameter would have FastAPI read before anyone is signed in."""


async def uploaded_file(request: Request, _: SignedIn) -> AsyncIterator[UploadFile]:
    """The field `file`, spooled to disk past 1 MiB. Raises InvalidInput without it."""
    async with request.form(max_files=1, max_fields=8) as form:
        upload = form.get("file")
        if not isinstance(upload, UploadFile):
            raise InvalidInput("Send the image as a file in the multipart form field `file`.")
        yield upload


def prepared_image(
    project_id: uuid.UUID, upload: Annotated[UploadFile, Depends(uploaded_file, scope="function")]
) -> PreparedImage:
    """The upload, checked and decoded before the route's unit of work begins."""
    with unit_of_work(read_only=True) as uow:
        get_project(uow, project_id)  # before anything is stored
    return prepare_image(upload.filename or "", upload.file)


UploadedImage = Annotated[PreparedImage, Depends(prepared_image)]
