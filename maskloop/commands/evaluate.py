"""`maskloop evaluate`: mIoU and more from simulated clicks."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.errors import InvalidInput, NotFound
from maskloop.commands.options import DEFAULT_MODEL, JsonOption, print_json

if TYPE_CHECKING:
    from engine.evaluation.report import Evaluation
    from engine.sam import Sam


def evaluate(
    images: Annotated[Path, typer.Option(metavar="DIR", help="A folder that holds images/ and annotations/")],
    model: Annotated[
        str | None,
        typer.Option(
            metavar="NAME_OR_PATH",
            help="A bundled or registered model, or a file of weights (.pth, .safetensors)",
            show_default=DEFAULT_MODEL,
        ),
    ] = None,
    compare: Annotated[
        tuple[str, str] | None,
        typer.Option(metavar="A B", help="Measure two models on the same masks, and say whether B is better than A"),
    ] = None,
    clicks: Annotated[str, typer.Option(metavar="N,N,…", help="After how many clicks to measure")] = "1,3,5",
    noc: Annotated[
        bool, typer.Option("--noc", help="Count the clicks to 85 and 90 % IoU as well, up to 20: much slower")
    ] = False,
    tags: Annotated[
        Path | None, typer.Option(metavar="FILE.csv", help="Lines of name,tag: figures for each tag as well")
    ] = None,
    limit: Annotated[
        int | None, typer.Option(metavar="N", help="Measure N images only, spread evenly over the sources")
    ] = None,
    record: Annotated[
        bool, typer.Option("--record", help="Keep the figures on the card of the model, which must be registered")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Measure a model: its mean IoU after simulated clicks on images whose masks are known.

    The first click is the point farthest from the mask's border, each further one the centre of the largest error. The
    overall figure is the mean over the sources; a source is a file name's prefix before the first underscore. Each
    images/NAME.jpg has an SA-1B style annotations/NAME.json. Every figure comes with a 95 % interval from resampling
    images; docs/evaluation.md says how to read them.

    Example: maskloop evaluate --images labelled --clicks 1,3,5 --limit 100

    Example: maskloop evaluate --images labelled --compare vit_t runs/mine.safetensors --noc
    """
    counts = _counts(clicks)
    if compare is not None and model is not None:
        raise InvalidInput("Give either --model, to measure one model, or --compare A B, to compare two.")
    if record and compare is not None:
        raise InvalidInput("--record keeps one model's figures: give it with --model.")
    for folder in (images / "images", images / "annotations"):
        if not folder.is_dir():
            raise InvalidInput(f"There is no folder {folder}: {images} must hold images/ and annotations/.")

    from engine.evaluation import evaluate as evaluation
    from engine.evaluation.tags import read_tags
    from engine.flow.load_model import load_model

    if record:
        _require_registered(model or DEFAULT_MODEL)
    tags_by_name = read_tags(tags) if tags is not None else None
    names = compare or (model or DEFAULT_MODEL,)
    models = [load_model(name) for name in names]

    def measured(name: str, sam: "Sam") -> "Evaluation":
        progress = sys.stderr.isatty()
        title = f"evaluate {Path(name).name}"
        return evaluation.evaluate(
            sam, images, counts, limit, sam.device, progress, noc=noc, tags=tags_by_name, title=title
        )

    results = [(name, measured(name, sam)) for name, sam in zip(names, models, strict=True)]
    if record:
        _record(results[0][1], names[0], images)
    if len(results) == 1:
        _print_one(*results[0], as_json=as_json)
    else:
        _print_two(results[0], results[1], as_json=as_json)


def _counts(text: str) -> list[int]:
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isascii() and part.isdecimal() for part in parts):
        raise InvalidInput(f"--clicks {text} is not a list of whole numbers, such as 1,3,5.")
    return [int(part) for part in parts]


def _require_registered(name: str) -> None:
    """Asked before the long work; where there is no database, nothing is registered."""
    from engine.flow.models import find_model
    from engine.settings import get_settings
    from engine.store.unit_of_work import unit_of_work
    from maskloop.commands.store import has_data

    if not has_data(get_settings()):
        raise InvalidInput(f"--record keeps figures in a deployment, and {get_settings().data} holds none yet.")
    try:
        with unit_of_work(read_only=True) as uow:
            find_model(uow, name)
    except NotFound:
        raise InvalidInput(
            f"--record keeps figures on the card of a registered model; {name} is not registered in this deployment. "
            "A bundled model is from the first `maskloop up` on. See: maskloop models list"
        ) from None


def _record(result: "Evaluation", name: str, images: Path) -> None:
    from engine.flow.models import record_metrics
    from engine.store.unit_of_work import unit_of_work

    with unit_of_work() as uow:
        record_metrics(uow, name, {"measured_on": images.resolve().name, **result.to_json()})


def _print_one(model: str, result: "Evaluation", *, as_json: bool) -> None:
    if as_json:
        print_json({"model": model, **result.to_json()})
        return
    from rich.console import Console

    from maskloop.evaluation_tables import print_evaluation

    print_evaluation(result, model, Console())


def _print_two(first: tuple[str, "Evaluation"], second: tuple[str, "Evaluation"], *, as_json: bool) -> None:
    from engine.evaluation.compare import compare

    comparison = compare(first[1], second[1])
    if as_json:
        print_json(
            {
                "models": [first[0], second[0]],
                "sentence": comparison.sentence(first[0], second[0]),
                **comparison.to_json(),
                "evaluations": [{"model": name, **result.to_json()} for name, result in (first, second)],
            }
        )
        return
    from rich.console import Console

    from maskloop.evaluation_tables import print_comparison

    print_comparison(comparison, first, second, Console())
