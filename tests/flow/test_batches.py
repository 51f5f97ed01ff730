"""Batches from start to end without a broker: what they make, how they are steered, and that nothing is done twice."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from engine.errors import Conflict, InvalidInput, InvalidSetting, NotAllowed
from engine.flow import jobs
from engine.flow.annotate import mask_history, put_mask
from engine.flow.batch_estimate import Estimate, estimate_batch
from engine.flow.batch_order import read_order
from engine.flow.batch_progress import batch_counts, batch_failures, batch_progress
from engine.flow.batches import cancel_batch, change_batch, list_batches, pause_batch, resume_batch, retry_batch
from engine.flow.job_feed import ROUTES, resend_lost
from engine.flow.run_item import run_item
from engine.store.blobs import get_blobs
from engine.store.tables import Embedding, Image, ItemState, JobItem, Model, Project, Role, Stage, User, utc_now
from engine.store.unit_of_work import UnitOfWork, unit_of_work
from tests.fixtures.deployment import add_image
from tests.flow.batching import LENIENT, ids, items, masks_of, start, state, work_off
from tests.flow.conftest import Outbox
from tests.flow.masks import mask_content


def test_an_automatic_batch_stores_masks_with_every_threshold(
    project: Project, owner: User, model: Model, outbox: Outbox
) -> None:
    image = add_image(project, owner)
    job = start(owner, project, review=True)
    work_off(job)
    masks = masks_of(image)
    assert masks
    assert state(job) == "finished"
    for mask in masks:
        assert (mask.stage, mask.model_id, mask.job_id, mask.review) == (Stage.AUTOMATIC, model.id, job.id, "waiting")
        assert mask.job_settings == job.settings
        assert mask.prompts["points"][0]["label"] == 1
        assert mask.crop_box == [0, 0, 64, 48]
    assert {**job.settings, **LENIENT} == job.settings
    assert job.settings["crop_nms_thresh"] == 0.7
    with unit_of_work(read_only=True) as uow:
        (first,) = mask_history(uow, image.id, masks[0].id)
        assert batch_counts(uow, [job.id])[job.id].masks == len(masks)
    assert first.content["job_settings"] == job.settings


def test_a_message_that_comes_twice_changes_nothing(
    project: Project, owner: User, model: Model, outbox: Outbox
) -> None:
    image = add_image(project, owner)
    job = start(owner, project)
    (item,) = items(job)
    run_item(item.id)
    before = ids(masks_of(image))
    run_item(item.id)
    assert ids(masks_of(image, deleted=True)) == before
    assert items(job)[0].attempts == 1


def test_what_a_slow_worker_brings_after_another_one_took_over_is_dropped(
    project: Project, owner: User, model: Model, outbox: Outbox
) -> None:
    add_image(project, owner)
    (item,) = items(start(owner, project))
    with unit_of_work() as uow:
        jobs.claim(uow, item.id)
    with unit_of_work() as uow:
        uow.session.execute(update(JobItem).values(heartbeat_at=utc_now() - timedelta(minutes=5)))
    with unit_of_work() as uow:
        assert resend_lost(uow) == 1
    with unit_of_work() as uow:
        assert jobs.claim(uow, item.id) is not None
    with unit_of_work() as uow:
        assert jobs.held_item(uow, item.id, 1) is None
        assert jobs.held_item(uow, item.id, 2) is not None
        assert not jobs.beat(uow, item.id, 1)


def test_a_later_batch_replaces_what_nobody_touched(
    project: Project, owner: User, model: Model, outbox: Outbox
) -> None:
    image = add_image(project, owner)
    work_off(start(owner, project))
    touched, *untouched = masks_of(image)
    with unit_of_work() as uow:
        put_mask(uow, owner, image.id, touched.id, mask_content(stage=Stage.AUTOMATIC), 1)
    again = start(owner, project)
    work_off(again)
    kept = masks_of(image)
    assert touched.id in ids(kept)
    assert not set(ids(untouched)) & set(ids(kept))
    assert {mask.job_id for mask in kept} - {touched.job_id} == {again.id}
    with unit_of_work(read_only=True) as uow:
        assert [version.content["deleted"] for version in mask_history(uow, image.id, untouched[0].id)] == [False, True]


def test_the_selection_is_what_was_asked(project: Project, owner: User, model: Model, outbox: Outbox) -> None:
    images = [add_image(project, owner, seed) for seed in range(4)]
    with unit_of_work() as uow:
        put_mask(uow, owner, images[0].id, images[0].id, mask_content(), None)
    first = start(owner, project, selection={"name_contains": "BIRD-1"})
    assert [item.image_id for item in items(first)] == [images[1].id]
    work_off(first)
    assert chosen(owner, project, annotated=True) == {images[0].id, images[1].id}
    assert chosen(owner, project, annotated=False, limit=1) == {images[2].id}
    assert chosen(owner, project, not_done=True) == {images[0].id, images[2].id, images[3].id}
    assert chosen(owner, project, images_of=str(first.id)) == {images[1].id}


def chosen(owner: User, project: Project, **selection: object) -> set[object]:
    return {item.image_id for item in items(start(owner, project, selection=selection))}


def test_a_paused_batch_begins_nothing_and_goes_on_when_resumed(
    project: Project, owner: User, model: Model, outbox: Outbox
) -> None:
    for seed in range(3):
        add_image(project, owner, seed)
    job = start(owner, project)
    sent = items(job, ItemState.SENT)
    run_item(sent[0].id)
    with unit_of_work() as uow:
        pause_batch(uow, owner, job.id)
    for item in sent[1:]:
        run_item(item.id)
    assert len(items(job, ItemState.QUEUED)) == 2
    with unit_of_work() as uow:
        resume_batch(uow, owner, job.id)
    work_off(job)
    assert state(job) == "finished"
    assert {item.attempts for item in items(job)} == {1}


def test_a_cancelled_batch_stores_nothing_more_and_can_be_resumed(
    project: Project, owner: User, model: Model, outbox: Outbox
) -> None:
    images = [add_image(project, owner, seed) for seed in range(2)]
    job = start(owner, project)
    first, second = items(job, ItemState.SENT)
    with unit_of_work() as uow:
        claimed = jobs.claim(uow, first.id)
        assert claimed is not None
    with unit_of_work() as uow:
        cancel_batch(uow, owner, job.id)
        assert not jobs.beat(uow, first.id, 1)
        assert jobs.held_item(uow, first.id, 1) is None
    run_item(second.id)
    assert [masks_of(image) for image in images] == [[], []]
    assert state(job) == "cancelled"
    with unit_of_work() as uow, pytest.raises(Conflict):
        pause_batch(uow, owner, job.id)
    with unit_of_work() as uow:
        resume_batch(uow, owner, job.id)
    work_off(job)
    assert state(job) == "finished"
    assert all(masks_of(image) for image in images)


def test_no_more_than_the_limit_is_worked_on_at_a_time(
    project: Project, owner: User, model: Model, outbox: Outbox
) -> None:
    for seed in range(4):
        add_image(project, owner, seed)
    job = start(owner, project, concurrency=2)
    sent = items(job, ItemState.SENT)
    assert len(sent) == 2
    with unit_of_work() as uow:
        assert jobs.claim(uow, sent[0].id) is not None
    with unit_of_work() as uow:
        change_batch(uow, owner, job.id, concurrency=1)
    # The message of the second is on its way already; it has to wait all the same.
    run_item(sent[1].id)
    assert len(items(job, ItemState.DONE)) == 0
    with unit_of_work() as uow:
        item = jobs.held_item(uow, sent[0].id, 1)
        assert item is not None
        jobs.finish(uow, item, jobs.Outcome())
    work_off(job)
    assert state(job) == "finished"


def test_an_urgent_batch_goes_before_what_others_have_sent(
    project: Project, owner: User, model: Model, outbox: Outbox
) -> None:
    for seed in range(40):
        add_image(project, owner, seed)
    usual = start(owner, project)
    outbox.take()
    urgent = start(owner, project, priority="high", selection={"limit": 2})
    order = [item_id for queue, item_id in outbox.take() if queue == "automatic"]
    assert order[:2] == [str(item.id) for item in items(urgent)]
    under_way = len(items(usual, ItemState.SENT)) + len(items(urgent, ItemState.SENT))
    assert under_way == ROUTES[usual.kind].window


def test_failures_have_reasons_and_can_be_tried_again(
    project: Project, owner: User, model: Model, outbox: Outbox
) -> None:
    damaged, whole = (add_image(project, owner, seed) for seed in (1, 2))
    path = get_blobs().local_path(damaged.original_key)
    assert path is not None
    content = path.read_bytes()
    path.write_bytes(content[:60])
    job = start(owner, project)
    with pytest.raises(InvalidInput):
        work_off(job)
    work_off(job)
    with unit_of_work(read_only=True) as uow:
        (failure,) = batch_failures(uow, job.id)
        progress = batch_progress(uow, job.id)
    assert (failure.image_id, failure.file_name) == (damaged.id, "bird-1.png")
    assert "damaged" in failure.error
    assert (progress.counts.done, progress.counts.failed, progress.job.state) == (1, 1, "finished")
    assert progress.rate is not None
    assert {result.image_id for result in progress.latest} == {damaged.id, whole.id}
    path.write_bytes(content)
    with unit_of_work() as uow:
        assert retry_batch(uow, owner, job.id, [whole.id]) == 0
        assert retry_batch(uow, owner, job.id, [damaged.id]) == 1
    work_off(job)
    assert state(job) == "finished"
    assert masks_of(damaged)


def test_an_estimate_comes_from_what_images_have_cost(
    project: Project, owner: User, model: Model, outbox: Outbox
) -> None:
    for seed in range(3):
        add_image(project, owner, seed)
    order = read_order({"kind": "automatic", "settings": LENIENT})
    with unit_of_work(read_only=True) as uow:
        assert estimate_batch(uow, project.id, order).seconds is None
    job = start(owner, project, selection={"limit": 2})
    work_off(job)
    with unit_of_work() as uow:
        for item, seconds in zip(items(job), (2, 4), strict=True):
            began = utc_now()
            uow.session.execute(
                update(JobItem)
                .where(JobItem.id == item.id)
                .values(started_at=began, finished_at=began + timedelta(seconds=seconds))
            )
    with unit_of_work(read_only=True) as uow:
        estimate = estimate_batch(uow, project.id, order)
        stricter = estimate_with(uow, project, LENIENT | {"pred_iou_thresh": 0.5})
        other = estimate_with(uow, project, LENIENT | {"points_per_side": 6})
    assert (estimate.images, estimate.seconds_per_image, estimate.seconds) == (3, 3.0, 9.0)
    assert (estimate.same_settings, other.same_settings, other.measured_images) == (True, False, 2)
    assert (stricter.same_settings, stricter.seconds_per_image) == (False, 3.0)
    assert other.seconds_per_image == 12.0, "it asks the model four times as often"


def estimate_with(uow: UnitOfWork, project: Project, settings: dict[str, Any]) -> Estimate:
    return estimate_batch(uow, project.id, read_order({"kind": "automatic", "settings": settings}))


def test_a_batch_of_embeddings_makes_those_that_are_missing(
    project: Project, owner: User, image: Image, model: Model, outbox: Outbox
) -> None:
    job = start(owner, project, kind="embed")
    work_off(job)
    with unit_of_work(read_only=True) as uow:
        assert uow.session.scalars(select(Embedding.image_id)).all() == [image.id]
        assert [batch.id for batch in list_batches(uow, project.id)] == [job.id]
    with pytest.raises(InvalidInput, match="No image"):
        start(owner, project, kind="embed", selection={"not_done": True})


def test_orders_that_cannot_be_are_refused_with_a_sentence(
    project: Project, owner: User, image: Image, model: Model, outbox: Outbox
) -> None:
    with pytest.raises(InvalidInput, match="kind cannot be 'fly'"):
        read_order({"kind": "fly"})
    with pytest.raises(InvalidSetting, match="no setting 'points'"):
        start(owner, project, settings={"points": 3})
    with pytest.raises(InvalidInput, match="has no settings"):
        start(owner, project, kind="export", settings={"points": 3})
    annotator = User(name="Ann", role=Role.ANNOTATOR)
    with pytest.raises(NotAllowed):
        start(annotator, project)
    assert outbox.take() == []
