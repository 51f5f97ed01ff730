"""`maskloop models calibrate`: the thresholds of the automatic stage that suit a model."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from maskloop.commands.options import DEFAULT_MODEL, DataOption, JsonOption, counted, print_json

if TYPE_CHECKING:
    from engine.evaluation.calibrate_thresholds import Calibration


def calibrate(
    images: Annotated[Path, typer.Option(metavar="DIR", help="A folder that holds images/ and annotations/")],
    model: Annotated[
        str,
        typer.Argument(
            metavar="NAME_OR_PATH", help="A bundled or registered model, or a file of weights (.pth, .safetensors)"
        ),
    ] = DEFAULT_MODEL,
    limit: Annotated[
        int | None, typer.Option(metavar="N", help="Look at N images only, spread evenly over the sources")
    ] = None,
    least_precision: Annotated[
        float | None,
        typer.Option(metavar="F", help="The highest recall at this precision or more, instead of the highest F1"),
    ] = None,
    points_per_side: Annotated[int, typer.Option(metavar="N", min=1, max=64, help="Ask at N × N points")] = 16,
    record: Annotated[
        bool, typer.Option("--record", help="Keep the thresholds with the model, which must be registered")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Put them into this file of figures: X.metrics.json beside X.safetensors"),
    ] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find the thresholds of the automatic stage that suit a model, on images whose masks are known.

    Models differ in how large their predicted IoUs and stability scores are; with another model's thresholds the
    automatic stage keeps nothing, or everything. All masks at a grid of points are compared with the known ones (right:
    an IoU of 0.5 or more), and the thresholds with the highest F1, as the mean over the sources, are taken. Masks on
    unlabelled parts of an image count neither way. Batches and `maskloop automask` use what is kept here, unless a
    threshold is set by hand.

    Example: maskloop models calibrate vit_t --images labelled --limit 60 --record
    """
    if record:
        _require_registered(model, data)

    from tqdm import tqdm

    from engine.evaluation.calibrate_thresholds import calibrate_thresholds
    from engine.flow.automask import make_predictor
    from engine.flow.load_model import load_model

    predictor = make_predictor(load_model(model))
    with tqdm(desc=f"calibrate {Path(model).name}", unit="image", disable=None) as bar:

        def advance(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        found = calibrate_thresholds(
            predictor,
            images,
            limit=limit,
            least_precision=least_precision,
            points_per_side=points_per_side,
            on_image=advance,
        )
    metric = found.to_metric(images.resolve().name)
    _keep(model, metric, record, out)
    if as_json:
        print_json({"model": model, **metric, "with_sa_1b_thresholds": found.with_sa_1b.to_json()})
    else:
        _print(found, model, kept=record or out is not None)


def _require_registered(model: str, data: Path | None) -> None:
    """Asked before the long work."""
    from engine.flow.models import find_model
    from engine.store.unit_of_work import unit_of_work
    from maskloop.commands.store import open_store

    open_store(data)
    with unit_of_work(read_only=True) as uow:
        find_model(uow, model)


def _keep(model: str, metric: dict[str, object], record: bool, out: Path | None) -> None:
    from engine.automatic.thresholds import METRIC
    from engine.flow.model_figures import write_metrics
    from engine.flow.model_thresholds import record_thresholds
    from engine.store.unit_of_work import unit_of_work

    if record:
        with unit_of_work() as uow:
            record_thresholds(uow, model, metric)
    if out is not None:
        write_metrics(out, {METRIC: metric})


def _print(found: "Calibration", model: str, *, kept: bool) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    from engine.automatic.thresholds import SA_1B

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("", no_wrap=True)
    table.add_column(f"for {Path(model).name}", justify="right")
    table.add_column("SA-1B's", justify="right")
    sa_1b = SA_1B.to_settings()
    for name, value in found.thresholds.to_settings().items():
        table.add_row(name, f"{value:.2f}", f"{sa_1b[name]:.2f}")
    table.add_section()
    with_sa_1b = found.with_sa_1b.to_json()
    for name, value in found.quality.to_json().items():
        digits = 1 if name == "masks_per_image" else 3
        table.add_row(name.replace("_", " "), f"{value:.{digits}f}", f"{with_sa_1b[name]:.{digits}f}")
    Console().print(table)
    print(f"Measured on {counted(found.masks, 'mask')} in {counted(found.images, 'image')}.")
    if not kept:
        print("Nothing was kept: --record keeps the thresholds with a registered model, --out writes them to a file.")
