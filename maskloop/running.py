"""Who runs with a data folder: at most one `maskloop up`, and how the others find out where it listens."""

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Running:
    """A running `maskloop up`: its process and the address people open."""

    pid: int
    url: str


@contextlib.contextmanager
def hold(data: Path, url: str) -> Iterator[Running | None]:
    """Holds the data folder for this process and yields None; if another process has it, yields that one.

    Two supervisors on one folder would start two workers on one queue. The lock goes with the process, however it ends.
    """
    with lock_file(data).open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield read(data)
            return
        lock.truncate(0)
        json.dump(asdict(Running(os.getpid(), url)), lock)
        lock.flush()
        yield None


def find_running(data: Path) -> Running | None:
    """The `maskloop up` that has this data folder now, if one has."""
    if not lock_file(data).exists():
        return None
    with lock_file(data).open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return read(data)
    return None


def read(data: Path) -> Running:
    return Running(**json.loads(lock_file(data).read_text()))


def lock_file(data: Path) -> Path:
    return data / "maskloop.lock"
