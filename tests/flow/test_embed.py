"""The life of an embedding's job item, step by step, without a broker: what is sent is in the outbox."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy import Engine, func, select, update

from engine.errors import InvalidImage
from engine.flow import jobs
from engine.flow.embed import (
    EmbeddingState,
    embedding_progress,
    embedding_state,
    get_embedding,
    request_embedding,
    retry_failed,
)
from engine.flow.embed_order import request_in_order
from engine.flow.images import delete_image, list_images
from engine.flow.import_image import load_rgb
from engine.flow.run_item import run_item
from engine.inference import encoder
from engine.inference.embedder import Embedder
from engine.sam import Sam
from engine.store.tables import (
    Embedding,
    Image,
    ItemState,
    Job,
    JobItem,
    JobKind,
    JobState,
    Model,
    Project,
    User,
    utc_now,
)
from engine.store.unit_of_work import unit_of_work
from tests.fixtures.deployment import add_image
from tests.flow.conftest import Outbox


def state_of(image: Image, model: Model) -> EmbeddingState:
    with unit_of_work(read_only=True) as uow:
        return embedding_state(uow, image.id, model.id)


def ask(image: Image, model: Model, urgent: bool = False) -> EmbeddingState:
    with unit_of_work() as uow:
        return request_embedding(uow, image, model, urgent)


def take_ids(outbox: Outbox) -> list[UUID]:
    return [UUID(item_id) for _, item_id in outbox.take()]


def test_an_imported_image_is_sent_and_embedded_once(
    project: Project,
    owner: User,
    model: Model,
    outbox: Outbox,
    tiny_sam: Sam,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Half precision would round the weights that went through a file in other places.
    monkeypatch.setattr(encoder, "native_half_precision", lambda device: None)
    image = add_image(project, owner)
    assert state_of(image, model) == EmbeddingState("queued", position=0)
    (item_id,) = take_ids(outbox)
    for _ in range(2):
        run_item(item_id)
    assert state_of(image, model) == EmbeddingState("done")
    with unit_of_work() as uow:
        data = get_embedding(uow, image.id, model.id)
        (row,) = uow.session.scalars(select(Embedding))
        assert uow.session.scalars(select(Job)).one().state is JobState.FINISHED
    assert data is not None
    features = np.frombuffer(data, "<f2").reshape(row.shape)
    expected = Embedder(tiny_sam).embed(load_rgb(image))
    np.testing.assert_allclose(features.astype(float), expected.astype(float), atol=0.02)


def test_asking_again_sends_nothing(project: Project, owner: User, model: Model, outbox: Outbox) -> None:
    image = add_image(project, owner)
    outbox.take()
    for _ in range(3):
        assert ask(image, model).state == "queued"
    assert outbox.take() == []


def test_nothing_is_sent_before_the_commit(image: Image, model: Model, outbox: Outbox) -> None:
    with pytest.raises(KeyError), unit_of_work() as uow:
        request_embedding(uow, image, model)
        raise KeyError
    assert outbox.take() == []
    assert state_of(image, model).state == "none"


def test_an_opened_image_is_put_in_front_once(project: Project, owner: User, model: Model, outbox: Outbox) -> None:
    images = [add_image(project, owner, seed) for seed in range(4)]
    ids = take_ids(outbox)
    assert [state_of(image, model).position for image in images] == [0, 1, 2, 3]
    assert ask(images[3], model, urgent=True) == EmbeddingState("queued", position=0)
    ask(images[3], model, urgent=True)
    assert outbox.take() == [("embed_front", str(ids[3]))]
    assert [state_of(image, model).position for image in images] == [1, 2, 3, 0]
    run_item(ids[3])
    # The message sent first finds nothing left to do.
    run_item(ids[3])
    assert state_of(images[3], model).state == "done"
    with unit_of_work() as uow:
        assert uow.session.scalar(select(func.count()).select_from(Embedding)) == 1


def test_only_a_window_of_a_large_batch_is_sent_and_the_rest_follows(
    project: Project, owner: User, model: Model, outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(jobs.ROUTES, JobKind.EMBED, replace(jobs.ROUTES[JobKind.EMBED], window=2))
    images = [add_image(project, owner, seed) for seed in range(5)]
    first = take_ids(outbox)
    assert len(first) == 2
    assert ask(images[4], model, urgent=True).position == 0
    ((queue, urgent),) = outbox.take()
    assert queue == "embed_front"
    run_item(UUID(urgent))
    assert outbox.take() == []  # the window is still full
    seen = first.copy()
    for item_id in seen:
        run_item(item_id)
        seen.extend(take_ids(outbox))
    assert len(set(seen)) == len(seen) == 4
    with unit_of_work() as uow:
        progress = embedding_progress(uow, project.id)
    assert (progress.queued, progress.running, progress.done, progress.failed) == (0, 0, 5, 0)


def test_images_imported_before_the_first_model_are_embedded_when_it_is_there(
    project: Project, image: Image, model: Model, outbox: Outbox
) -> None:
    assert state_of(image, model).state == "none"
    for _ in range(2):
        with unit_of_work() as uow:
            request_in_order(uow, model)
    assert len(outbox.take()) == 1
    assert state_of(image, model).state == "queued"


def test_an_item_at_work_is_not_begun_twice(project: Project, owner: User, model: Model, outbox: Outbox) -> None:
    image = add_image(project, owner)
    (item_id,) = take_ids(outbox)
    with unit_of_work() as uow:
        assert jobs.claim(uow, item_id) is not None
    with unit_of_work() as uow:
        assert jobs.claim(uow, item_id) is None
    assert state_of(image, model).state == "running"
    assert ask(image, model, urgent=True).state == "running"
    assert outbox.take() == []


def test_what_lost_its_worker_is_sent_again(project: Project, owner: User, model: Model, outbox: Outbox) -> None:
    add_image(project, owner)
    (item_id,) = take_ids(outbox)
    with unit_of_work() as uow:
        jobs.claim(uow, item_id)
    with unit_of_work() as uow:
        assert jobs.resend_lost(uow) == 0
    age("heartbeat_at", timedelta(minutes=2))
    with unit_of_work() as uow:
        assert jobs.resend_lost(uow) == 1
    assert take_ids(outbox) == [item_id]
    run_item(item_id)
    assert item(item_id).state is ItemState.DONE


def test_a_lost_message_is_sent_again(project: Project, owner: User, model: Model, outbox: Outbox) -> None:
    add_image(project, owner)
    (item_id,) = take_ids(outbox)
    with unit_of_work() as uow:
        assert jobs.resend_lost(uow) == 0
    age("sent_at", timedelta(hours=1))
    with unit_of_work() as uow:
        assert jobs.resend_lost(uow) == 1
    assert take_ids(outbox) == [item_id]


def test_a_beating_heart_keeps_an_item(project: Project, owner: User, model: Model, outbox: Outbox) -> None:
    add_image(project, owner)
    (item_id,) = take_ids(outbox)
    with unit_of_work() as uow:
        jobs.claim(uow, item_id)
    age("heartbeat_at", timedelta(minutes=2))
    with unit_of_work() as uow:
        assert jobs.beat(uow, item_id, 1)
    with unit_of_work() as uow:
        assert jobs.resend_lost(uow) == 0


def test_an_image_that_kills_the_worker_stops_after_three_attempts(
    project: Project, owner: User, model: Model, outbox: Outbox
) -> None:
    image = add_image(project, owner)
    (item_id,) = take_ids(outbox)
    for _ in range(3):
        with unit_of_work() as uow:
            assert jobs.claim(uow, item_id) is not None
        with unit_of_work() as uow:
            assert jobs.recover(uow, list(jobs.ROUTES)) == 1
        assert take_ids(outbox) == [item_id]
    run_item(item_id)
    failed = state_of(image, model)
    assert failed.state == "failed"
    assert failed.error is not None
    assert "stopped 3 times" in failed.error
    with unit_of_work() as uow:
        assert jobs.recover(uow, list(jobs.ROUTES)) == 0
        (failure,) = embedding_progress(uow, project.id).failures
    assert (failure.image_id, failure.file_name) == (image.id, "bird-0.png")


def test_a_failed_image_can_be_retried(project: Project, owner: User, model: Model, outbox: Outbox) -> None:
    image = add_image(project, owner)
    (item_id,) = take_ids(outbox)
    with unit_of_work() as uow:
        jobs.claim(uow, item_id)
    with unit_of_work() as uow:
        jobs.record_failure(uow, item_id, 1, InvalidImage("The image is damaged."))
    assert state_of(image, model) == EmbeddingState("failed", error="The image is damaged.")
    assert ask(image, model, urgent=True).state == "failed"
    with unit_of_work() as uow:
        assert retry_failed(uow, project.id) == 1
    assert take_ids(outbox) == [item_id]
    run_item(item_id)
    assert state_of(image, model).state == "done"


def test_an_unexpected_error_is_tried_three_times(project: Project, owner: User, model: Model, outbox: Outbox) -> None:
    image = add_image(project, owner)
    (item_id,) = take_ids(outbox)
    for attempt in (1, 2, 3):
        with unit_of_work() as uow:
            jobs.claim(uow, item_id)
        with unit_of_work() as uow:
            jobs.record_failure(uow, item_id, attempt, RuntimeError("no memory"))
        assert len(outbox.take()) == (0 if attempt == 3 else 1)
    failed = state_of(image, model)
    assert failed.error is not None
    assert "failed 3 times with RuntimeError: no memory" in failed.error


def test_an_image_deleted_while_it_waits_is_no_error(
    project: Project, owner: User, model: Model, outbox: Outbox
) -> None:
    image = add_image(project, owner)
    (item_id,) = take_ids(outbox)
    with unit_of_work() as uow:
        delete_image(uow, owner, image.id)
    run_item(item_id)
    with unit_of_work() as uow:
        assert uow.session.scalar(select(func.count()).select_from(Embedding)) == 0


def test_a_page_of_images_shows_their_states(project: Project, owner: User, model: Model, outbox: Outbox) -> None:
    for seed in range(3):
        add_image(project, owner, seed)
    ids = take_ids(outbox)
    run_item(ids[0])
    with unit_of_work(read_only=True) as uow:
        page = list_images(uow, project.id, 0, 10)
    assert [summary.embedding for summary in page.items] == [
        EmbeddingState("done"),
        EmbeddingState("queued", position=0),
        EmbeddingState("queued", position=1),
    ]


def test_before_the_first_model_all_images_are_waiting(database: Engine, project: Project, image: Image) -> None:
    with unit_of_work() as uow:
        progress = embedding_progress(uow, project.id)
        assert list_images(uow, project.id, 0, 1).items[0].embedding == EmbeddingState("none")
    assert (progress.queued, progress.done) == (1, 0)


def age(column: str, by: timedelta) -> None:
    with unit_of_work() as uow:
        uow.session.execute(update(JobItem).values({column: utc_now() - by}))


def item(item_id: UUID) -> JobItem:
    with unit_of_work() as uow:
        return uow.session.get_one(JobItem, item_id)
