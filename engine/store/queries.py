"""Statements that SQLAlchemy spells differently for SQLite and PostgreSQL."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from engine.store.tables import Base

# SQLite takes 32,766 parameters in a statement; a row here has a dozen at most.
_ROWS_AT_ONCE = 1000


def insert_or_ignore(session: Session, table: type[Base], rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows, leaving out those that meet a unique constraint: one of two racing writers wins, none fails.

    Python-side column defaults apply.
    """
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(table).on_conflict_do_nothing()
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        session.execute(statement, list(rows[start : start + _ROWS_AT_ONCE]))
