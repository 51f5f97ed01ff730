"""Numbers that people use for rows: 1, 2, 3 … in one deployment, without gaps that a race would leave."""

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from engine.store.tables import RetrainRun, Snapshot
from engine.store.unit_of_work import UnitOfWork

Numbered = TypeVar("Numbered", Snapshot, RetrainRun)

_TRIES = 100


def add_numbered(uow: UnitOfWork, table: type[Numbered], make: Callable[[int], Numbered]) -> Numbered:
    """Add the row that `make` builds for the next free number; of two that race, one takes the number after."""
    for _ in range(_TRIES):
        row = make((uow.session.scalar(select(func.max(table.number))) or 0) + 1)
        try:
            with uow.session.begin_nested():
                uow.session.add(row)
        except IntegrityError:
            if uow.session.scalar(select(table.id).where(table.number == row.number)) is None:
                raise
        else:
            return row
    raise RuntimeError(f"No free number for a {table.__tablename__} was found in {_TRIES} tries.")
