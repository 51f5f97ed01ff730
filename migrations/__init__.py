"""The database's schema, step by step (Alembic)."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, text

from engine.store.database import get_database

# Any constant does, as long as every maskloop process asks for the same lock.
_POSTGRES_LOCK = 7_310_863


def upgrade(database: Engine | None = None) -> None:
    """Bring the database to the newest schema; harmless when it is there already or when two processes start at once.

    `database` defaults to the deployment's.
    """
    with (database or get_database()).connect() as connection, connection.begin():
        # SQLite: the transaction itself took the write lock. PostgreSQL: wait here for another upgrade.
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _POSTGRES_LOCK})
        configuration = _configuration()
        configuration.attributes["connection"] = connection
        command.upgrade(configuration, "head")


def newest_revision() -> str | None:
    """The revision `upgrade` leads to."""
    return ScriptDirectory.from_config(_configuration()).get_current_head()


def _configuration() -> Config:
    configuration = Config()
    configuration.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    configuration.set_main_option("path_separator", "os")
    return configuration
