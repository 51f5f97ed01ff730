"""`maskloop automask`: all masks of images, without anybody clicking."""

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.errors import InvalidInput
from maskloop.commands.options import DEFAULT_MODEL, JsonOption, ModelOption, counted, print_json
from maskloop.image_files import find_images

if TYPE_CHECKING:
    from engine.automatic.config import AutomaticConfig
    from engine.flow.automask import AutomaskTask


def automask(
    images: Annotated[Path, typer.Argument(metavar="IMAGE_OR_DIR", help="An image, or a folder of them at any depth")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for the JSON files, made when there is none")],
    model: ModelOption = DEFAULT_MODEL,
    points_per_side: Annotated[int, typer.Option(metavar="N", help="Ask at N × N points per image")] = 32,
    pred_iou_thresh: Annotated[
        float, typer.Option(metavar="F", help="Keep masks with a predicted IoU above this, 0 to 1")
    ] = 0.88,
    stability_score_thresh: Annotated[
        float, typer.Option(metavar="F", help="Keep masks with at least this stability score, 0 to 1")
    ] = 0.95,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Redo images whose JSON file exists")] = False,
    as_json: JsonOption = False,
) -> None:
    """Find all masks of images from a grid of points and write one SA-1B JSON file per image.

    Images whose file exists are left out, so an interrupted run goes on where it stopped. A folder's structure is kept
    below --out.

    Example: maskloop automask photos --out masks --points-per-side 32
    """
    found = find_images(images)
    began = time.monotonic()

    from engine.automatic.config import AutomaticConfig
    from engine.flow import automask as flow

    config = AutomaticConfig(
        points_per_side=points_per_side,
        pred_iou_thresh=pred_iou_thresh,
        stability_score_thresh=stability_score_thresh,
    )
    tasks = flow.plan(found, out)
    flow.check_writable(out)
    waiting = [task for task in tasks if overwrite or not task.done]
    masks, failed = _run(waiting, model, config, alone=images.is_file())
    if as_json:
        print_json(
            {
                "images": len(waiting) - len(failed),
                "masks": masks,
                "skipped": len(tasks) - len(waiting),
                "failed": [{"file": name, "error": error} for name, error in failed],
                "seconds": round(time.monotonic() - began, 3),
                "model": model,
            }
        )
    else:
        before = len(tasks) - len(waiting)
        skipped = f" {counted(before, 'image')} had a file already (--overwrite redoes them)." if before else ""
        print(f"{counted(masks, 'mask')} in {counted(len(waiting) - len(failed), 'image')} written to {out}.{skipped}")
        for name, error in failed:
            print(f"  {name}: {error}", file=sys.stderr)
    if failed:
        raise typer.Exit(1)


def _run(
    tasks: "list[AutomaskTask]", model: str, config: "AutomaticConfig", alone: bool
) -> tuple[int, list[tuple[str, str]]]:
    """(masks found, (name, reason) of the images that failed). A single image that fails is a misuse."""
    if not tasks:
        return 0, []

    from tqdm import tqdm

    from engine.flow import automask as flow
    from engine.flow.load_model import load_model

    predictor = flow.make_predictor(load_model(model))
    masks = 0
    failed: list[tuple[str, str]] = []
    with tqdm(total=len(tasks) * config.points_per_side**2, disable=None, unit="point") as bar:

        def advance(points: int) -> None:
            bar.update(points)

        for number, task in enumerate(tasks, 1):
            bar.set_description(f"{number}/{len(tasks)} {task.name}"[:60])
            try:
                masks += flow.automask(predictor, task, config, advance)
            except InvalidInput as error:
                if alone:
                    raise
                failed.append((task.name, str(error)))
            bar.update(number * config.points_per_side**2 - bar.n)
    return masks, failed
