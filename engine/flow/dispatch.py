"""How work leaves for the workers: by task name and ids, through a sender that the process registers at start.

`engine.flow` knows nothing of Celery. A process without a sender (a script, a test of the flow) sends nothing: the
rows it leaves behind are picked up by the workers' `resend_lost`.
"""

import enum
from typing import Protocol


class Queue(enum.StrEnum):
    """embed_front is for what somebody is waiting for; io for short work; the others for long batches."""

    EMBED_FRONT = "embed_front"
    EMBED = "embed"
    IO = "io"
    AUTOMATIC = "automatic"
    TRAIN = "train"


class Sender(Protocol):
    """Sends a message to a broker; must not raise when the broker is away (the rows are sent again later)."""

    def __call__(self, task_name: str, ids: dict[str, str], queue: str) -> None: ...


_sender: Sender | None = None


def set_sender(sender: Sender | None) -> None:
    """Register this process's sender; None for a process that sends nothing."""
    global _sender
    _sender = sender


def send(task_name: str, ids: dict[str, str], queue: Queue) -> None:
    """Send a task by name. Call it from `UnitOfWork.after_commit`, never before the commit."""
    if _sender is not None:
        _sender(task_name, ids, queue.value)
