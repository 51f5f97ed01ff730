"""The process's connection pool, SQLite or PostgreSQL."""

import random
import sqlite3
import time
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine import URL

from engine.settings import get_settings

# Seconds a SQLite writer waits for another one. Writes here take milliseconds; a slow disk may take longer.
_BUSY_SECONDS = 30
# Seconds between two attempts at what SQLite does not wait for; random, so that two processes get out of step.
_RETRY_SECONDS = (0.002, 0.02)


_NOTICE_SILENCE = {
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
"""A PostgreSQL server that says nothing any more, not even goodbye, is given up after a minute instead of hours."""


def database_url(url: str) -> URL:
    """The URL with psycopg 3 as PostgreSQL's driver, which plain `postgres://` forms do not say."""
    parsed = make_url(url.replace("postgres://", "postgresql://", 1))
    return parsed.set(drivername="postgresql+psycopg") if parsed.drivername == "postgresql" else parsed


def create_database(url: str) -> Engine:
    """A pool of connections to `url`; creates the folder of a SQLite file.

    SQLite: write-ahead log, foreign keys enforced, a busy timeout, and writers take the lock when they begin, so
    that two writers wait for each other instead of failing at the first write.
    """
    parsed = database_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(parsed, pool_pre_ping=True, connect_args=_NOTICE_SILENCE)
    if parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    database = create_engine(parsed, connect_args={"timeout": _BUSY_SECONDS})
    event.listen(database, "connect", _prepare_sqlite)
    event.listen(database, "begin", _begin_sqlite)
    return database


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    # The driver's own transaction handling would begin late and deferred; `_begin_sqlite` begins instead.
    connection.isolation_level = None
    _turn_on_write_ahead_log(connection)
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute("PRAGMA foreign_keys=ON")


def _turn_on_write_ahead_log(connection: sqlite3.Connection) -> None:
    """Changes nothing where it is on already, which every file remembers.

    Where it is not, the connection reads before it writes, and two that did so would wait for each other: SQLite
    refuses one of them at once, whatever its busy timeout. The processes of a new deployment start together.
    """
    deadline = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            # The lowest byte is the kind; those above it say more closely why.
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() >= deadline:
                raise
            time.sleep(random.uniform(*_RETRY_SECONDS))
        else:
            return


def _begin_sqlite(connection: Connection) -> None:
    read_only = connection.get_execution_options().get("read_only", False)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


def get_database() -> Engine:
    """The deployment's database: one pool per process."""
    return _database(get_settings().resolved_database_url)


@lru_cache
def _database(url: str) -> Engine:
    return create_database(url)
