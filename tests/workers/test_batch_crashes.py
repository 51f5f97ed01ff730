"""An automatic batch whose workers are killed at random moments comes to what an undisturbed one comes to."""

import random
import time
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, update

from engine.flow.jobs import resend_lost
from engine.sam import Sam
from engine.store.tables import ItemState, JobItem, JobState, Model, Project, User, utc_now
from engine.store.unit_of_work import unit_of_work
from tests.fixtures.deployment import register
from tests.flow.batching import items, state
from tests.flow.batching import start as start_batch
from tests.workers.conftest import wait_until
from tests.workers.undisturbed import QUEUES, SETTINGS, Start, assert_same, done_undisturbed, wait_until_finished


@pytest.fixture
def model(sqlite_database: Engine, tiny_sam: Sam, tmp_path: Path) -> Model:
    return register(tiny_sam, tmp_path)


@pytest.mark.timeout(900)
def test_kill_9_loses_and_doubles_nothing(
    owner: User, project: Project, model: Model, start: Start, broker: str
) -> None:
    outlast_kills(owner, project, start, broker, images=12, kills=2)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_ten_kills_in_forty_images_lose_and_double_nothing(
    owner: User, project: Project, model: Model, start: Start, broker: str
) -> None:
    outlast_kills(owner, project, start, broker, images=40, kills=10)


def outlast_kills(owner: User, project: Project, start: Start, broker: str, images: int, kills: int) -> None:
    undisturbed = done_undisturbed(owner, project, start, images)
    job = start_batch(owner, project, settings=SETTINGS)
    moments = random.Random(kills)
    for _ in range(kills):
        if state(job) == JobState.FINISHED:
            break
        done = len(items(job, ItemState.DONE))
        worker = start(*QUEUES)
        # Some way must be made between two kills: an image that ends a worker three times is given up.
        wait_until(lambda: len(items(job, ItemState.DONE)) > done, worker)  # noqa: B023
        time.sleep(moments.uniform(0, 0.3))
        worker.kill()
        if broker == "redis":
            let_a_minute_pass()
    worker = start(*QUEUES)
    wait_until_finished(job, worker)
    assert_same(job, project, undisturbed, images)


def let_a_minute_pass() -> None:
    """With several workers only silence tells that one is dead."""
    with unit_of_work() as uow:
        long_ago = utc_now() - timedelta(minutes=20)
        uow.session.execute(update(JobItem).values(heartbeat_at=long_ago, sent_at=long_ago))
    with unit_of_work() as uow:
        resend_lost(uow)
