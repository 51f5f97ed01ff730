import uuid
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.blob_response import IMMUTABLE, binary, blob_response, client_has
from api.deps import ReadWork
from engine.flow.images import get_image
from engine.flow.overlay import mask_overlay_png

router = APIRouter(prefix="/images/{image_id}", tags=["images"], default_response_class=Response)


@router.get("/file", responses=binary("image/*"))
def display_file(image_id: uuid.UUID, request: Request, uow: ReadWork) -> Response:
    """The image upright, as a browser shows it."""
    image = get_image(uow, image_id)
    return blob_response(request, image.display_key, image.display_media_type)


@router.get("/original", responses=binary("image/*"))
def original_file(image_id: uuid.UUID, request: Request, uow: ReadWork) -> Response:
    """The file as it was imported, byte for byte."""
    image = get_image(uow, image_id)
    return blob_response(request, image.original_key, image.media_type, image.file_name)


@router.get("/thumbnail", responses=binary("image/*"))
def thumbnail(image_id: uuid.UUID, request: Request, uow: ReadWork) -> Response:
    """The image with its longest side at most 320 pixels."""
    image = get_image(uow, image_id)
    return blob_response(request, image.thumbnail_key, "image/jpeg")


@router.get("/overlay", responses=binary("image/png"))
def overlay(
    image_id: uuid.UUID,
    request: Request,
    uow: ReadWork,
    rev: Annotated[str | None, Query(max_length=200, description="The image's masks_revision")] = None,
) -> Response:
    """The image's masks in colour on a transparent ground, as large as the thumbnail."""
    revision, png = mask_overlay_png(uow, image_id)
    etag = f'"{revision}"'
    # Only the address of the present revision may be kept for ever: another one would keep the wrong picture.
    headers = {"ETag": etag, "Cache-Control": IMMUTABLE if rev == revision else "private, no-cache"}
    if client_has(request, etag):
        return Response(status_code=304, headers=headers)
    return Response(png, headers=headers, media_type="image/png")
