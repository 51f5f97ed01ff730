"""A database that cannot be reached for a while in the middle of a batch costs that while, and nothing else."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from engine.errors import InvalidImage
from engine.flow import run_item as flow
from engine.flow.heart import Heart
from engine.flow.item_work import ItemTask, Store
from engine.sam import Sam
from engine.settings import Settings, get_settings
from engine.store.database import get_database
from engine.store.tables import ItemState, JobKind, JobState, Model, Project, User
from tests.fixtures.deployment import add_image, register
from tests.fixtures.outage import CutWire
from tests.flow.batching import items, state
from tests.flow.batching import start as start_batch
from tests.workers.conftest import wait_until
from tests.workers.undisturbed import QUEUES, SETTINGS, Start, assert_same, done_undisturbed, wait_until_finished


@pytest.fixture
def wire(postgresql_url: str) -> Iterator[CutWire]:
    """What leads to the database."""
    wire = CutWire(postgresql_url)
    yield wire
    wire.close()


@pytest.fixture
def deployed_database(settings: Settings, postgresql_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """PostgreSQL, which the test itself reaches without the wire."""
    monkeypatch.setenv("MASKLOOP_DATABASE_URL", postgresql_url)
    get_settings.cache_clear()
    database = get_database()
    yield database
    database.dispose()


@pytest.fixture
def model(deployed_database: Engine, tiny_sam: Sam, tmp_path: Path) -> Model:
    return register(tiny_sam, tmp_path)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("broker", ["redis"], indirect=True)
def test_a_batch_goes_on_when_the_database_is_back(
    owner: User, project: Project, model: Model, start: Start, wire: CutWire
) -> None:
    outlast(wire, 2, owner, project, start, images=12)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("broker", ["redis"], indirect=True)
def test_twenty_seconds_without_a_database_lose_and_double_nothing(
    owner: User, project: Project, model: Model, start: Start, wire: CutWire
) -> None:
    outlast(wire, 20, owner, project, start, images=40)


def outlast(wire: CutWire, seconds: float, owner: User, project: Project, start: Start, images: int) -> None:
    """Without a schedule that would send again what was lost: nothing is."""
    undisturbed = done_undisturbed(owner, project, start, images)
    job = start_batch(owner, project, settings=SETTINGS)
    worker = start(*QUEUES, environment={"MASKLOOP_DATABASE_URL": wire.url})
    wait_until(lambda: len(items(job, ItemState.DONE)) >= 2, worker)
    wire.cut()
    time.sleep(seconds)
    assert state(job) == JobState.RUNNING
    wire.mend()
    wait_until_finished(job, worker)
    assert_same(job, project, undisturbed, images)
    assert {item.attempts for item in items(job)} == {1}


@pytest.mark.parametrize("broker", ["folder"], indirect=True)
def test_a_failure_is_recorded_as_soon_as_the_database_is_back(
    owner: User, project: Project, model: Model, wire: CutWire, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_image(project, owner)
    job = start_batch(owner, project, settings=SETTINGS)
    (item,) = items(job)

    def fail_while_cut_off(_: ItemTask, __: Heart) -> Store:
        wire.cut()
        threading.Timer(0.2, wire.mend).start()
        raise InvalidImage("The image is damaged.")

    monkeypatch.setitem(flow.WORK, JobKind.AUTOMATIC, fail_while_cut_off)
    monkeypatch.setenv("MASKLOOP_DATABASE_URL", wire.url)
    get_settings.cache_clear()
    with pytest.raises(InvalidImage):
        flow.run_item(item.id)
    (item,) = items(job)
    assert (item.state, item.error) == (ItemState.FAILED, "The image is damaged.")
    assert state(job) == JobState.FINISHED
    get_database().dispose()
