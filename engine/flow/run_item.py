"""One image of a job, from its message to its result. Harmless when run twice, killed, or cut off from the database."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from engine.flow import jobs
from engine.flow.automatic_item import find_masks
from engine.flow.embed_item import embed_image
from engine.flow.export_item import export_image
from engine.flow.heart import TakenAway, beating
from engine.flow.item_work import ItemTask, Store, Work
from engine.flow.prefill import prefill_image
from engine.flow.reachable import when_reachable
from engine.store.tables import Image, Job, JobItem, JobKind, Model
from engine.store.unit_of_work import unit_of_work

WORK: dict[JobKind, Work] = {
    JobKind.EMBED: embed_image,
    JobKind.AUTOMATIC: find_masks,
    JobKind.PREFILL: prefill_image,
    JobKind.EXPORT: export_image,
}

_log = logging.getLogger(__name__)


def run_item(item_id: UUID) -> None:
    """Do what a job item asks for; a no-op when it is done, called back, or another worker is at it.

    The work itself happens outside a transaction. Killed at any moment, it leaves an item that is sent again. While
    the database cannot be reached it waits, so that neither the message nor what was made or went wrong is lost.
    """
    claimed = when_reachable(lambda: _claim(item_id))
    if claimed is None:
        return
    task, attempt = claimed
    with _recording_failure(item_id, attempt), beating(item_id, attempt) as heart:
        store = WORK[task.job.kind](task, heart)
        when_reachable(lambda: _finish(item_id, attempt, store))


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
        reason = error
        when_reachable(lambda: _record_failure(item_id, attempt, reason))
        raise


def _record_failure(item_id: UUID, attempt: int, reason: Exception) -> None:
    with unit_of_work() as uow:
        jobs.record_failure(uow, item_id, attempt, reason)
