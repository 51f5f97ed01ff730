"""Models change while people click: no request fails, no mask mixes one model's embedding with another's decoder."""

import base64
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from itertools import permutations
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import onnx
import onnx.numpy_helper
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image as Pillow
from sqlalchemy import select

from engine.flow.run_item import run_item
from engine.inference.decoder import Decoder
from engine.inference.embedder import Embedder
from engine.inference.prompts import Point, Prompt
from engine.sam import Sam, build_sam
from engine.store.blobs import get_blobs
from engine.store.tables import ItemState, JobItem, Model, ModelState
from engine.store.unit_of_work import unit_of_work
from tests.api.deployment import Deployment, Upload, picture
from tests.fixtures.deployment import register

POINT = {"x": 30, "y": 20, "label": 1}
TURNS = 6
CLIENTS = 3


@dataclass
class Clicking:
    """What the clients met, together."""

    decoded: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    guard: threading.Lock = field(default_factory=threading.Lock)


@pytest.fixture(scope="module")
def models(
    deployment: Deployment, tiny_sam: Sam, tiny_graphs: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, tuple[Sam, Decoder]]:
    """Two models by their ids, the first one live; encoders and decoders of both are their own.

    Exporting a decoder takes long, so that of the second is the first one's with other numbers in it.
    """
    with torch.random.fork_rng():
        torch.manual_seed(7)
        other = build_sam(tiny_sam.config)
        with torch.no_grad():
            for parameter in other.parameters():
                parameter.add_(torch.randn_like(parameter) * 0.3)
    other.eval()
    folder = tmp_path_factory.mktemp("models")
    found: dict[str, tuple[Sam, Decoder]] = {}
    for name, sam, graphs in (
        ("one", tiny_sam, tiny_graphs),
        ("two", other, (with_other_numbers(tiny_graphs[0], folder), with_other_numbers(tiny_graphs[1], folder))),
    ):
        model = register(sam, folder, name)
        with unit_of_work() as uow:
            row = uow.session.get_one(Model, model.id)
            row.state = ModelState.LIVE if name == "one" else ModelState.CANDIDATE
            row.prepare_key, row.decode_key = (get_blobs().put(graph.read_bytes()) for graph in graphs)
        found[str(model.id)] = sam, Decoder(*graphs)
    return found


def with_other_numbers(graph: Path, folder: Path) -> Path:
    """The graph with its weights changed by a tenth."""
    model = onnx.load(graph)
    generator = np.random.default_rng(0)
    for weights in model.graph.initializer:
        values = onnx.numpy_helper.to_array(weights)
        if values.dtype == np.float32:
            changed = values * generator.normal(1, 0.1, values.shape).astype(np.float32)
            weights.CopyFrom(onnx.numpy_helper.from_array(changed, weights.name))
    onnx.save(model, folder / graph.name)
    return folder / graph.name


def answer(data: bytes, sam: Sam, decoder: Decoder) -> NDArray[np.float32]:
    """What an encoder and a decoder make of the click on an image."""
    pixels = np.array(Pillow.open(BytesIO(data)).convert("RGB"))
    prepared = decoder.prepare(Embedder(sam).embed(pixels).astype("<f2"))
    return decoder.decode(prepared, Prompt([Point(**POINT)], None), pixels.shape[:2]).low_res_logits


def answers(data: bytes, models: dict[str, tuple[Sam, Decoder]]) -> dict[str, NDArray[np.float32]]:
    """What each model makes of it, embedding and decoder its own. Any other pair would be noticed."""
    found = {model_id: answer(data, sam, decoder) for model_id, (sam, decoder) in models.items()}
    for mixed in permutations(models.values(), 2):
        for model_id in models:
            with pytest.raises(AssertionError):
                assert_made_by(model_id, answer(data, mixed[0][0], mixed[1][1]).ravel(), found)
    return found


def assert_made_by(model_id: str, logits: NDArray[np.float32], expected: dict[str, NDArray[np.float32]]) -> None:
    """Embedding and decoder are this model's: what any other pair makes is far off, half precision is not."""
    off = {each: float(np.abs(logits - answer.ravel()).mean()) for each, answer in expected.items()}
    assert all(off[model_id] < another / 5 for each, another in off.items() if each != model_id), off


