"""`maskloop models`: List the models, and add one's own."""

from pathlib import Path
from typing import Annotated

import typer

from engine.errors import Conflict, InvalidCheckpoint, NotFound
from engine.flow.models import find_model, list_models
from engine.store.tables import Model
from engine.store.unit_of_work import unit_of_work
from maskloop.commands.options import DataOption, JsonOption, print_json
from maskloop.commands.store import open_store

app = typer.Typer(
    add_completion=False, no_args_is_help=True, rich_markup_mode="markdown", help="List the models, and add one's own."
)


@app.command("list")
def list_all(data: DataOption = None, as_json: JsonOption = False) -> None:
    """List the registered models, newest first.

    Example: maskloop models list --json
    """
    open_store(data)
    with unit_of_work(read_only=True) as uow:
        models = list_models(uow)
    if as_json:
        print_json([_to_json(model) for model in models])
        return
    if not models:
        print("No model is registered yet: the first start of maskloop registers the bundled one.")
    for model in models:
        print(f"{model.name:<24} {model.arch:<8} {model.state.value:<10} {model.created_at:%Y-%m-%d %H:%M} UTC")


@app.command()
def add(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Weights: .pth (read as weights only) or .safetensors")],
    arch: Annotated[str, typer.Option(metavar="ARCH", help="vit_b, vit_l, vit_h or vit_t")],
    name: Annotated[str, typer.Option(metavar="NAME", help="What to call the model")],
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Register a file of weights as a model that can be promoted.

    Example: maskloop models add sam_vit_b_01ec64.pth --arch vit_b --name sam-b
    """
    from engine.sam import architecture

    architecture(arch)
    if not file.is_file():
        raise InvalidCheckpoint(f"There is no file {file}.")
    open_store(data, create=True)
    _require_free(name)

    from engine.flow.register_model import add_model, prepare_model

    prepared = prepare_model(file, arch)
    with unit_of_work() as uow:
        model = add_model(uow, prepared, name)
    if as_json:
        print_json(_to_json(model))
    else:
        print(f"{model.name} ({model.arch}) is registered as a candidate.")


def _require_free(name: str) -> None:
    """Asked before a large file is read; registering asks again."""
    with unit_of_work(read_only=True) as uow:
        try:
            find_model(uow, name)
        except NotFound:
            return
    raise Conflict(f"There is a model named {name} already. Choose another name.")


def _to_json(model: Model) -> dict[str, object]:
    return {
        "id": str(model.id),
        "name": model.name,
        "arch": model.arch,
        "state": model.state.value,
        "created_at": model.created_at.isoformat(),
        "weights_sha256": model.weights_sha256,
        "metrics": model.metrics,
    }
