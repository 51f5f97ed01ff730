"""The deployment's database and broker, for commands that work on it beside, or without, the running server."""

from pathlib import Path

from sqlalchemy.exc import DBAPIError

from engine.errors import InvalidSetting
from engine.flow.broker import register_celery_sender
from engine.settings import Settings
from maskloop.commands.deployment import apply_options
from migrations import upgrade


def has_data(settings: Settings) -> bool:
    """Whether there is a database to open: reading must not leave an empty one behind."""
    return settings.has_database


def open_store(data: Path | None, *, create: bool = False) -> Settings:
    """Settings with the options applied, the database at this version's schema, and jobs on their way to the workers.

    Raises InvalidSetting when the data folder is empty (unless `create`) or the database cannot be opened.
    """
    settings = apply_options(data)
    if not create and not has_data(settings):
        raise InvalidSetting(
            f"{settings.data} holds no maskloop data yet. Name another folder with --data, or begin with: maskloop up"
        )
    try:
        settings.data.mkdir(parents=True, exist_ok=True)
        upgrade()
    except (OSError, DBAPIError) as error:
        reason = error.orig if isinstance(error, DBAPIError) else error
        raise InvalidSetting(f"The database of {settings.data} cannot be opened: {reason}.") from error
    register_celery_sender()
    return settings
