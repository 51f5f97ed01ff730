"""One image of a job, from its message to its result. Harmless when run twice, killed, or cut off from the database."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar
from uuid import UUID

from sqlalchemy.exc import OperationalError

from engine.flow import jobs
from engine.flow.automatic_item import find_masks
from engine.flow.embed_item import embed_image
from engine.flow.export_item import export_image
from engine.flow.heart import TakenAway, beating
from engine.flow.item_work import ItemTask, Store, Work
from engine.flow.prefill import prefill_image
from engine.store.tables import Image, Job, JobItem, JobKind, Model
from engine.store.unit_of_work import unit_of_work

WORK: dict[JobKind, Work] = {
    JobKind.EMBED: embed_image,
    JobKind.AUTOMATIC: find_masks,
    JobKind.PREFILL: prefill_image,
    JobKind.EXPORT: export_image,
}

_STORE_DELAYS = (1, 2, 4, 8, 15, 30, 30, 30)
"""Seconds between tries to store finished work while the database cannot be reached: two minutes in all."""

_log = logging.getLogger(__name__)
Result = TypeVar("Result")


def run_item(item_id: UUID) -> None:
    """Do what a job item asks for; a no-op when it is done, called back, or another worker is at it.

    The work itself happens outside a transaction. Killed at any moment, it leaves an item that is sent again.
    """
    claimed = _claim(item_id)
    if claimed is None:
        return
    task, attempt = claimed
    with _recording_failure(item_id, attempt), beating(item_id, attempt) as heart:
        store = WORK[task.job.kind](task, heart)
        _when_reachable(lambda: _finish(item_id, attempt, store))


def _claim(item_id: UUID) -> tuple[ItemTask, int] | None:
    with unit_of_work() as uow:
        item = jobs.claim(uow, item_id)
        if item is None:
            return None
        job = uow.session.get_one(Job, item.job_id)
        image = uow.session.get_one(Image, item.image_id)
        model = None if job.model_id is None else uow.session.get_one(Model, job.model_id)
        return ItemTask(item_id, job, image, model), item.attempts


def _finish(item_id: UUID, attempt: int, store: Store) -> None:
    with unit_of_work() as uow:
        item: JobItem | None = jobs.held_item(uow, item_id, attempt)
        if item is None:
            _log.info("item %s was taken away; what was made for it is dropped", item_id)
            return
        jobs.finish(uow, item, store(uow))


@contextmanager
def _recording_failure(item_id: UUID, attempt: int) -> Iterator[None]:
    """Writes what went wrong to the item, and lets the worker log it."""
    try:
        yield
    except TakenAway:
        _log.info("item %s was taken away while it was worked on", item_id)
    except Exception as error:
        with unit_of_work() as uow:
            jobs.record_failure(uow, item_id, attempt, error)
        raise


def _when_reachable(write: Callable[[], Result]) -> Result:
    """`write`, tried again for two minutes while the database cannot be reached, so that the work is not in vain."""
    for delay in _STORE_DELAYS:
        try:
            return write()
        except OperationalError:
            _log.warning("the database cannot be reached; trying again in %d s", delay, exc_info=True)
            time.sleep(delay)
    return write()
