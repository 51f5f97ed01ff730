"""Who commits, and when what follows a commit happens."""

import threading
import uuid
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.exc import IntegrityError, StatementError

from engine.store.queries import insert_or_ignore
from engine.store.tables import Event, Project, Role, User
from engine.store.unit_of_work import unit_of_work


def names() -> set[str]:
    with unit_of_work(read_only=True) as uow:
        return set(uow.session.scalars(select(User.name)))


def test_what_is_done_is_committed_when_the_block_ends(database: Engine) -> None:
    with unit_of_work() as uow:
        uow.session.add(User(name="Ada", role=Role.OWNER))
    assert names() == {"Ada"}


def test_an_error_takes_everything_back_and_sends_nothing(database: Engine) -> None:
    sent: list[str] = []
    with pytest.raises(KeyError), unit_of_work() as uow:
        uow.session.add(User(name="Ada", role=Role.OWNER))
        uow.after_commit(lambda: sent.append("job"))
        raise KeyError
    assert names() == set()
    assert sent == []


def test_jobs_leave_after_the_commit_in_the_order_asked(database: Engine) -> None:
    seen: list[tuple[str, set[str]]] = []
    with unit_of_work() as uow:
        uow.session.add(User(name="Ada", role=Role.OWNER))
        uow.after_commit(lambda: seen.append(("first", names())))
        uow.after_commit(lambda: seen.append(("second", names())))
        assert seen == []
    assert seen == [("first", {"Ada"}), ("second", {"Ada"})]


def test_reading_changes_nothing(database: Engine) -> None:
    with unit_of_work(read_only=True) as uow:
        uow.session.add(User(name="Ada", role=Role.OWNER))
        uow.session.flush()
    assert names() == set()


def test_a_reader_is_not_held_up_by_a_writer(database: Engine) -> None:
    with unit_of_work() as writing:
        writing.session.add(User(name="Ada", role=Role.OWNER))
        writing.session.flush()
        assert names() == set()


def test_writers_wait_for_each_other(database: Engine) -> None:
    def add(name: str) -> None:
        for number in range(10):
            with unit_of_work() as uow:
                # Reading first is what makes SQLite's deferred transactions fail.
                uow.session.scalars(select(User)).all()
                uow.session.add(User(name=f"{name}-{number}", role=Role.ANNOTATOR))

    threads = [threading.Thread(target=add, args=[name]) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(names()) == 40


def test_times_come_back_in_utc(database: Engine) -> None:
    moment = datetime(2026, 3, 4, 5, 6, 7, 890, tzinfo=UTC)
    with unit_of_work() as uow:
        uow.session.add(Event(kind="test", at=moment, subject={}))
    with unit_of_work() as uow:
        assert uow.session.scalars(select(Event.at)).one() == moment


def test_a_time_without_a_zone_is_refused(database: Engine) -> None:
    with pytest.raises(StatementError, match="without a zone"), unit_of_work() as uow:
        uow.session.add(Event(kind="test", at=datetime(2026, 3, 4), subject={}))


def test_references_are_enforced(database: Engine) -> None:
    with pytest.raises(IntegrityError), unit_of_work() as uow:
        uow.session.add(Project(name="Birds", created_by=uuid.uuid4()))


def test_inserting_a_row_twice_keeps_the_first(database: Engine) -> None:
    key = uuid.uuid4()
    for name in ("Ada", "Grace"):
        with unit_of_work() as uow:
            insert_or_ignore(uow.session, User, [{"id": key, "name": name, "role": Role.OWNER}])
    assert names() == {"Ada"}
