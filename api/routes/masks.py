import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Literal

from fastapi import APIRouter, Response

from api.deps import BaseVersion, ReadWork, SignedIn, StoredVersion, Work
from api.errors import StaleMask
from api.represent import mask_content, mask_schema
from api.schemas import Mask, MaskBody, MaskVersion
from engine.errors import VersionConflict
from engine.flow import annotate
from engine.flow.images import get_image
from engine.store.tables import Review
from engine.store.unit_of_work import UnitOfWork

REVIEWS: dict[Literal["waiting", "accepted"] | None, Literal[Review.WAITING, Review.ACCEPTED] | None] = {
    None: None,
    "waiting": Review.WAITING,
    "accepted": Review.ACCEPTED,
}

router = APIRouter(prefix="/images/{image_id}/masks", tags=["masks"])


@router.get("")
def list_masks(image_id: uuid.UUID, uow: ReadWork) -> list[Mask]:
    """The masks of an image, oldest first, without deleted ones."""
    image = get_image(uow, image_id)
    return [mask_schema(mask, image) for mask in annotate.list_masks(uow, image_id)]


@router.get("/deleted")
def list_deleted_masks(image_id: uuid.UUID, uow: ReadWork) -> list[Mask]:
    """The deleted masks of an image, which can be restored, last deleted first: at most 200."""
    image = get_image(uow, image_id)
    return [mask_schema(mask, image) for mask in annotate.list_deleted_masks(uow, image_id)]


@router.put("/{mask_id}", responses={201: {"model": Mask, "description": "Created"}})
def put_mask(
    image_id: uuid.UUID,
    mask_id: uuid.UUID,
    body: MaskBody,
    base_version: BaseVersion,
    user: SignedIn,
    response: Response,
    uow: Work,
) -> Mask:
    """Create a mask under an id of the client's (`If-None-Match: *`) or replace version N (`If-Match: "N"`).

    Repeating a save that was stored is harmless. A stale version gets 409 with the stored mask.
    """
    image = get_image(uow, image_id)
    with showing_the_stored_mask(uow, image_id, mask_id):
        mask, outcome = annotate.put_mask(
            uow, user, image_id, mask_id, mask_content(body), base_version, REVIEWS[body.review]
        )
    if outcome == "created":
        response.status_code = HTTPStatus.CREATED
    return with_etag(mask_schema(mask, image), response)


@router.delete("/{mask_id}")
def delete_mask(
    image_id: uuid.UUID,
    mask_id: uuid.UUID,
    version: StoredVersion,
    user: SignedIn,
    response: Response,
    uow: Work,
) -> Mask:
    """Delete a mask; it can be restored."""
    image = get_image(uow, image_id)
    with showing_the_stored_mask(uow, image_id, mask_id):
        mask = annotate.delete_mask(uow, user, image_id, mask_id, version)
    return with_etag(mask_schema(mask, image), response)


@router.post("/{mask_id}/restore")
def restore_mask(
    image_id: uuid.UUID,
    mask_id: uuid.UUID,
    version: StoredVersion,
    user: SignedIn,
    response: Response,
    uow: Work,
) -> Mask:
    """Bring a deleted mask back."""
    image = get_image(uow, image_id)
    with showing_the_stored_mask(uow, image_id, mask_id):
        mask = annotate.restore_mask(uow, user, image_id, mask_id, version)
    return with_etag(mask_schema(mask, image), response)


@router.get("/{mask_id}/history")
def mask_history(image_id: uuid.UUID, mask_id: uuid.UUID, uow: ReadWork) -> list[MaskVersion]:
    """Every version of a mask, oldest first."""
    return [MaskVersion.model_validate(version) for version in annotate.mask_history(uow, image_id, mask_id)]


def with_etag(mask: Mask, response: Response) -> Mask:
    response.headers["ETag"] = f'"{mask.version}"'
    return mask


@contextmanager
def showing_the_stored_mask(uow: UnitOfWork, image_id: uuid.UUID, mask_id: uuid.UUID) -> Iterator[None]:
    """Let a version conflict carry the stored mask, so that the client can show both without asking again."""
    try:
        yield
    except VersionConflict as conflict:
        stored = mask_schema(annotate.get_mask(uow, image_id, mask_id), get_image(uow, image_id))
        raise StaleMask(conflict, stored) from conflict
