"""`python -m engine.training RECIPE …`: what `maskloop train` does, for torchrun to start."""

import os
import sys

import typer

from engine.errors import MaskloopError
from engine.training.command import train

MISUSE = 2


def main() -> None:
    """Train; a misuse is one sentence from the first process, and status 2."""
    app = typer.Typer(add_completion=False, rich_markup_mode="markdown")
    app.command()(train)
    try:
        app(prog_name="python -m engine.training")
    except MaskloopError as error:
        if os.environ.get("RANK", "0") == "0":
            typer.echo(f"maskloop: {error}", err=True)
        sys.exit(MISUSE)


if __name__ == "__main__":
    main()
