"""Embeddings, the decode route and the decoder graphs, with a real model embedded by the worker's own function."""

import base64
import uuid
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import onnxruntime
import pytest
from sqlalchemy import select

from engine.flow.embed_order import request_in_order
from engine.flow.models import get_model
from engine.flow.run_item import run_item
from engine.sam import Sam
from engine.store.blobs import get_blobs
from engine.store.tables import ItemState, JobItem
from engine.store.unit_of_work import unit_of_work
from tests.api.deployment import Deployment, Upload, assert_problem, picture
from tests.fixtures.deployment import register


@pytest.fixture(scope="module")
def no_model_yet(deployment: Deployment) -> dict[str, httpx.Response]:
    """What the first visitors are told, before the first start has prepared a model."""
    with httpx.Client(base_url=deployment.url) as client:
        client.post("/api/v1/sign-in", json={"token": deployment.sign_in_token()}).raise_for_status()
        project = client.post("/api/v1/projects", json={"name": "Early"}).json()["id"]
        image = client.post(f"/api/v1/projects/{project}/images", files={"file": ("bird.png", picture())})
        return {
            "live": client.get("/api/v1/models/live"),
            "models": client.get("/api/v1/models"),
            "image": image,
            "progress": client.get(f"/api/v1/projects/{project}/progress"),
        }


