"""Alembic's entry: runs the steps on the connection `upgrade` hands over, or on the deployment's database."""

from alembic import context
from sqlalchemy import Connection

from engine.store.database import get_database
from engine.store.tables import Base


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        # SQLite cannot alter most of a table in place; batches rebuild it.
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()


_given: Connection | None = context.config.attributes.get("connection")
if _given is not None:
    _run(_given)
else:
    with get_database().connect() as _connection, _connection.begin():
        _run(_connection)
