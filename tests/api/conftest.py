"""A deployment of one's own behind a real HTTP server, and a person signed in to it."""

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.deployment import Deployment, Upload, deployed, picture


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A built page: what `vite build` leaves, in small."""
    folder = tmp_path_factory.mktemp("page") / "dist"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>maskloop</title>")
    (folder / "assets" / "index-4f2a.js").write_text("export const one = 1;\n" * 100)
    (folder.parent / "secret.txt").write_text("not for everyone")
    (folder / "assets" / "link.txt").symlink_to(folder.parent / "secret.txt")
    return folder


@pytest.fixture(scope="module")
def deployment(page: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """One for the tests of a module, which keep to projects of their own."""
    with deployed(page, {"MASKLOOP_DATA": str(tmp_path_factory.mktemp("deployment") / "data")}) as deployment:
        yield deployment


@pytest.fixture
def anyone(deployment: Deployment) -> Iterator[httpx.Client]:
    """A client nobody is signed in with."""
    with httpx.Client(base_url=deployment.url, timeout=60) as client:
        yield client


@pytest.fixture
def client(deployment: Deployment, anyone: httpx.Client) -> httpx.Client:
    """A client the owner is signed in with, by cookie."""
    response = anyone.post("/api/v1/sign-in", json={"token": deployment.sign_in_token()})
    assert response.status_code == 200, response.text
    return anyone


@pytest.fixture
def project_id(client: httpx.Client) -> str:
    response = client.post("/api/v1/projects", json={"name": "Birds"})
    assert response.status_code == 201, response.text
    return response.json()["id"]


@pytest.fixture
def upload(client: httpx.Client, project_id: str) -> Upload:
    def send(data: bytes | None = None, name: str = "bird.png") -> dict[str, Any]:
        response = client.post(
            f"/api/v1/projects/{project_id}/images", files={"file": (name, picture() if data is None else data)}
        )
        assert response.is_success, response.text
        return response.json()

    return send


@pytest.fixture
def image(upload: Upload) -> dict[str, Any]:
    """One uploaded image, 64 pixels wide and 48 high."""
    return upload()


@pytest.fixture
def mask_url(image: dict[str, Any]) -> str:
    """Where a mask of `image` that does not exist yet would be."""
    return f"/api/v1/images/{image['id']}/masks/{uuid.uuid4()}"
