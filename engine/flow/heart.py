"""A worker's sign of life for the item it works on, and how work learns that it should stop."""

import logging
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from sqlalchemy.exc import OperationalError

from engine.flow import jobs
from engine.settings import get_settings
from engine.store.unit_of_work import unit_of_work

BEAT_SECONDS = 5.0
_TOO_SLOW = 75
"""Exit status of a worker that gave an image up; whoever supervises it starts another."""

_log = logging.getLogger(__name__)


class TakenAway(Exception):
    """The item was cancelled, deleted or given to another worker: what is left of the work is for nothing."""


class Heart:
    """Beats for one attempt at one item, from a thread of its own."""

    def __init__(self, item_id: UUID, attempt: int) -> None:
        self.item_id, self.attempt = item_id, attempt
        self._over = threading.Event()
        self._taken_away = threading.Event()

    def check(self) -> None:
        """Call it now and then while working. Raises TakenAway when the work is not wanted any more."""
        if self._taken_away.is_set():
            raise TakenAway

    def beat_until_over(self, limit: float) -> None:
        """One beat every `BEAT_SECONDS`. Past `limit` seconds the image fails, and the process with it."""
        began = time.monotonic()
        while not self._over.wait(BEAT_SECONDS):
            try:
                if time.monotonic() - began > limit:
                    self._give_up(limit)
                with unit_of_work() as uow:
                    held = jobs.beat(uow, self.item_id, self.attempt)
            except OperationalError:
                _log.warning("could not record a heartbeat; the next one will", exc_info=True)
            else:
                if not held:
                    self._taken_away.set()

    def stop(self) -> None:
        self._over.set()

    def _give_up(self, limit: float) -> None:
        """Fail the image and end the process: native code that does not come back cannot be interrupted otherwise."""
        sentence = (
            f"Working on this image took longer than {limit / 60:g} minutes. Retry it with other settings, or raise "
            "MASKLOOP_IMAGE_TIME_LIMIT."
        )
        with unit_of_work() as uow:
            jobs.record_failure(uow, self.item_id, self.attempt, jobs.TookTooLong(sentence))
        _log.error("giving up item %s after %g s; this worker ends", self.item_id, limit)
        logging.shutdown()
        os._exit(_TOO_SLOW)


@contextmanager
def beating(item_id: UUID, attempt: int) -> Iterator[Heart]:
    """Keeps the item alive while the block works on it."""
    heart = Heart(item_id, attempt)
    limit = float(get_settings().image_time_limit)
    thread = threading.Thread(target=heart.beat_until_over, args=[limit], name=f"heart of {item_id}", daemon=True)
    thread.start()
    try:
        yield heart
    finally:
        heart.stop()
        thread.join()
