"""The only place that commits."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from engine.store.database import get_database


@dataclass
class UnitOfWork:
    """One transaction, and what is to happen once it is committed (jobs go out only then)."""

    session: Session
    _actions: list[Callable[[], None]] = field(default_factory=list)

    def after_commit(self, action: Callable[[], None]) -> None:
        """Run `action` after the commit, in the order asked; never if the transaction rolls back."""
        self._actions.append(action)

    def run_actions(self) -> None:
        actions, self._actions = self._actions, []
        for action in actions:
            action()


@contextmanager
def unit_of_work(*, read_only: bool = False, database: Engine | None = None) -> Iterator[UnitOfWork]:
    """A transaction that commits when the block ends and rolls back when it raises.

    `read_only` takes no write lock (SQLite has one writer at a time) and rolls back at the end whatever happened.
    Rows stay readable after the commit.
    """
    database = database or get_database()
    if read_only:
        # The session's end rolls back, and a connection is taken only when something is read.
        with Session(database.execution_options(read_only=True), expire_on_commit=False) as session:
            yield UnitOfWork(session)
        return
    with Session(database, expire_on_commit=False) as session:
        uow = UnitOfWork(session)
        yield uow
        session.commit()
    uow.run_actions()