@pytest.fixture(scope="module")
def model_id(
    no_model_yet: object,
    deployment: Deployment,
    tiny_sam: Sam,
    tiny_graphs: tuple[Path, Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> str:
    """A live model with a 128-pixel input and its decoder graphs."""
    model = register(tiny_sam, tmp_path_factory.mktemp("model"))
    prepare_graph, decode_graph = tiny_graphs
    with unit_of_work() as uow:
        stored = get_model(uow, model.id)
        stored.prepare_key = get_blobs().put(prepare_graph.read_bytes())
        stored.decode_key = get_blobs().put(decode_graph.read_bytes())
        request_in_order(uow, stored)
    return str(model.id)


def work() -> None:
    """What the workers do with everything that waits."""
    with unit_of_work(read_only=True) as uow:
        waiting = uow.session.scalars(
            select(JobItem.id).where(JobItem.state.in_((ItemState.QUEUED, ItemState.SENT)))
        ).all()
    for item_id in waiting:
        run_item(item_id)


@pytest.fixture
def embedded(client: httpx.Client, model_id: str, upload: Upload) -> dict[str, Any]:
    """An image with its embedding."""
    image = upload(picture(seed=7))
    work()
    return image


def test_before_there_is_a_model_everything_says_so(no_model_yet: dict[str, httpx.Response]) -> None:
    assert_problem(no_model_yet["live"], 404, "no live model yet")
    assert no_model_yet["models"].json() == []
    assert no_model_yet["image"].json()["embedding"] == {"state": "none", "position": None, "error": None}
    assert no_model_yet["progress"].json()["embedding"] == {"queued": 1, "running": 0, "done": 0, "failed": 0}


def test_a_model_is_described(client: httpx.Client, model_id: str) -> None:
    model = client.get("/api/v1/models/live").json()
    (registered,) = client.get("/api/v1/models").json()
    assert registered | model == registered, "the registry says the same of it, and more"
    assert (model["id"], model["name"], model["arch"], model["state"]) == (model_id, "tiny", "tiny", "live")
    assert model["image_size"] == 128


def test_an_embedding_is_asked_for_made_and_kept_for_ever(client: httpx.Client, model_id: str, upload: Upload) -> None:
    image = upload()
    assert image["embedding"]["state"] == "queued"
    url, params = f"/api/v1/images/{image['id']}/embedding", {"model_id": model_id}
    waiting = client.get(url, params=params)
    assert waiting.status_code == 202
    assert waiting.json()["state"] == "queued"
    assert waiting.headers["cache-control"] == "no-store"
    assert int(waiting.headers["retry-after"]) >= 1

    work()
    ready = client.get(url, params=params)
    assert ready.status_code == 200
    assert ready.headers["content-type"] == "application/octet-stream"
    assert "content-encoding" not in ready.headers
    assert "immutable" in ready.headers["cache-control"]
    embedding = np.frombuffer(ready.content, "<f2").reshape(32, 8, 8)
    assert np.isfinite(embedding).all()
    assert embedding.std() > 0
    assert client.get(url, params=params, headers={"If-None-Match": ready.headers["etag"]}).status_code == 304
    assert client.get(f"/api/v1/images/{image['id']}").json()["embedding"]["state"] == "done"


def test_opening_an_image_puts_it_in_front_and_fetching_ahead_does_not(
    client: httpx.Client, model_id: str, upload: Upload
) -> None:
    work()
    images = [upload(picture(seed=seed)) for seed in range(20, 23)]

    def positions() -> list[int]:
        return [client.get(f"/api/v1/images/{image['id']}").json()["embedding"]["position"] for image in images]

    assert positions() == [0, 1, 2]
    url, params = f"/api/v1/images/{images[2]['id']}/embedding", {"model_id": model_id}
    client.get(url, params=params | {"prefetch": 1})
    assert positions() == [0, 1, 2]
    client.get(url, params=params)
    assert positions() == [1, 2, 0]
    work()


def test_an_embedding_of_what_is_not_there_is_not_found(client: httpx.Client, model_id: str, upload: Upload) -> None:
    image_url = f"/api/v1/images/{upload(picture(seed=3))['id']}/embedding"
    assert_problem(client.get(image_url, params={"model_id": str(uuid.uuid4())}), 404, "no model")
    nowhere = f"/api/v1/images/{uuid.uuid4()}/embedding"
    assert_problem(client.get(nowhere, params={"model_id": model_id}), 404, "no image")
    assert_problem(client.get(image_url), 422, "model_id")
    assert_problem(client.get(image_url, params={"model_id": "7"}), 422, "model_id")


def test_the_decoder_graphs_are_served_and_kept_for_ever(client: httpx.Client, model_id: str) -> None:
    model = client.get("/api/v1/models/live").json()
    inputs = {}
    for part in ("prepare", "decode"):
        response = client.get(model[f"{part}_url"])
        assert response.status_code == 200
        assert "immutable" in response.headers["cache-control"]
        assert "content-encoding" not in response.headers
        assert client.get(model[f"{part}_url"], headers={"If-None-Match": response.headers["etag"]}).status_code == 304
        session = onnxruntime.InferenceSession(response.content, providers=["CPUExecutionProvider"])
        inputs[part] = {tensor.name for tensor in session.get_inputs()}
    assert inputs["prepare"] == {"image_embedding"}
    assert {"point_coords", "point_labels", "mask_input", "has_mask_input"} <= inputs["decode"]


def decode_url(image: dict[str, Any]) -> str:
    return f"/api/v1/images/{image['id']}/decode"


def click(model_id: str, **more: Any) -> dict[str, Any]:
    return {"model_id": model_id, "points": [{"x": 30, "y": 20, "label": 1}]} | more


def test_a_prompt_is_decoded_and_its_logits_can_be_fed_back(
    client: httpx.Client, model_id: str, embedded: dict[str, Any]
) -> None:
    response = client.post(decode_url(embedded), json=click(model_id))
    assert response.status_code == 200, response.text
    decoded = response.json()
    assert decoded["model_id"] == model_id
    assert len(decoded["predicted_iou"]) == 4
    logits = np.frombuffer(base64.b64decode(decoded["low_res_logits"]), "<f2").reshape(4, 32, 32)
    assert np.isfinite(logits).all()
    assert client.post(decode_url(embedded), json=click(model_id)).json() == decoded

    fed_back = base64.b64encode(logits[0].tobytes()).decode()
    refined = client.post(decode_url(embedded), json=click(model_id, mask_input=fed_back)).json()
    assert refined["low_res_logits"] != decoded["low_res_logits"]
    boxed = {"model_id": model_id, "box": [5, 5, 40, 40]}
    assert client.post(decode_url(embedded), json=boxed).json()["low_res_logits"] != decoded["low_res_logits"]


def test_an_image_without_embedding_cannot_be_decoded_yet(client: httpx.Client, model_id: str, upload: Upload) -> None:
    image = upload(picture(seed=99))
    assert_problem(client.post(decode_url(image), json=click(model_id)), 409, "no embedding")


@pytest.mark.parametrize(
    "changes",
    [
        {"points": []},
        {"points": [{"x": 64.5, "y": 20, "label": 1}]},
        {"points": [{"x": -1, "y": 20, "label": 1}]},
        {"points": [{"x": 1, "y": 1, "label": 2}]},
        {"points": [{"x": 1, "y": 1, "label": 1}] * 2000},
        {"box": [40, 40, 5, 5]},
        {"box": [0, 0, 1000, 10]},
        {"box": [0, 0, 10]},
        {"mask_input": "not base64!"},
        {"mask_input": "AAAA"},
        {"mask_input": "é"},
        {"mask_input": base64.b64encode(np.full((32, 32), np.nan, "<f2").tobytes()).decode()},
        {"mask_input": base64.b64encode(np.zeros((64, 64), "<f2").tobytes()).decode()},
        {"colour": "red"},
    ],
)
def test_a_prompt_that_makes_no_sense_is_refused(
    client: httpx.Client, model_id: str, embedded: dict[str, Any], changes: dict[str, Any]
) -> None:
    response = client.post(decode_url(embedded), json=click(model_id, **changes))
    assert response.status_code == 422, response.text
    assert len(response.json()["detail"]) > 20


def test_progress_counts_and_names_what_failed(
    client: httpx.Client, model_id: str, project_id: str, embedded: dict[str, Any]
) -> None:
    url = f"/api/v1/projects/{project_id}/progress"
    assert client.get(url).json() == {
        "embedding": {"queued": 0, "running": 0, "done": 1, "failed": 0},
        "failures": [],
    }
    with unit_of_work() as uow:
        item = uow.session.scalars(select(JobItem).where(JobItem.image_id == uuid.UUID(embedded["id"]))).one()
        item.state, item.error = ItemState.FAILED, "The disk is full."
    failed = client.get(url).json()
    assert failed["embedding"]["failed"] == 1
    assert failed["failures"] == [{"image_id": embedded["id"], "file_name": "bird.png", "error": "The disk is full."}]
    again = client.post(f"{url}/retry").json()
    assert again["embedding"]["failed"] == 0
    assert_problem(client.get(f"/api/v1/projects/{uuid.uuid4()}/progress"), 404, "no project")
    assert_problem(client.post(f"/api/v1/projects/{uuid.uuid4()}/progress/retry"), 404, "no project")
