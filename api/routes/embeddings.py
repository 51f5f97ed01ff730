import uuid
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse

from api.blob_response import binary, immutable_response
from api.deps import ReadWork
from api.schemas import EmbeddingState
from engine.flow import embed
from engine.flow.images import get_image
from engine.flow.models import get_model
from engine.store.unit_of_work import unit_of_work

router = APIRouter(tags=["embeddings"])


@router.get(
    "/images/{image_id}/embedding",
    response_class=Response,
    responses=binary("application/octet-stream")
    | {202: {"model": EmbeddingState, "description": "Not computed yet: ask again in a moment"}},
)
def get_embedding(
    image_id: uuid.UUID,
    model_id: Annotated[uuid.UUID, Query()],
    request: Request,
    uow: ReadWork,
    prefetch: Annotated[bool, Query(description="True: ask without jumping the queue")] = False,
) -> Response:
    """The embedding as float16, little-endian, C order [256, S, S], S = image_size / 16 of the model."""
    image, model = get_image(uow, image_id), get_model(uow, model_id)
    embedding = embed.get_embedding(uow, image_id, model_id)
    if embedding is not None:
        # Never overwritten, so its key is all there is to compare.
        return immutable_response(request, f"{image_id}.{model_id}", embedding, "application/octet-stream")
    with unit_of_work() as writing:
        state = embed.request_embedding(writing, image, model, urgent=not prefetch)
    body = EmbeddingState.model_validate(state).model_dump(mode="json")
    return JSONResponse(body, HTTPStatus.ACCEPTED, {"Retry-After": "1"})
