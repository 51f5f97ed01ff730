"""The folder broker: messages appear whole, are taken once, and the urgent queue is emptied first."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from celery import Celery
from kombu.connection import Connection

from engine.flow.broker import create_client, register_celery_sender
from engine.flow.dispatch import Queue, send, set_sender
from engine.settings import Settings, get_settings


@pytest.fixture
def client(settings: Settings) -> Iterator[Celery]:
    client = create_client()
    register_celery_sender(client)
    yield client
    set_sender(None)
    client.close()


@pytest.fixture
def connection(client: Celery) -> Iterator[Connection]:
    with client.connection_for_read() as connection:
        yield connection


def drain(connection: Connection, *queues: Queue) -> list[str]:
    """The item ids of all messages, in the order a consumer of these queues gets them."""
    taken = list[str]()

    def receive(body: tuple[list[object], dict[str, str], object], message: object) -> None:
        taken.append(body[1]["item_id"])

    entities = [queue for wanted in queues for queue in create_client().conf.task_queues if queue.name == wanted]
    with connection.Consumer(entities, callbacks=[receive], no_ack=True, accept=["json"]):
        while True:
            try:
                connection.drain_events(timeout=0.01)
            except TimeoutError:
                return taken


def test_messages_arrive_in_the_order_sent(connection: Connection) -> None:
    for number in range(20):
        send("maskloop.embed", {"item_id": str(number)}, Queue.EMBED)
    assert drain(connection, Queue.EMBED) == [str(number) for number in range(20)]
    assert drain(connection, Queue.EMBED) == []


def test_the_urgent_queue_is_emptied_first(connection: Connection) -> None:
    for number in range(3):
        send("maskloop.embed", {"item_id": f"batch {number}"}, Queue.EMBED)
        send("maskloop.embed", {"item_id": f"urgent {number}"}, Queue.EMBED_FRONT)
    order = drain(connection, Queue.EMBED_FRONT, Queue.EMBED)
    assert order == [f"{kind} {number}" for kind in ("urgent", "batch") for number in range(3)]


def test_a_queue_nobody_asked_for_is_left_alone(connection: Connection) -> None:
    send("maskloop.embed", {"item_id": "1"}, Queue.EMBED)
    assert drain(connection, Queue.IO) == []
    assert drain(connection, Queue.EMBED) == ["1"]


def test_no_message_is_lost_or_taken_twice_by_many_at_once(client: Celery) -> None:
    taken: list[str] = []

    def send_some(first: int) -> None:
        for number in range(first, first + 25):
            send("maskloop.embed", {"item_id": str(number)}, Queue.EMBED)

    def take_some() -> None:
        with client.connection_for_read() as connection:
            taken.extend(drain(connection, Queue.EMBED))

    threads = [threading.Thread(target=send_some, args=[first]) for first in (0, 25, 50)]
    threads += [threading.Thread(target=take_some) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    take_some()
    assert sorted(taken, key=int) == [str(number) for number in range(75)]


def test_a_file_emptied_by_a_power_cut_is_dropped(connection: Connection, settings: Settings) -> None:
    for number in range(2):
        send("maskloop.embed", {"item_id": str(number)}, Queue.EMBED)
    first = min((settings.data / "broker" / "queues" / "embed").iterdir())
    first.write_bytes(b"")
    assert drain(connection, Queue.EMBED) == ["1"]


def test_sending_without_a_broker_is_put_off_not_failed(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MASKLOOP_BROKER_URL", f"redis+socket://{tmp_path}/nobody.socket")
    get_settings.cache_clear()
    client = create_client()
    register_celery_sender(client)
    send("maskloop.embed", {"item_id": "1"}, Queue.EMBED)
    set_sender(None)
    client.close()
