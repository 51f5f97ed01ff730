import uuid

from fastapi import APIRouter, Request, Response

from api.blob_response import binary, blob_response
from api.deps import ReadWork
from api.represent import model_schema
from api.schemas import Model
from engine.errors import NotFound
from engine.flow import models as flow

router = APIRouter(prefix="/models", tags=["models"])


@router.get("")
def list_models(uow: ReadWork) -> list[Model]:
    return [model_schema(model) for model in flow.list_models(uow)]


@router.get("/live")
def live_model(uow: ReadWork) -> Model:
    """The model that embeds new images. 404 while the first start still prepares it."""
    model = flow.live_model(uow)
    if model is None:
        raise NotFound("live model", "yet; the first start is still preparing one")
    return model_schema(model)


@router.get("/{model_id}/prepare.onnx", response_class=Response, responses=binary("application/octet-stream"))
def prepare_graph(model_id: uuid.UUID, request: Request, uow: ReadWork) -> Response:
    """The ONNX graph to run once per image."""
    return graph(request, flow.get_model(uow, model_id).prepare_key, model_id)


@router.get("/{model_id}/decode.onnx", response_class=Response, responses=binary("application/octet-stream"))
def decode_graph(model_id: uuid.UUID, request: Request, uow: ReadWork) -> Response:
    """The ONNX graph to run once per prompt."""
    return graph(request, flow.get_model(uow, model_id).decode_key, model_id)


def graph(request: Request, key: str | None, model_id: uuid.UUID) -> Response:
    if key is None:
        raise NotFound("exported decoder of model", model_id)
    return blob_response(request, key, "application/octet-stream")
