"""Options that several commands share, and what they print."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

DEFAULT_MODEL = "vit_t"

ModelOption = Annotated[
    str,
    typer.Option(
        metavar="NAME_OR_PATH", help="A bundled or registered model, or a file of weights (.pth, .safetensors)"
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts")]
DataOption = Annotated[Path | None, typer.Option(help="Folder that holds everything [MASKLOOP_DATA, else ./data]")]


def print_json(document: object) -> None:
    json.dump(document, sys.stdout, ensure_ascii=False)
    print()


def counted(count: int, noun: str) -> str:
    """1 image, 2,000 images."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def numbers(text: str) -> list[float] | None:
    """The finite numbers of a comma-separated list; None when it is anything else."""
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError:
        return None
    return values if all(abs(value) < float("inf") for value in values) else None
