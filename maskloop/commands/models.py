"""`maskloop models`: List the models, add one's own or a published one, choose the live one, take them out."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from engine.errors import InvalidCheckpoint
from engine.flow.model_card import find_card, model_cards, registered_card
from engine.flow.models import require_free_name
from engine.flow.published import PUBLISHED, find_pulled, published
from engine.store.tables import Model
from engine.store.unit_of_work import UnitOfWork, unit_of_work
from maskloop.commands.calibrate import calibrate
from maskloop.commands.deployment import apply_options
from maskloop.commands.models_live import compare, delete, promote, rollback
from maskloop.commands.options import DataOption, JsonOption, print_json
from maskloop.commands.store import has_data, open_store

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="List the models, add one's own or a published one, choose the live one, take them out.",
)

app.command()(calibrate)

for _command in (promote, rollback, compare, delete):
    app.command()(_command)

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="A name that `maskloop models list` shows")]


@app.command("list")
def list_all(data: DataOption = None, as_json: JsonOption = False) -> None:
    """List the registered models, newest first, and the bundled ones that no start has registered yet.

    Example: maskloop models list --json
    """
    with _reading(data) as uow:
        cards = model_cards(uow)
    if as_json:
        print_json([card.to_json() for card in cards])
        return
    from maskloop.model_tables import print_models

    print_models(cards)


@app.command()
def show(name: NameArgument, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Print a model's card: what it is, where it comes from, its figures.

    Example: maskloop models show vit_t
    """
    with _reading(data) as uow:
        card = find_card(uow, name)
    if as_json:
        print_json({**card.to_json(), "config": card.config, "card": card.text})
        return
    from maskloop.model_tables import print_card

    print_card(card)


@app.command()
def add(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Weights: .pth (read as weights only) or .safetensors")],
    arch: Annotated[str, typer.Option(metavar="ARCH", help="vit_b, vit_l, vit_h or vit_t")],
    name: Annotated[str, typer.Option(metavar="NAME", help="What to call the model")],
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Register a file of weights as a model that can be promoted.

    Published checkpoints and files of maskloop's own. A file is never trusted to run code.

    Example: maskloop models add sam_vit_b_01ec64.pth --arch vit_b --name sam-b
    """
    from engine.flow.model_origin import origin_of_file
    from engine.sam import architecture

    architecture(arch)
    if not file.is_file():
        raise InvalidCheckpoint(f"There is no file {file}.")
    open_store(data, create=True)
    # Asked before a large file is read; registering asks again.
    with unit_of_work(read_only=True) as uow:
        require_free_name(uow, name)

    from rich.console import Console

    from engine.flow.register_model import add_model, prepare_model

    origin = origin_of_file(file)
    # Reading a large file and exporting its decoder take up to a minute.
    with Console(stderr=True).status(f"Reading {file.name} and exporting its decoder …"):
        prepared = prepare_model(file, arch)
    with unit_of_work() as uow:
        model = add_model(uow, prepared, name, origin=origin)
    _print_added(model, as_json=as_json)


@app.command()
def pull(
    name: Annotated[str, typer.Argument(metavar="NAME", help=f"One of {', '.join(PUBLISHED)}")],
    registered_as: Annotated[
        str | None, typer.Option("--as", metavar="NAME", help="What to call the model, if not NAME")
    ] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Download a checkpoint that was published with the paper, check its hash, and register it.

    The size is said before anything is fetched: 375 MB for ViT-B, 1.2 GB for ViT-L, 2.6 GB for ViT-H. What came before
    Ctrl-C or a broken connection is kept, and the same command goes on from there. The address is the published one,
    or a mirror's: MASKLOOP_PUBLISHED_MODELS_URL.

    Example: maskloop models pull vit_b
    """
    published(name)
    open_store(data, create=True)
    model = find_pulled(name, registered_as or name)
    if model is not None:
        _print_added(model, as_json=as_json, already=True)
        return

    from engine.flow.pull_model import pull_model
    from maskloop.download_bar import DownloadBar

    with DownloadBar() as bar:
        model = pull_model(name, registered_as or name, bar)
    _print_added(model, as_json=as_json)


@app.command()
def export(
    name: NameArgument,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder to write into, made if absent")],
    force: Annotated[bool, typer.Option("--force", help="Overwrite an earlier export")] = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a model into a folder: weights (safetensors), configuration, the decoder as ONNX, and the card.

    The ONNX graphs are those the browser runs: prepare.onnx once per image, decode.onnx once per prompt. The weights
    come back with: maskloop models add DIR/NAME.safetensors --arch ARCH --name NAME

    Example: maskloop models export vit_t --out exported
    """
    with _reading(data) as uow:
        card = find_card(uow, name)

        from engine.flow.export_model import export_model

        files = export_model(uow, card, out, force=force)
    if as_json:
        print_json({"name": name, "files": [str(file) for file in files]})
        return
    for file in files:
        print(f"{file}  {file.stat().st_size:,} bytes")


@contextmanager
def _reading(data: Path | None) -> Iterator[UnitOfWork | None]:
    """The store to read from; None where there is none yet, so that only what ships is known."""
    if not has_data(apply_options(data)):
        yield None
        return
    open_store(data)
    with unit_of_work(read_only=True) as uow:
        yield uow


def _print_added(model: Model, *, as_json: bool, already: bool = False) -> None:
    with unit_of_work(read_only=True) as uow:
        card = registered_card(uow, model)
    if as_json:
        print_json(card.to_json())
        return
    fact = "is registered already" if already else "is registered as a candidate"
    print(f"{card.name} ({card.arch}) {fact}.")
    if card.origin is not None:
        print(f"SHA-256 of {card.origin.file_name}: {card.origin.sha256}")
    sys.stdout.flush()
