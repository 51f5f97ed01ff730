"""The broker the settings name, as a bare Celery client: enough to publish by name, and what the workers build on."""

import logging

from celery import Celery
from kombu.entity import Exchange
from kombu.entity import Queue as BrokerQueue
from kombu.exceptions import OperationalError
from kombu.transport import TRANSPORT_ALIASES

from engine.flow.dispatch import Queue, set_sender
from engine.settings import get_settings

# An idle worker looks for messages this often, in seconds: what a click may have to wait for.
_POLLING_INTERVAL = 0.1

_log = logging.getLogger(__name__)

TRANSPORT_ALIASES["folder"] = "engine.flow.folder_transport:Transport"


def create_client() -> Celery:
    """A Celery application without tasks, connected to the deployment's broker."""
    settings = get_settings()
    client = Celery("maskloop", set_as_current=False)
    client.conf.update(
        # What somebody is waiting for comes first; the order is that of a worker's queues, too.
        task_queues=[BrokerQueue(name, Exchange(name), routing_key=name) for name in (queue.value for queue in Queue)],
        task_default_queue=Queue.IO.value,
        task_ignore_result=True,
        task_serializer="json",
        accept_content=["json"],
        broker_connection_retry_on_startup=True,
    )
    if settings.broker_url:
        client.conf.update(
            broker_url=settings.broker_url,
            # Redis: take from the queues in their order, not in turn. Messages carry no priority of their own, which
            # kombu would look at before the queue.
            broker_transport_options={"queue_order_strategy": "priority"},
        )
    else:
        client.conf.update(
            broker_url="folder://localhost",
            broker_transport_options={
                "folder": str((settings.data / "broker").resolve()),
                "polling_interval": _POLLING_INTERVAL,
            },
        )
    return client


def register_celery_sender(client: Celery | None = None) -> None:
    """Let this process's committed work leave through the broker. Call it once, when the process starts."""
    sending = client or create_client()

    def send(task_name: str, ids: dict[str, str], queue: str) -> None:
        try:
            sending.send_task(task_name, kwargs=ids, queue=queue, retry=False)
        except (OperationalError, OSError):
            # What was committed is not lost: the workers send it again when the broker is back.
            _log.warning("the broker cannot be reached; %s %s will be sent later", task_name, ids, exc_info=True)

    set_sender(send)


def empty_queues(client: Celery) -> set[Queue]:
    """The queues in which no message waits. Raises kombu's OperationalError when the broker cannot be reached."""
    empty: set[Queue] = set()
    with client.connection_for_read() as connection:
        connection.ensure_connection(max_retries=1, timeout=5)
        for queue in Queue:
            with connection.channel() as channel:
                try:
                    waiting = BrokerQueue(queue.value).bind(channel).queue_declare(passive=True).message_count
                except connection.channel_errors:
                    # Redis forgets a queue that has been emptied.
                    waiting = 0
            if not waiting:
                empty.add(queue)
    return empty
