"""`python -m engine.training.bundled FOLDER OUT`: a model like the bundled one, from labelled photographs alone.

Its regions, then the recipe `vit_t` from nothing, then `vit_t_gpu` from what came of it. The bundled file itself came
from more runs than these: `engine/sam/bundled/vit_t.md` names them.
"""

import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from engine.training.command import INTERRUPTED
from engine.training.data.scene_dataset import SCENES
from engine.training.distributed import device_of
from engine.training.entry import run_as_module
from engine.training.loop import TrainingStopped
from engine.training.overrides import build_recipe
from engine.training.regions.write import write_regions
from engine.training.run import RunRequest, run
from engine.training.state import MODEL, steps_taken

NAME, ON_GPU = "vit_t", "vit_t_gpu"


def bundled(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="An SA-1B folder: images/ and annotations/")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Folder for regions, both runs and the model")],
    leave_out: Annotated[
        list[str] | None,
        typer.Option(metavar="SOURCE", help="No regions of images whose name begins with SOURCE_, any number of times"),
    ] = None,
    first: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="Replace a value of the recipe vit_t, any number of times"),
    ] = None,
    second: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="Replace a value of the recipe vit_t_gpu, any number of times"),
    ] = None,
    device: Annotated[str | None, typer.Option(help="cpu, cuda or cuda:N [a GPU if there is one]")] = None,
    workers: Annotated[int, typer.Option(metavar="N", help="Processes for regions, images and scenes", min=1)] = max(
        1, (os.cpu_count() or 2) - 1
    ),
    seed: Annotated[int, typer.Option(metavar="N", help="Of every random choice", min=0)] = 0,
) -> None:
    """Find regions, train by vit_t, then by vit_t_gpu, to OUT/vit_t.safetensors. Interrupted, it goes on where it was.

    The first run is hours of two cores. The second is eight minutes of a large GPU, after two of compiling, and at its
    full size days of a CPU: make it smaller there.

    Example: python -m engine.training.bundled photos made --leave-out dsb --second steps=200 --second whole_images=4
    """
    # What is wrong with a run is said before the minutes and hours of what comes before it.
    chosen = device_of(device)
    lengths = build_recipe(NAME, first or ()).steps, build_recipe(ON_GPU, second or ()).steps
    regions = out / "regions"
    images, masks = write_regions(folder, regions, tuple(leave_out or ()), workers)
    typer.echo(f"{masks:,} regions of {images:,} images are in {regions}.", err=True)
    begun = RunRequest(
        recipe=NAME,
        data=(str(folder), *([str(regions)] if masks else []), SCENES),
        out=out / "first",
        overrides=tuple(first or ()),
        device=device,
        workers=workers,
        seed=seed,
    )
    started = replace(
        begun,
        recipe=ON_GPU,
        out=out / "second",
        overrides=tuple(second or ()),
        start=str(begun.out / MODEL),
        compile_model=chosen.type == "cuda",
    )
    try:
        for request, length in zip((begun, started), lengths, strict=True):
            if steps_taken(request.out) < length:
                run(request)
    except TrainingStopped as stopped:
        typer.echo(f"{stopped} The same command goes on from there.", err=True)
        raise typer.Exit(INTERRUPTED) from stopped
    for suffix in (".safetensors", ".json"):
        partial = (out / NAME).with_suffix(f"{suffix}.partial")
        shutil.copyfile((started.out / MODEL).with_suffix(suffix), partial)
        partial.replace((out / NAME).with_suffix(suffix))
    typer.echo(f"The model is {out / NAME}.safetensors. What it is worth: maskloop evaluate --model …", err=True)


if __name__ == "__main__":
    run_as_module(bundled, "engine.training.bundled")
