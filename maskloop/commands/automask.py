"""`maskloop automask`: all masks of images, without anybody clicking."""

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.errors import InvalidInput
from maskloop.commands.batch_options import in_words, read_settings
from maskloop.commands.options import DEFAULT_MODEL, JsonOption, ModelOption, counted, print_json
from maskloop.image_files import find_images

if TYPE_CHECKING:
    from engine.automatic.config import AutomaticConfig
    from engine.flow.automask import AutomaskTask


def automask(
    images: Annotated[Path, typer.Argument(metavar="IMAGE_OR_DIR", help="An image, or a folder of them at any depth")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for the JSON files, made when there is none")],
    model: ModelOption = DEFAULT_MODEL,
    preset: Annotated[
        str,
        typer.Option(
            metavar="PRESET",
            help="custom: 32 × 32 points on the whole image; paper: crops as well; fast: 16 × 16 points",
        ),
    ] = "custom",
    points_per_side: Annotated[
        int | None, typer.Option(metavar="N", help="Ask at N × N points per image", show_default="the preset's")
    ] = None,
    pred_iou_thresh: Annotated[
        float | None,
        typer.Option(metavar="F", help="Keep masks with a predicted IoU above this", show_default="model's, or 0.88"),
    ] = None,
    stability_score_thresh: Annotated[
        float | None,
        typer.Option(metavar="F", help="Keep masks at least this stable", show_default="model's, or 0.95"),
    ] = None,
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change any other setting, as in crop_n_layers=1"),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Redo images whose JSON file exists")] = False,
    as_json: JsonOption = False,
) -> None:
    """Find all masks of images from a grid of points and write one SA-1B JSON file per image.

    Images whose file exists are left out, so an interrupted run goes on where it stopped. A folder's structure is kept
    below --out. Each file says which settings its masks were made with. Thresholds that are not set by hand are the
    model's own, if it was calibrated (maskloop models calibrate), else the preset's.

    Example: maskloop automask photos --out masks --preset paper
    """
    found = find_images(images)
    began = time.monotonic()

    from engine.automatic.config import config_of, left_open
    from engine.flow import automask as flow
    from engine.flow.model_thresholds import named_thresholds

    named = {
        "points_per_side": points_per_side,
        "pred_iou_thresh": pred_iou_thresh,
        "stability_score_thresh": stability_score_thresh,
    }
    given = read_settings(changes) | {name: value for name, value in named.items() if value is not None}
    own = named_thresholds(model)
    calibrated = left_open(given, own and own.thresholds)
    config = config_of(preset, calibrated | given)
    tasks = flow.plan(found, out)
    flow.check_writable(out)
    waiting = [task for task in tasks if overwrite or not task.done]
    masks, failed = _run(waiting, model, config, list(calibrated), alone=images.is_file())
    if as_json:
        print_json(
            {
                "images": len(waiting) - len(failed),
                "masks": masks,
                "skipped": len(tasks) - len(waiting),
                "failed": [{"file": name, "error": error} for name, error in failed],
                "seconds": round(time.monotonic() - began, 3),
                "model": model,
                "calibrated": list(calibrated),
            }
        )
    else:
        before = len(tasks) - len(waiting)
        skipped = f" {counted(before, 'image')} had a file already (--overwrite redoes them)." if before else ""
        print(f"{counted(masks, 'mask')} in {counted(len(waiting) - len(failed), 'image')} written to {out}.{skipped}")
        if own is not None and calibrated:
            print(f"Thresholds calibrated for {own.calibrated_for}: {in_words(calibrated)}.")
        for name, error in failed:
            print(f"  {name}: {error}", file=sys.stderr)
    if failed:
        raise typer.Exit(1)


def _run(
    tasks: "list[AutomaskTask]", model: str, config: "AutomaticConfig", calibrated: list[str], alone: bool
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
    with tqdm(total=len(tasks) * config.points, disable=None, unit="point") as bar:

        def advance(points: int) -> None:
            bar.update(points)

        for number, task in enumerate(tasks, 1):
            bar.set_description(f"{number}/{len(tasks)} {task.name}"[:60])
            try:
                masks += flow.automask(predictor, task, config, model, calibrated, advance)
            except InvalidInput as error:
                if alone:
                    raise
                failed.append((task.name, str(error)))
            bar.update(number * config.points - bar.n)
    return masks, failed
