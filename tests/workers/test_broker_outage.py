"""A Redis that is killed in the middle of a batch forgets every message; the batch loses and doubles nothing."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, update

from engine.flow.broker import create_client, empty_queues, register_celery_sender
from engine.flow.dispatch import Queue, set_sender
from engine.flow.jobs import resend_lost
from engine.sam import Sam
from engine.settings import Settings, get_settings
from engine.store.tables import ItemState, JobItem, Model, Project, User, utc_now
from engine.store.unit_of_work import unit_of_work
from tests.fixtures.deployment import register
from tests.fixtures.redis_server import RedisServer
from tests.flow.batching import items
from tests.flow.batching import start as start_batch
from tests.workers.conftest import wait_until
from tests.workers.undisturbed import QUEUES, SETTINGS, Start, assert_same, done_undisturbed, wait_until_finished


@pytest.fixture
def redis_server(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[RedisServer]:
    """The deployment's broker, in the test's hands."""
    server = RedisServer()
    monkeypatch.setenv("MASKLOOP_BROKER_URL", server.url)
    get_settings.cache_clear()
    client = create_client()
    register_celery_sender(client)
    yield server
    set_sender(None)
    client.close()
    server.close()


@pytest.fixture
def broker(redis_server: RedisServer) -> str:
    return "redis"


@pytest.fixture
def model(sqlite_database: Engine, tiny_sam: Sam, tmp_path: Path) -> Model:
    return register(tiny_sam, tmp_path)


@pytest.mark.timeout(900)
def test_messages_that_redis_forgets_are_sent_again(
    owner: User, project: Project, model: Model, start: Start, redis_server: RedisServer
) -> None:
    undisturbed = done_undisturbed(owner, project, start, images=12)
    job = start_batch(owner, project, settings=SETTINGS)
    worker = start(*QUEUES)
    wait_until(lambda: len(items(job, ItemState.DONE)) >= 2, worker)
    redis_server.kill()
    done = len(items(job, ItemState.DONE))
    redis_server.start()
    # What the schedule does every half minute, as if the messages had been sent a minute ago.
    with unit_of_work() as uow:
        a_minute_ago = utc_now() - timedelta(minutes=1)
        uow.session.execute(update(JobItem).where(JobItem.state == ItemState.SENT).values(sent_at=a_minute_ago))
    empty = empty_queues(create_client())
    assert Queue.AUTOMATIC in empty
    with unit_of_work() as uow:
        assert resend_lost(uow, empty_queues=empty) >= 12 - done - 2
    wait_until_finished(job, worker)
    assert_same(job, project, undisturbed, images=12)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_restart_costs_a_minute_and_nothing_else(
    owner: User, project: Project, model: Model, start: Start, redis_server: RedisServer
) -> None:
    """Nobody helps: the worker's own schedule notices what was lost."""
    undisturbed = done_undisturbed(owner, project, start, images=40)
    job = start_batch(owner, project, settings=SETTINGS)
    worker = start("--queues", "io,automatic")
    wait_until(lambda: len(items(job, ItemState.DONE)) >= 10, worker)
    redis_server.kill()
    redis_server.start()
    wait_until_finished(job, worker)
    assert_same(job, project, undisturbed, images=40)
