"""A worker's sign of life for the run it trains, the curve on its way to the page, and how a wish to stop arrives."""

import json
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.exc import OperationalError

from engine.flow import retrain_feed
from engine.flow.heart import TakenAway
from engine.store.tables import RetrainPoint, RetrainState
from engine.store.unit_of_work import UnitOfWork, unit_of_work

BEAT_SECONDS = 2.0

_log = logging.getLogger(__name__)


class StopAsked(Exception):
    """Somebody stopped the run: what there is has to be kept, and the work to end."""


class RunHeart:
    """Beats for one attempt at one run, from a thread of its own, and passes on what the training writes down.

    `log` is the `log.jsonl` of the training, which may be in another process.
    """

    def __init__(self, run_id: UUID, attempt: int, log: Path) -> None:
        self.run_id, self.attempt = run_id, attempt
        self._log = log
        self._points: dict[int, dict[str, Any]] = {}
        self._stored: set[int] = set()
        self._step = 0
        self._steps: int | None = None
        self._over, self._stop_asked, self._taken_away = (threading.Event() for _ in range(3))
        self._beating = threading.Lock()

    @property
    def stop_asked(self) -> bool:
        """Whether somebody stopped the run."""
        return self._stop_asked.is_set()

    def wants_end(self) -> bool:
        """Whether the work should end, for whatever reason."""
        return self._stop_asked.is_set() or self._taken_away.is_set()

    def check(self) -> None:
        """Call it now and then while working. Raises TakenAway when the work is not wanted any more, StopAsked."""
        if self._taken_away.is_set():
            raise TakenAway
        if self._stop_asked.is_set():
            raise StopAsked

    def announce(self, steps: int) -> None:
        """How many steps there are to take."""
        self._steps = steps

    def note(self, step: int, values: dict[str, Any]) -> None:
        """A point of the curve, for work that keeps no log: measured at `step`, counted from 0."""
        self._points[step] = values

    def beat(self) -> None:
        """One beat: alive, this far, with these points. Whoever finishes the run beats last."""
        with self._beating:
            self._read_log()
            new = {step: values for step, values in self._points.items() if step not in self._stored}
            with unit_of_work() as uow:
                run = retrain_feed.held_run(uow, self.run_id, self.attempt)
                if run is None:
                    self._taken_away.set()
                    return
                if run.state is RetrainState.STOPPING:
                    self._stop_asked.set()
                retrain_feed.beat(run, self._step)
                run.steps = self._steps or run.steps
                _store(uow, self.run_id, new)
            self._stored.update(new)

    def beat_until_over(self) -> None:
        """One beat every `BEAT_SECONDS`."""
        while not self._over.wait(BEAT_SECONDS):
            try:
                self.beat()
            except OperationalError:
                _log.warning("could not record a heartbeat; the next one will", exc_info=True)

    def stop(self) -> None:
        self._over.set()

    def _read_log(self) -> None:
        if self._log.is_file():
            # All of it: a run that goes on writes its log anew up to where its state was saved.
            for line in self._log.read_text().splitlines(keepends=True):
                if line.endswith("\n"):
                    entry = json.loads(line)
                    self._points.setdefault(entry.pop("step"), _summed_up(entry))
        self._step = max(self._points, default=-1) + 1


def _summed_up(entry: dict[str, Any]) -> dict[str, Any]:
    """A log entry as a point: the mean loss, and the IoU after one click, two …, each of the batch of that step."""
    losses = entry.pop("loss")
    return {"loss": round(sum(losses) / len(losses), 6), "losses": losses, **entry}


def _store(uow: UnitOfWork, run_id: UUID, points: dict[int, dict[str, Any]]) -> None:
    """Points of an attempt in place of those that an earlier one stored at the same steps."""
    if points:
        uow.session.execute(
            delete(RetrainPoint).where(RetrainPoint.run_id == run_id, RetrainPoint.step.in_(list(points)))
        )
        uow.session.add_all(RetrainPoint(run_id=run_id, step=step, values=values) for step, values in points.items())


@contextmanager
def beating(run_id: UUID, attempt: int, log: Path) -> Iterator[RunHeart]:
    """Keeps the run alive while the block works on it."""
    heart = RunHeart(run_id, attempt, log)
    thread = threading.Thread(target=heart.beat_until_over, name=f"heart of run {run_id}", daemon=True)
    thread.start()
    try:
        yield heart
    finally:
        heart.stop()
        thread.join()
