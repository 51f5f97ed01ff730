"""Real workers, really killed."""

import math
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from engine.flow.embed import embedding_progress, embedding_state, request_embedding
from engine.flow.jobs import resend_lost
from engine.settings import Settings
from engine.store.blobs import get_blobs
from engine.store.tables import Embedding, ItemState, JobItem, Model, Project, User, utc_now
from engine.store.unit_of_work import unit_of_work
from tests.fixtures.deployment import add_image
from tests.workers.conftest import Worker, count, wait_until

Start = Callable[..., Worker]


def test_nothing_is_missing_or_doubled_after_kill_9(
    project: Project, owner: User, model: Model, start: Start, broker: str
) -> None:
    images = [add_image(project, owner, seed) for seed in range(6)]
    for finished in (1, 2):
        worker = start()
        # One more attempt than items done and killed: the one at work now.
        wait_until(lambda: attempts() >= 2 * finished and count(ItemState.RUNNING) == 1, worker)  # noqa: B023
        worker.kill()
        if broker == "redis":
            # With several workers only silence tells that one is dead; let a minute of it pass.
            with unit_of_work() as uow:
                long_ago = utc_now() - timedelta(minutes=2)
                uow.session.execute(update(JobItem).values(heartbeat_at=long_ago, sent_at=long_ago))
            with unit_of_work() as uow:
                assert resend_lost(uow, older_than=timedelta(minutes=1)) >= 1
    worker = start()
    wait_until(lambda: count(ItemState.DONE) == len(images), worker)
    assert worker.stop() == 0
    with unit_of_work() as uow:
        made = uow.session.scalars(select(Embedding)).all()
        items = uow.session.scalars(select(JobItem)).all()
    assert sorted(embedding.image_id for embedding in made) == sorted(image.id for image in images)
    assert {item.state for item in items} == {ItemState.DONE}
    assert all(len(get_blobs().get(embedding.blob_key)) == 2 * math.prod(embedding.shape) for embedding in made)
    assert sum(item.attempts for item in items) in range(len(images), len(images) + 3)


@pytest.mark.parametrize("broker", ["folder"], indirect=True)
def test_an_image_that_kills_the_worker_fails_with_a_sentence(
    project: Project, owner: User, model: Model, start: Start
) -> None:
    image = add_image(project, owner)
    for attempt in (1, 2, 3):
        worker = start()
        wait_until(lambda: attempts() == attempt and count(ItemState.RUNNING) == 1, worker)  # noqa: B023
        worker.kill()
    worker = start()
    wait_until(lambda: count(ItemState.FAILED) == 1, worker)
    with unit_of_work() as uow:
        state = embedding_state(uow, image.id, model.id)
    assert state.error is not None
    assert "stopped 3 times" in state.error


def test_an_opened_image_comes_first(project: Project, owner: User, model: Model, start: Start) -> None:
    images = [add_image(project, owner, seed) for seed in range(4)]
    with unit_of_work() as uow:
        request_embedding(uow, images[3], model, urgent=True)
    worker = start()
    wait_until(lambda: count(ItemState.DONE) == 4, worker)
    with unit_of_work() as uow:
        order = uow.session.scalars(select(Embedding.image_id).order_by(Embedding.created_at)).all()
    assert list(order) == [images[3].id, images[0].id, images[1].id, images[2].id]


def test_a_damaged_file_fails_alone(
    project: Project, owner: User, model: Model, start: Start, settings: Settings
) -> None:
    damaged, whole = (add_image(project, owner, seed) for seed in (1, 2))
    path = get_blobs().local_path(damaged.original_key)
    assert path is not None
    path.write_bytes(path.read_bytes()[:60])
    worker = start()
    wait_until(lambda: count(ItemState.DONE, ItemState.FAILED) == 2, worker)
    with unit_of_work() as uow:
        progress = embedding_progress(uow, project.id)
        assert embedding_state(uow, whole.id, model.id).state == "done"
    assert [failure.image_id for failure in progress.failures] == [damaged.id]
    assert "damaged" in progress.failures[0].error


def test_a_worker_told_to_stop_finishes_what_it_has_in_hand(
    project: Project, owner: User, model: Model, start: Start
) -> None:
    for seed in range(3):
        add_image(project, owner, seed)
    worker = start()
    wait_until(lambda: count(ItemState.RUNNING) == 1, worker)
    assert worker.stop() == 0
    assert count(ItemState.RUNNING) == 0
    with unit_of_work() as uow:
        attempts = uow.session.scalars(select(JobItem.attempts).where(JobItem.state == ItemState.DONE)).all()
    assert attempts
    assert set(attempts) == {1}


def attempts() -> int:
    with unit_of_work(read_only=True) as uow:
        return sum(uow.session.scalars(select(JobItem.attempts)))
