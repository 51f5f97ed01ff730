"""How the commands of this room are started as modules, for torchrun and for the repository's own data."""

import os
import sys
from collections.abc import Callable

import typer

from engine.errors import MaskloopError

MISUSE = 2


def run_as_module(command: Callable[..., None], name: str) -> None:
    """Run one command as `python -m NAME`; a misuse is one sentence from the first process, and status 2."""
    app = typer.Typer(add_completion=False, rich_markup_mode="markdown")
    app.command()(command)
    try:
        app(prog_name=f"python -m {name}")
    except MaskloopError as error:
        if os.environ.get("RANK", "0") == "0":
            typer.echo(f"maskloop: {error}", err=True)
        sys.exit(MISUSE)