def click(http: httpx.Client, image_id: str, model_id: str) -> NDArray[np.float32]:
    """As a page does: wait for the embedding, ask for masks."""
    while True:
        embedding = http.get(f"/api/v1/images/{image_id}/embedding", params={"model_id": model_id})
        if embedding.status_code == 200:
            break
        assert embedding.status_code == 202, embedding.text
        time.sleep(0.01)
    decoded = http.post(f"/api/v1/images/{image_id}/decode", json={"model_id": model_id, "points": [POINT]})
    assert decoded.status_code == 200, decoded.text
    assert decoded.json()["model_id"] == model_id
    return np.frombuffer(base64.b64decode(decoded.json()["low_res_logits"]), "<f2").astype(np.float32)


def running(target: Callable[[], None], clicking: Clicking) -> threading.Thread:
    def run() -> None:
        try:
            target()
        except Exception as error:  # noqa: BLE001 - the test reports it
            clicking.problems.append(f"{type(error).__name__}: {error}")
            clicking.over.set()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def work_off(clicking: Clicking) -> None:
    """The worker."""
    while not clicking.over.is_set():
        with unit_of_work(read_only=True) as uow:
            waiting = uow.session.scalars(
                select(JobItem.id)
                .where(JobItem.state.in_((ItemState.QUEUED, ItemState.SENT)))
                .order_by(JobItem.priority.desc())
                .limit(1)
            ).all()
        for item_id in waiting:
            run_item(item_id)
        if not waiting:
            time.sleep(0.01)


# Exporting a decoder takes seconds of processor time, more on a busy machine.
@pytest.mark.timeout(900)
def test_promotion_under_load(
    deployment: Deployment, client: httpx.Client, upload: Upload, models: dict[str, tuple[Sam, Decoder]]
) -> None:
    first, second = models
    clicking = Clicking()
    images: list[tuple[str, dict[str, NDArray[np.float32]]]] = []

    def add_image(seed: int) -> None:
        data = picture(seed=seed)
        expected = answers(data, models)
        images.append((upload(data, f"{seed}.png")["id"], expected))

    add_image(0)
    cookies = dict(client.cookies)

    def annotate(stays_with: str | None) -> None:
        """`stays_with`: a page that was opened before, and goes on with its model whatever is live."""
        with httpx.Client(base_url=deployment.url, cookies=cookies, timeout=60) as http:
            while not clicking.over.is_set():
                live: dict[str, Any] = http.get("/api/v1/models/live").raise_for_status().json()
                model_id = stays_with or live["id"]
                for graph in ("prepare_url", "decode_url"):
                    if stays_with is None:
                        http.get(live[graph]).raise_for_status()
                image_id, expected = images[-1]
                logits = click(http, image_id, model_id)
                assert_made_by(model_id, logits, expected)
                with clicking.guard:
                    clicking.decoded[model_id] += 1

    threads = [running(lambda: work_off(clicking), clicking)]
    threads += [running(lambda: annotate(None), clicking) for _ in range(CLIENTS)]
    threads.append(running(lambda: annotate(first), clicking))
    try:
        for turn in range(TURNS):
            add_image(turn + 1)
            wanted = second if turn % 2 == 0 else first
            if wanted == second:
                answer = client.post(f"/api/v1/models/{second}/promote")
            else:
                answer = client.post("/api/v1/models/rollback")
            assert answer.status_code == 200, answer.text
            assert answer.json()["id"] == client.get("/api/v1/models/live").json()["id"] == wanted
            reached = clicking.decoded[wanted] + 3
            while clicking.decoded[wanted] < reached and not clicking.over.is_set():
                time.sleep(0.01)
    finally:
        clicking.over.set()
        for thread in threads:
            thread.join()
    assert clicking.problems == []
    assert min(clicking.decoded.values()) >= 3


def test_a_model_that_does_not_exist_is_not_promoted(client: httpx.Client, models: dict[str, Any]) -> None:
    assert client.post(f"/api/v1/models/{uuid.uuid4()}/promote").status_code == 404
