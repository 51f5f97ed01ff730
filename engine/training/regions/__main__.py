"""`python -m engine.training.regions FOLDER OUT`: more masks for a small set of photographs."""

import os
from pathlib import Path
from typing import Annotated

import typer

from engine.training.entry import run_as_module
from engine.training.regions.write import write_regions


def regions(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="An SA-1B folder: images/ and annotations/")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Folder to write, to be given to training as --data")],
    leave_out: Annotated[
        list[str] | None,
        typer.Option(metavar="SOURCE", help="Leave out images whose name begins with SOURCE_, any number of times"),
    ] = None,
    workers: Annotated[int, typer.Option(metavar="N", min=1, help="Processes")] = os.cpu_count() or 1,
) -> None:
    """Write the stable regions of labelled photographs as masks, where no mask is yet.

    For pre-training and small data sets: a model that sees masks everywhere learns borders that few labels teach. An
    interrupted run goes on where it was.

    Example: python -m engine.training.regions photos photos-regions --leave-out dsb
    """
    images, masks = write_regions(folder, out, tuple(leave_out or ()), workers)
    typer.echo(f"{masks:,} regions of {images:,} images are in {out}.", err=True)


if __name__ == "__main__":
    run_as_module(regions, "engine.training.regions")
