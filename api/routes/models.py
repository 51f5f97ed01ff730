import uuid
from http import HTTPStatus

from fastapi import APIRouter, Request, Response

from api.blob_response import binary, blob_response
from api.deps import ReadWork, SignedIn, Work
from api.registry_schemas import ModelDetail, RegistryModel
from api.represent import model_schema
from api.represent_registry import model_detail, registry_model
from api.schemas import Model
from engine.errors import NotFound
from engine.flow import delete_model as deletion
from engine.flow import models as flow
from engine.flow import promotion
from engine.flow.model_card import registered_card
from engine.flow.registry import get_entry, list_registry

router = APIRouter(prefix="/models", tags=["models"])


@router.get("")
def list_models(uow: ReadWork) -> list[RegistryModel]:
    """All models, the newest first, with their lineage and figures."""
    return [registry_model(entry) for entry in list_registry(uow)]


@router.get("/live")
def live_model(uow: ReadWork) -> Model:
    """The model that embeds new images. 404 while the first start still prepares it."""
    model = flow.live_model(uow)
    if model is None:
        raise NotFound("live model", "yet; the first start is still preparing one")
    return model_schema(model)


@router.post("/rollback")
def roll_back(user: SignedIn, uow: Work) -> RegistryModel:
    """Make the model live again that the live one replaced. 409 when there is none to go back to."""
    return registry_model(get_entry(uow, promotion.rollback(uow, user).id))


@router.get("/{model_id}")
def get_model(model_id: uuid.UUID, uow: ReadWork) -> ModelDetail:
    """A model: where it came from, what it was trained on, its evaluation, and what needs it."""
    return model_detail(uow, model_id)


@router.post("/{model_id}/promote")
def promote_model(model_id: uuid.UUID, user: SignedIn, uow: Work) -> RegistryModel:
    """Make a model live; harmless when it is. Pages that are open go on with the one they began with."""
    entry = get_entry(uow, model_id)
    run_id = None if entry.run is None else entry.run.id
    promotion.promote(uow, model_id, user, run_id=run_id)
    return registry_model(get_entry(uow, model_id))


@router.delete("/{model_id}", status_code=HTTPStatus.NO_CONTENT)
def delete_model(model_id: uuid.UUID, user: SignedIn, uow: Work) -> None:
    """Delete a model that nothing needs. 409 says what needs it."""
    deletion.delete_model(uow, user, model_id)


@router.get("/{model_id}/weights", response_class=Response, responses=binary("application/octet-stream"))
def weights(model_id: uuid.UUID, request: Request, uow: ReadWork) -> Response:
    """The weights as a safetensors file; `maskloop models add` takes it."""
    model = flow.get_model(uow, model_id)
    return blob_response(request, model.weights_key, "application/octet-stream", f"{model.name}.safetensors")


@router.get(
    "/{model_id}/card",
    response_class=Response,
    responses={200: {"content": {"text/markdown": {"schema": {"type": "string"}}}}},
)
def card(model_id: uuid.UUID, uow: ReadWork) -> Response:
    """The model card in Markdown."""
    text = registered_card(uow, flow.get_model(uow, model_id)).in_markdown()
    return Response(text, media_type="text/markdown")


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
