"""`kill -9` of the worker while it embeds: it comes back, and nothing is missing or doubled."""

import io
import os
import signal

import httpx
import numpy as np
from PIL import Image

from engine.training.scenes import generate_scene
from tests.e2e.running_maskloop import E2E, RunningMaskloop, until

pytestmark = E2E
IMAGES = 6


def test_a_worker_killed_while_embedding_comes_back_and_every_image_is_embedded_once(
    deployment: RunningMaskloop,
) -> None:
    with deployment.client() as client:
        until(lambda: client.get("/models/live").status_code == 200, "the live model")
        project = client.post("/projects", json={"name": "Interrupted"}).json()["id"]
        for seed in range(IMAGES):
            upload = {"file": (f"scene-{seed}.png", scene(seed), "image/png")}
            client.post(f"/projects/{project}/images", files=upload).raise_for_status()

        until(lambda: 1 <= progress(client, project)["done"] < IMAGES, "some images but not all to be embedded")
        killed = deployment.process_ids("-m workers")
        for process in killed:
            os.kill(process, signal.SIGKILL)
        until(lambda: "The worker process was killed (SIGKILL)" in deployment.said(), "the terminal to say so")

        until(lambda: progress(client, project)["done"] == IMAGES, "all images to be embedded")
        assert progress(client, project) == {"queued": 0, "running": 0, "done": IMAGES, "failed": 0}
        assert not set(deployment.process_ids("-m workers")) & set(killed)
        images = client.get(f"/projects/{project}/images").json()["items"]
        model = client.get("/models/live").json()["id"]
        for image in images:
            embedding = client.get(f"/images/{image['id']}/embedding", params={"model_id": model})
            assert embedding.status_code == 200
            assert np.isfinite(np.frombuffer(embedding.content, "<f2").astype(np.float32)).all()

    doubled = "SELECT image_id FROM embedding GROUP BY image_id, model_id HAVING count(*) > 1"
    assert deployment.query(doubled) == []


def scene(seed: int) -> bytes:
    file = io.BytesIO()
    Image.fromarray(generate_scene(100 + seed, (480, 640)).image).save(file, "PNG")
    return file.getvalue()


def progress(client: httpx.Client, project: str) -> dict[str, int]:
    return client.get(f"/projects/{project}/progress").json()["embedding"]
