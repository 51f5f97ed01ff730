"""Who runs with a data folder: at most one `maskloop up`, and how other commands find out where it listens."""

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TextIO

from engine.errors import Conflict

# Seconds for which a lock may be that of somebody who only looks (`find_running`), however busy the machine.
_LOOKED_AT = 2.0
_POLL = 0.02


@dataclass(frozen=True)
class Running:
    """A `maskloop up` that answers requests: its process and the address people open."""

    pid: int
    url: str


class DataFolderTaken(Conflict):
    """Another `maskloop up` has this data folder."""


class HeldFolder:
    """A data folder that this process holds; `publish` tells other commands where it listens."""

    def __init__(self, lock: TextIO) -> None:
        self._lock = lock

    def publish(self, url: str) -> None:
        json.dump(asdict(Running(os.getpid(), url)), self._lock)
        self._lock.flush()


@contextlib.contextmanager
def hold(data: Path) -> Iterator[HeldFolder]:
    """Holds the data folder for this process: two supervisors would start two workers on one queue.

    Raises DataFolderTaken. The lock goes with the process, however it ends.
    """
    with _lock_file(data).open("a+") as lock:
        _lock(lock, data)
        lock.truncate(0)
        yield HeldFolder(lock)


def _lock(lock: TextIO, data: Path) -> None:
    deadline = time.monotonic() + _LOOKED_AT
    while True:
        try:
            return fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise DataFolderTaken(
                    f"maskloop is running with the data folder {data} already, or starting at this moment."
                ) from None
            time.sleep(_POLL)


def find_running(data: Path) -> Running | None:
    """The `maskloop up` that has this data folder, if there is one and it has finished starting."""
    if not _lock_file(data).exists():
        return None
    with _lock_file(data).open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            published = _lock_file(data).read_text()
            return Running(**json.loads(published)) if published else None
    return None


def _lock_file(data: Path) -> Path:
    return data / "maskloop.lock"
