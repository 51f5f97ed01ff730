import uuid
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.deps import ReadWork, SignedIn, Work
from api.represent import image_fields
from api.schemas import MAX_INT, Image, ImageDetail, ImagePage, ImportedImage
from api.upload import MULTIPART_FILE, UploadedImage
from engine.flow import images as flow
from engine.flow.import_image import import_image
from engine.flow.projects import get_project

router = APIRouter(tags=["images"])


@router.post(
    "/projects/{project_id}/images",
    status_code=HTTPStatus.CREATED,
    responses={200: {"model": ImportedImage, "description": "The project already had this file"}},
    openapi_extra=MULTIPART_FILE,
)
def upload_image(
    project_id: uuid.UUID, user: SignedIn, prepared: UploadedImage, response: Response, uow: Work
) -> ImportedImage:
    """Import one image file. Sending a file again is harmless."""
    result = import_image(uow, get_project(uow, project_id), prepared, user)
    if result.duplicate:
        response.status_code = HTTPStatus.OK
    summary = flow.get_image_in_project(uow, result.image.id).summary
    return ImportedImage(**image_fields(summary), duplicate=result.duplicate)


@router.get("/projects/{project_id}/images")
def list_images(
    project_id: uuid.UUID,
    uow: ReadWork,
    offset: Annotated[int, Query(ge=0, le=MAX_INT)] = 0,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    image_filter: Annotated[flow.ImageFilter, Query(alias="filter")] = flow.ImageFilter.ALL,
    tag: Annotated[str | None, Query(max_length=200, description="Only images with this tag")] = None,
) -> ImagePage:
    page = flow.list_images(uow, project_id, offset, limit, image_filter, tag)
    return ImagePage(items=[Image(**image_fields(summary)) for summary in page.items], total=page.total)


@router.get("/images/{image_id}")
def get_image(image_id: uuid.UUID, uow: ReadWork) -> ImageDetail:
    found = flow.get_image_in_project(uow, image_id)
    return ImageDetail(**image_fields(found.summary), previous_id=found.previous_id, next_id=found.next_id)


@router.delete("/images/{image_id}", status_code=HTTPStatus.NO_CONTENT)
def delete_image(image_id: uuid.UUID, user: SignedIn, uow: Work) -> None:
    flow.delete_image(uow, user, image_id)
