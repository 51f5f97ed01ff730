"""The schema the migrations build is the one the tables describe."""

import threading

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect

from engine.settings import Settings
from engine.store.database import create_database
from engine.store.tables import Base
from migrations import newest_revision, upgrade


def test_migrations_build_what_the_tables_say(database: Engine) -> None:
    with database.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert context.get_current_revision() == newest_revision()
        assert compare_metadata(context, Base.metadata) == []


def test_a_second_upgrade_is_harmless(database: Engine) -> None:
    before = sorted(inspect(database).get_table_names())
    upgrade()
    assert sorted(inspect(database).get_table_names()) == before


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_two_upgrades_at_once_build_the_schema_once(
    kind: str, settings: Settings, request: pytest.FixtureRequest
) -> None:
    url = settings.resolved_database_url
    if kind == "postgresql":
        url = request.getfixturevalue("empty_postgresql_url")
    databases = [create_database(url) for _ in range(2)]
    threads = [threading.Thread(target=upgrade, args=[database]) for database in databases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(inspect(databases[0]).get_table_names()) == {*Base.metadata.tables, "alembic_version"}
    for database in databases:
        database.dispose()
