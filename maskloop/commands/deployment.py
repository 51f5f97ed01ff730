"""`maskloop link` and `maskloop migrate`: what a deployment needs besides its running processes."""

import os
import socket
from pathlib import Path
from typing import Annotated

import fsspec
import typer

from engine.errors import InvalidSetting
from engine.flow.sign_in import create_link, create_owner_if_none
from engine.settings import Settings, get_settings
from engine.store.unit_of_work import unit_of_work
from maskloop.running import find_running
from migrations import upgrade

EVERY_ADDRESS = ("0.0.0.0", "::")

DataOption = Annotated[Path | None, typer.Option(help="Folder that holds everything [MASKLOOP_DATA, else ./data]")]


def link(data: DataOption = None) -> None:
    """Print a new one-time sign-in link for the owner.

    Example: maskloop link --data ~/annotations
    """
    settings = apply_options(data)
    running = find_running(settings.data)
    if running is None and settings.embedded:
        raise InvalidSetting(f"maskloop is not running with the data folder {settings.data}. Start it: maskloop up")
    print(sign_in_link(running.url if running else people_open(settings)))


def migrate(data: DataOption = None) -> None:
    """Bring the database to this version's schema and make the place for images; `maskloop up` does so by itself.

    Example: MASKLOOP_DATABASE_URL=postgresql://maskloop@db/maskloop maskloop migrate
    """
    settings = apply_options(data)
    upgrade()
    files, root = fsspec.core.url_to_fs(settings.resolved_blobs_url)
    files.makedirs(root, exist_ok=True)
    print("The database has this version's schema, and the blob store is there.")


def apply_options(data: Path | None, host: str | None = None, port: int | None = None) -> Settings:
    """Puts the options into the environment, where the settings of this process and of its children come from."""
    options = {"DATA": (data or get_settings().data).expanduser().resolve(), "HOST": host, "PORT": port}
    os.environ.update({f"MASKLOOP_{name}": str(value) for name, value in options.items() if value is not None})
    get_settings.cache_clear()
    return get_settings()


def sign_in_link(base_url: str) -> str:
    """A link that signs the owner in, once."""
    with unit_of_work() as uow:
        token = create_link(uow, create_owner_if_none(uow))
    return f"{base_url}/sign-in?token={token}"


def people_open(settings: Settings) -> str:
    """The address for a browser: the public one, or this machine's name when listening everywhere."""
    if settings.public_url or settings.host not in EVERY_ADDRESS:
        return settings.base_url
    return f"http://{socket.gethostname()}:{settings.port}"
