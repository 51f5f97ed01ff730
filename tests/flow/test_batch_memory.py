"""A batch of 10,000 images needs no more memory than one of ten: only the rows at hand are ever held."""

import tracemalloc
from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, insert

from engine.flow import jobs
from engine.flow.batch_listing import summarize_batches
from engine.flow.batch_order import read_order
from engine.flow.batch_progress import batch_failures, batch_progress
from engine.flow.batches import list_batches, start_batch
from engine.flow.job_feed import resend_lost
from engine.store.tables import Image, ItemState, Job, JobItem, Project, User, utc_now
from engine.store.unit_of_work import unit_of_work
from tests.fixtures.deployment import make_owner, make_project
from tests.flow.batching import items
from tests.flow.conftest import Outbox

FEW, MANY = 10, 10_000
KB = 1024


@pytest.fixture
def owner(sqlite_database: Engine) -> User:
    return make_owner()


def project_of(owner: User, images: int) -> Project:
    """So many images, as rows only: an export batch asks for nothing else before it is worked on."""
    project = make_project(owner, f"{images} images")
    text = ("media_type", "original_key", "display_key", "display_media_type", "thumbnail_key")
    numbers = ("byte_size", "width", "height")
    fixed = {"project_id": project.id, "created_at": utc_now(), **dict.fromkeys(text, "x"), **dict.fromkeys(numbers, 1)}
    with unit_of_work() as uow:
        rows = [{"id": uuid4(), "sha256": str(i), "file_name": f"{i}.png", **fixed} for i in range(images)]
        uow.session.execute(insert(Image), rows)
    return project


def started(owner: User, project: Project) -> UUID:
    with unit_of_work() as uow:
        return start_batch(uow, owner, project.id, read_order({"kind": "export"})).id


def peak(work: Callable[[], object]) -> int:
    """Bytes that Python held at most while working, besides what it held before."""
    work()
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def look(job_id: UUID) -> None:
    """What the page, the event stream and the command line read."""
    with unit_of_work(read_only=True) as uow:
        batch_progress(uow, job_id)
        batch_failures(uow, job_id)
        summarize_batches(uow, list_batches(uow, None))


def work_on_three(job_id: UUID) -> None:
    """What workers and schedule do to the rows, but for the work itself."""
    with unit_of_work(read_only=True) as uow:
        sent = items(uow.session.get_one(Job, job_id), ItemState.SENT)
    for item in sent[:3]:
        with unit_of_work() as uow:
            claimed = jobs.claim(uow, item.id)
            assert claimed is not None
        with unit_of_work() as uow:
            held = jobs.held_item(uow, item.id, claimed.attempts)
            assert held is not None
            jobs.finish(uow, held, jobs.Outcome(1))
    with unit_of_work() as uow:
        resend_lost(uow)


def test_what_is_held_does_not_grow_with_the_batch(owner: User, outbox: Outbox) -> None:
    few, many = started(owner, project_of(owner, FEW)), started(owner, project_of(owner, MANY))
    with unit_of_work(read_only=True) as uow:
        assert uow.session.query(JobItem).filter_by(job_id=many).count() == MANY
    assert peak(lambda: look(many)) < peak(lambda: look(few)) + 100 * KB
    assert peak(lambda: work_on_three(many)) < peak(lambda: work_on_three(few)) + 500 * KB


def test_starting_holds_the_images_ids_and_nothing_else(owner: User, outbox: Outbox) -> None:
    few, many = project_of(owner, FEW), project_of(owner, MANY)
    more = peak(lambda: started(owner, many)) - peak(lambda: started(owner, few))
    # An id is some hundred bytes in Python, a row of the database in the making ten times as much.
    assert more < MANY * 300
