"""A deployment with real worker processes, over the folder broker and over a real Redis."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from engine.flow.broker import create_client, register_celery_sender
from engine.flow.dispatch import set_sender
from engine.sam import Sam
from engine.settings import Settings, get_settings
from engine.store.tables import ItemState, JobItem, Model, Project, User
from engine.store.unit_of_work import unit_of_work
from tests.fixtures.deployment import make_owner, make_project, register
from tests.fixtures.redis_server import RedisServer

PATIENCE = 300
"""Seconds: a busy machine may need minutes to start a worker."""


class Worker:
    """A worker process of this deployment; its log lies in the data folder."""

    def __init__(self, settings: Settings, *arguments: str, environment: Mapping[str, str]) -> None:
        self.log = settings.data / "worker.log"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "workers", *arguments],
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, "OMP_NUM_THREADS": "1", **environment},
            )

    def kill(self) -> None:
        """kill -9."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """Ask it to finish what it has in hand and go; the exit status."""
        self.process.terminate()
        return self.process.wait(PATIENCE)


def wait_until(
    condition: Callable[[], bool], worker: Worker | None = None, progress: Callable[[], object] = lambda: None
) -> None:
    """Poll until the condition holds. Fails with the worker's log when it dies or takes absurdly long.

    Patience begins anew whenever what `progress` tells changes.
    """
    deadline, before = time.monotonic() + PATIENCE, progress()
    while not condition():
        dead = worker is not None and worker.process.poll() is not None
        if dead or time.monotonic() > deadline:
            pytest.fail(worker.log.read_text() if worker else "waited in vain")
        time.sleep(0.05)
        if (now := progress()) != before:
            deadline, before = time.monotonic() + PATIENCE, now


def count(*states: ItemState) -> int:
    with unit_of_work(read_only=True) as uow:
        return len(uow.session.scalars(select(JobItem.id).where(JobItem.state.in_(states))).all())


@pytest.fixture(params=["folder", "redis"])
def broker(request: pytest.FixtureRequest, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The deployment's broker, and this process's way to send to it."""
    server = None
    if request.param == "redis":
        server = RedisServer()
        monkeypatch.setenv("MASKLOOP_BROKER_URL", server.url)
        get_settings.cache_clear()
    client = create_client()
    register_celery_sender(client)
    yield request.param
    set_sender(None)
    client.close()
    if server is not None:
        server.close()


@pytest.fixture
def deployed_database(sqlite_database: Engine) -> Engine:
    """What the tests' deployment runs on; a module that needs another kind says so."""
    return sqlite_database


@pytest.fixture
def owner(deployed_database: Engine, broker: str) -> User:
    return make_owner()


@pytest.fixture
def project(owner: User) -> Project:
    return make_project(owner)


@pytest.fixture
def model(deployed_database: Engine, small_sam: Sam, tmp_path: Path) -> Model:
    """A live model that takes long enough to be killed at work."""
    return register(small_sam, tmp_path)


@pytest.fixture
def start(settings: Settings) -> Iterator[Callable[..., Worker]]:
    """Starts worker processes that are gone after the test."""
    workers: list[Worker] = []

    def start_one(*arguments: str, environment: Mapping[str, str] | None = None) -> Worker:
        arguments = arguments or ("--queues", "embed_front,embed", "--no-beat")
        workers.append(Worker(settings, *arguments, environment=environment or {}))
        return workers[-1]

    yield start_one
    for worker in workers:
        worker.kill()
