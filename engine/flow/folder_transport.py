"""A message broker that is a folder: a kombu transport for the embedded deployment.

Kombu's own `filesystem` transport shows a message to readers before it is written, so that a consumer can read half
of one, and orders messages by a clock that restarts with the machine. Here each queue is a folder, a message appears
by a rename and is taken by a rename, and queues are emptied in the order they are consumed in, the urgent one first.
A message taken by a process that dies is gone: the database remembers what was sent (`engine.flow.jobs`).
"""

import logging
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from queue import Empty
from typing import Any

from kombu.transport import virtual
from kombu.utils.json import dumps, loads

_log = logging.getLogger(__name__)


class Channel(virtual.Channel):
    """`transport_options["folder"]` names the folder; it is created when first used."""

    supports_fanout = False

    def _put(self, queue: str, message: dict[str, Any], **_: Any) -> None:
        name = f"{time.time_ns():020d}-{uuid.uuid4().hex}.json"
        partial = self._folder("incoming") / name
        partial.write_text(dumps(message))
        partial.rename(self._queue_folder(queue) / name)

    def _get(self, queue: str, timeout: float | None = None) -> dict[str, Any]:  # noqa: ARG002
        for message in self._messages(queue):
            taken = self._folder("taken") / message.name
            try:
                message.rename(taken)
            except FileNotFoundError:
                # Another worker was faster.
                continue
            text = taken.read_text()
            taken.unlink()
            try:
                return loads(text)
            except ValueError:
                # A power cut can leave a file without its content; its job item is sent again.
                _log.warning("dropped a message that cannot be read: %s", message)
        raise Empty

    def _poll(
        self,
        cycle: Any,  # noqa: ARG002
        callback: Callable[..., None],
        timeout: float | None = None,  # noqa: ARG002
    ) -> None:
        for queue in list(self._active_queues):
            try:
                return self._get_and_deliver(queue, callback)
            except Empty:
                continue
        raise Empty

    def _size(self, queue: str) -> int:  # pyright: ignore[reportIncompatibleMethodOverride]
        return len(self._messages(queue))

    def _purge(self, queue: str) -> int:
        messages = self._messages(queue)
        for message in messages:
            message.unlink(missing_ok=True)
        return len(messages)

    def _delete(self, queue: str, *_: Any, **__: Any) -> None:
        self._purge(queue)

    def _messages(self, queue: str) -> list[Path]:
        """Oldest first."""
        return sorted(self._queue_folder(queue).iterdir())

    def _queue_folder(self, queue: str) -> Path:
        return self._folder("queues", queue)

    def _folder(self, *parts: str) -> Path:
        folder = Path(self.connection.client.transport_options["folder"], *parts)
        folder.mkdir(parents=True, exist_ok=True)
        return folder


class Transport(virtual.Transport):
    """Queues as folders, one file per message."""

    Channel = Channel
    implements = virtual.Transport.implements.extend(exchange_type=frozenset(["direct"]))
    driver_type = "folder"
    driver_name = "folder"
