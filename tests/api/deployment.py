"""A deployment behind a real HTTP server, and what the tests send to it."""

import io
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import uvicorn
from PIL import Image
from sqlalchemy import func, select

from api.app import create_app
from engine.flow.sign_in import create_link, create_owner_if_none
from engine.masks import rle
from engine.settings import get_settings
from engine.store.database import get_database
from engine.store.tables import Base
from engine.store.unit_of_work import unit_of_work
from migrations import upgrade


@dataclass
class Deployment:
    """A running server, where its data lies, and how many rows and blobs there are."""

    url: str
    data: Path

    def rows(self) -> dict[str, int]:
        with unit_of_work(read_only=True) as uow:
            return {
                table.name: uow.session.execute(select(func.count()).select_from(table)).scalar_one()
                for table in Base.metadata.sorted_tables
            }

    def blobs(self) -> set[Path]:
        folder = self.data / "blobs"
        return {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}

    def stored(self) -> tuple[dict[str, int], set[Path]]:
        return self.rows(), self.blobs()

    def sign_in_token(self) -> str:
        with unit_of_work() as uow:
            return create_link(uow, create_owner_if_none(uow))


@contextmanager
def serving(page: Path) -> Iterator[str]:
    """A real server on a free port, in a thread; yields its address."""
    config = uvicorn.Config(create_app(page), host="127.0.0.1", port=0, log_level="warning", ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive(), "The server did not start."
            time.sleep(0.005)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


@contextmanager
def deployed(page: Path, environment: dict[str, str]) -> Iterator[Deployment]:
    """A new deployment with these settings, its database built by the migrations."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("MASKLOOP_")]:
            patch.delenv(name)
        for name, value in environment.items():
            patch.setenv(name, value)
        get_settings.cache_clear()
        upgrade()
        database = get_database()
        with serving(page) as url:
            yield Deployment(url, get_settings().data)
        database.dispose()
    get_settings.cache_clear()


def picture(width: int = 64, height: int = 48, seed: int = 0, kind: str = "PNG") -> bytes:
    """An image file of seeded noise."""
    noise = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(noise).save(file, kind)
    return file.getvalue()


Upload = Callable[..., dict[str, Any]]


def mask_body(width: int = 64, height: int = 48, columns: slice = slice(10, 20), **changes: Any) -> dict[str, Any]:
    """A mask of some columns of the image, made with one click."""
    mask = np.zeros((height, width), dtype=bool)
    mask[5:30, columns] = True
    body: dict[str, Any] = {
        "segmentation": dict(rle.encode(mask)),
        "stage": "manual",
        "prompts": {"points": [{"x": 15.5, "y": 10, "label": 1}]},
        "active_ms": 1200,
        "idle_ms": 0,
    }
    return body | changes


def assert_problem(response: httpx.Response, status: int, says: str) -> dict[str, Any]:
    """The response is problem+json of that status whose detail holds `says`; returns it."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem["status"] == status
    assert problem["title"] and problem["type"].startswith("urn:maskloop:problem:")
    assert says.lower() in problem["detail"].lower()
    return problem
