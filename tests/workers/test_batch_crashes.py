"""An automatic batch whose workers are killed at random moments comes to what an undisturbed one comes to."""

import random
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, select, update

from engine.flow.jobs import resend_lost
from engine.sam import Sam
from engine.store.tables import (
    Image,
    ItemState,
    Job,
    JobItem,
    JobState,
    Mask,
    MaskVersion,
    Model,
    Project,
    User,
    utc_now,
)
from engine.store.unit_of_work import unit_of_work
from tests.fixtures.deployment import add_image, make_project, register
from tests.flow.batching import LENIENT, items, state
from tests.flow.batching import start as start_batch
from tests.workers.conftest import Worker, wait_until

Start = Callable[..., Worker]
QUEUES = ("--queues", "automatic", "--no-beat")
SETTINGS = LENIENT | {"points_per_side": 6, "points_per_batch": 1}
"""One point at a time, so that an image takes long enough to be killed at."""


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
    undisturbed = make_project(owner, "Undisturbed")
    for seed in range(images):
        add_image(project, owner, seed)
        add_image(undisturbed, owner, seed)
    expected = start_batch(owner, undisturbed, settings=SETTINGS)
    worker = start(*QUEUES)
    wait_until(lambda: state(expected) == JobState.FINISHED, worker)
    worker.kill()

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
    wait_until(lambda: state(job) == JobState.FINISHED, worker)

    assert {item.state for item in items(job)} == {ItemState.DONE}
    assert outcome(project) == outcome(undisturbed)
    with unit_of_work(read_only=True) as uow:
        made = {  # noqa: C416
            image_id: count
            for image_id, count in uow.session.execute(select(Mask.image_id, func.count()).group_by(Mask.image_id))
        }
        versions = uow.session.scalar(select(func.count()).select_from(MaskVersion))
        recorded = uow.session.scalar(select(func.sum(JobItem.mask_count)).join(Job).where(~Job.standing))
    assert len(made) == 2 * images
    assert sum(made.values()) == versions == recorded


def let_a_minute_pass() -> None:
    """With several workers only silence tells that one is dead."""
    with unit_of_work() as uow:
        long_ago = utc_now() - timedelta(minutes=20)
        uow.session.execute(update(JobItem).values(heartbeat_at=long_ago, sent_at=long_ago))
    with unit_of_work() as uow:
        resend_lost(uow)


def outcome(project: Project) -> list[tuple[Any, ...]]:
    """Every mask of a project but for what tells two equal runs apart."""
    with unit_of_work(read_only=True) as uow:
        rows = uow.session.execute(
            select(
                Image.file_name, Mask.counts, Mask.predicted_iou, Mask.stability_score, Mask.version, Mask.deleted_at
            )
            .join(Mask, Mask.image_id == Image.id)
            .where(Image.project_id == project.id, Mask.deleted_at.is_(None))
        )
        return sorted(tuple(row) for row in rows)
