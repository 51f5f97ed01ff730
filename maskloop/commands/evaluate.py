"""`maskloop evaluate`: mIoU from simulated clicks."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.errors import InvalidInput
from maskloop.commands.options import DEFAULT_MODEL, JsonOption, ModelOption, print_json

if TYPE_CHECKING:
    from engine.evaluation.metrics import Evaluation, Score


def evaluate(
    images: Annotated[Path, typer.Option(metavar="DIR", help="A folder that holds images/ and annotations/")],
    model: ModelOption = DEFAULT_MODEL,
    clicks: Annotated[str, typer.Option(metavar="N,N,…", help="After how many clicks to measure")] = "1,3,5",
    limit: Annotated[
        int | None, typer.Option(metavar="N", help="Measure N images only, spread evenly over the sources")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Measure a model: its mean IoU after simulated clicks on images whose masks are known.

    The first click is the point farthest from the mask's border, each further one the centre of the largest error. The
    overall figure is the mean over the sources; a source is a file name's prefix before the first underscore. Each
    images/NAME.jpg has an SA-1B style annotations/NAME.json.

    Example: maskloop evaluate --images photos --clicks 1,3,5 --limit 100
    """
    counts = _counts(clicks)
    for folder in (images / "images", images / "annotations"):
        if not folder.is_dir():
            raise InvalidInput(f"There is no folder {folder}: {images} must hold images/ and annotations/.")

    from engine.evaluation import evaluate as evaluation
    from engine.flow.load_model import load_model

    sam = load_model(model)
    result = evaluation.evaluate(sam, images, counts, limit, sam.device, progress=sys.stderr.isatty())
    if as_json:
        print_json({"model": model, **result.to_json()})
    else:
        _print_table(result, model)


def _counts(text: str) -> list[int]:
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isascii() and part.isdecimal() for part in parts):
        raise InvalidInput(f"--clicks {text} is not a list of whole numbers, such as 1,3,5.")
    return [int(part) for part in parts]


def _print_table(result: "Evaluation", model: str) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("source", title=f"mIoU of {model}", title_justify="left", show_footer=True)
    for name in ("images", "masks"):
        table.add_column(name, justify="right")
    for count in result.scores:
        table.add_column(f"{count} click{'s' if count > 1 else ''}", justify="right")
        if result.scores[count].oracle is not None:
            table.add_column("best of 3", justify="right")

    def figures(score: "Score") -> list[str]:
        values = (score.most_confident, score.oracle)
        return [f"{value:.3f}" for value in values if value is not None]

    for name, source in result.sources.items():
        cells = [cell for score in source.scores.values() for cell in figures(score)]
        table.add_row(name, f"{source.images:,}", f"{source.masks:,}", *cells)
    overall = ["mean over sources", f"{result.images:,}", f"{result.masks:,}"]
    overall += [cell for score in result.scores.values() for cell in figures(score)]
    for column, cell in zip(table.columns, overall, strict=True):
        column.footer = cell
    console = Console()
    console.print(table)
    errors = ", ".join(f"{score.calibration_error:.3f} at {count}" for count, score in result.scores.items())
    console.print(
        f"Calibration error of the predicted IoU by clicks: {errors}. {result.seconds:.0f} s.", highlight=False
    )
