"""`maskloop detector`: Train and measure the detector that images are prefilled with."""

import enum
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.errors import InvalidInput
from maskloop.commands.options import DEFAULT_MODEL, DataOption, JsonOption, ModelOption, counted, print_json
from maskloop.commands.store import open_store

if TYPE_CHECKING:
    import torch

    from engine.detector.evaluate import DetectorFigures
    from engine.detector.interface import BoxDetector
    from engine.detector.train import DetectorExample, DetectorRecipe


class Arch(enum.StrEnum):
    """What the registry calls the two kinds of detectors."""

    BOX_HEAD = "box_head"
    FASTER_RCNN = "faster_rcnn"


app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Train and measure the detector that images are prefilled with.",
)

ImagesOption = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="Folder with `images/` and `annotations/` (one SA-1B JSON per image); without it, the masks made here",
    ),
]
CacheOption = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Keep the embeddings of --images here, for the next time")
]
LimitOption = Annotated[int | None, typer.Option(metavar="N", min=1, help="Only N images of --images")]


@app.command()
def train(
    name: Annotated[str | None, typer.Option(metavar="NAME", help="Register the detector under this name")] = None,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Or write it to this .safetensors file")] = None,
    images: ImagesOption = None,
    model: ModelOption = DEFAULT_MODEL,
    arch: Annotated[
        Arch,
        typer.Option(help="box_head reads the model's embeddings; faster_rcnn reads pixels and needs torchvision"),
    ] = Arch.BOX_HEAD,
    epochs: Annotated[int, typer.Option(metavar="N", min=1, help="Times every image is seen")] = 12,
    learning_rate: Annotated[float, typer.Option(metavar="F", help="The highest learning rate")] = 1e-3,
    seed: Annotated[int, typer.Option(metavar="N", min=0, help="Another one gives another order of images")] = 0,
    embeddings: CacheOption = None,
    limit: LimitOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Train a box detector on the boxes of masks; unless --arch says otherwise, it reads the model's embeddings.

    One image in ten is held out and measured on. A registered detector is used from then on to prefill images that
    --model, which must be registered then, has embedded.

    Example: maskloop detector train --name boxes-1
    """
    if (name is None) == (out is None):
        raise InvalidInput("Say where the detector goes: --name registers it, --out FILE writes it to a file.")
    if out is not None and out.suffix != ".safetensors":
        raise InvalidInput(f"{out} must end in .safetensors.")
    if arch is Arch.FASTER_RCNN:
        from engine.detector.faster_rcnn import require_torchvision

        require_torchvision()
    if name is not None or images is None:
        open_store(data)
    if name is not None:
        _require_registrable(name, model)

    from engine.detector.train import DetectorRecipe
    from engine.flow.detector_data import split

    recipe = DetectorRecipe(epochs=epochs, learning_rate=learning_rate, seed=seed)
    with _examples(images, model, embeddings, limit) as examples:
        seen, held_out = split(examples)
        network = _train(seen, model, recipe, arch)
        figures = _measure(_detector(network), held_out) if any(len(each.boxes) for each in held_out) else None
    metrics: dict[str, object] = {
        "trained_on": {"images": len(seen), "objects": sum(len(each.boxes) for each in seen)},
        "held_out": None if figures is None else figures.to_json(),
    }
    if name is not None:
        _register(network, name, model, metrics)
    if out is not None:
        _save(network, out)
    if as_json:
        print_json({"name": name or str(out), **metrics})
        return
    print(f"{name or out} was trained on {counted(len(seen), 'image')}.")
    if figures is not None:
        _print_figures(figures)


@app.command()
def evaluate(
    detector: Annotated[str, typer.Argument(metavar="NAME_OR_FILE", help="A registered detector or a file of train")],
    images: ImagesOption = None,
    model: ModelOption = DEFAULT_MODEL,
    embeddings: CacheOption = None,
    limit: LimitOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure a detector: AP and AR at 10 and 100 boxes, as COCO has them, all objects being of one class.

    Without --images, on the images made here that training holds out.

    Example: maskloop detector evaluate boxes-1 --images held-out
    """
    is_file = detector.endswith(".safetensors")
    if not is_file or images is None:
        open_store(data)
    found = _load(detector, is_file)
    with _examples(images, model, embeddings, limit) as examples:
        if images is None:
            from engine.flow.detector_data import split

            examples = split(examples)[1]
        figures = _measure(found, examples)
    if as_json:
        print_json({"name": detector, **figures.to_json()})
        return
    _print_figures(figures)


def _require_registrable(name: str, model: str) -> None:
    """Asked before the work is done, and again when it is."""
    from engine.flow.models import find_model, require_free_name
    from engine.store.unit_of_work import unit_of_work

    with unit_of_work(read_only=True) as uow:
        require_free_name(uow, name)
        find_model(uow, model)


@contextmanager
def _examples(
    images: Path | None, model: str, cache: Path | None, limit: int | None
) -> "Iterator[list[DetectorExample]]":
    from engine.flow.detector_data import examples_in_store, examples_of_folder

    if images is None:
        from engine.flow.models import find_model
        from engine.store.unit_of_work import unit_of_work

        with unit_of_work(read_only=True) as uow:
            stored = examples_in_store(uow, find_model(uow, model))
        yield stored
        return

    from tqdm import tqdm

    from engine.evaluation.read_folder import read_folder
    from engine.flow.load_model import load_model
    from engine.inference.embedder import Embedder

    found = read_folder(images, limit)
    embedder = Embedder(load_model(model))
    with tempfile.TemporaryDirectory() as temporary, tqdm(total=len(found), disable=None, unit="image") as bar:

        def advance() -> None:
            bar.update()

        yield examples_of_folder(found, embedder, cache or Path(temporary), advance)


def _train(examples: "list[DetectorExample]", model: str, recipe: "DetectorRecipe", arch: Arch) -> "torch.nn.Module":
    from tqdm import tqdm

    from engine.detector.config import BoxHeadConfig
    from engine.detector.faster_rcnn import train_faster_rcnn
    from engine.detector.train import train_detector
    from engine.flow.load_model import load_model

    with tqdm(disable=None, unit="step") as bar:

        def advance(step: int, steps: int, loss: float) -> None:
            bar.total = steps
            bar.set_postfix(loss=f"{loss:.3f}", refresh=False)
            bar.update(step - bar.n)

        if arch is Arch.FASTER_RCNN:
            return train_faster_rcnn(examples, recipe, advance)
        return train_detector(examples, BoxHeadConfig.for_model(load_model(model).config), recipe, advance)


def _detector(network: "torch.nn.Module") -> "BoxDetector":
    from engine.flow.detectors import running_detector

    return running_detector(network)


def _measure(detector: "BoxDetector", examples: "list[DetectorExample]") -> "DetectorFigures":
    from engine.flow.detector_data import measure

    return measure(detector, examples)


def _register(network: "torch.nn.Module", name: str, model: str, metrics: dict[str, object]) -> None:
    from engine.flow.detectors import add_detector
    from engine.flow.models import find_model
    from engine.store.unit_of_work import unit_of_work

    with unit_of_work() as uow:
        add_detector(uow, network, name, find_model(uow, model).id, metrics)


def _save(network: "torch.nn.Module", out: Path) -> None:
    from engine.flow.detectors import save_detector_file

    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        save_detector_file(network, out)
    except OSError as error:
        raise InvalidInput(f"{out} cannot be written: {error.strerror}.") from error


def _load(detector: str, is_file: bool) -> "BoxDetector":
    if is_file:
        from engine.flow.detectors import load_detector_file

        return load_detector_file(Path(detector))
    from engine.flow.detectors import find_detector, load_stored_detector
    from engine.store.unit_of_work import unit_of_work

    with unit_of_work(read_only=True) as uow:
        return load_stored_detector(find_detector(uow, detector))


def _print_figures(figures: "DetectorFigures") -> None:
    print(f"{counted(figures.objects, 'object')} in {counted(figures.images, 'held-out image')}:")
    for label, value in (
        ("AP50", figures.ap50),
        ("AP", figures.ap),
        ("AR@10", figures.ar10),
        ("AR@100", figures.ar100),
    ):
        print(f"  {label:<7}{value:.3f}")
