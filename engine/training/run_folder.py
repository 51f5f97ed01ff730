"""A run's folder belongs to one run at a time."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.errors import Conflict
from engine.training.distributed import Process

LOCK = "run.lock"


@contextmanager
def alone_in(out: Path, process: Process) -> Iterator[None]:
    """Within the block, no other run writes to `out`, which is made if it is not there.

    The process that leads holds the folder; the kernel lets go of it when that process ends, however it ends. Raises
    Conflict.
    """
    if not process.leads:
        yield
        return
    out.mkdir(parents=True, exist_ok=True)
    with (out / LOCK).open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Conflict(
                f"Another run is writing to {out} at this moment. Stop it, or choose another folder."
            ) from None
        yield
