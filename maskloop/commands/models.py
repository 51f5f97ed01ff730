"""`maskloop models`: List the models, and add one's own."""

import json
from pathlib import Path
from typing import Annotated

import typer

import engine
from engine.errors import Conflict, InvalidCheckpoint, NotFound
from engine.flow.models import find_model, list_models
from engine.store.tables import Model
from engine.store.unit_of_work import unit_of_work
from maskloop.commands.deployment import apply_options
from maskloop.commands.options import DataOption, JsonOption, print_json
from maskloop.commands.store import has_data, open_store

app = typer.Typer(
    add_completion=False, no_args_is_help=True, rich_markup_mode="markdown", help="List the models, and add one's own."
)


@app.command("list")
def list_all(data: DataOption = None, as_json: JsonOption = False) -> None:
    """List the registered models, newest first, and the bundled ones that no start has registered yet.

    Example: maskloop models list --json
    """
    models: list[dict[str, object]] = []
    if has_data(apply_options(data)):
        open_store(data)
        with unit_of_work(read_only=True) as uow:
            models = [_to_json(model) for model in list_models(uow)]
    registered = {model["name"] for model in models}
    models += [bundled for bundled in _bundled() if bundled["name"] not in registered]
    if as_json:
        print_json(models)
        return
    for model in models:
        print(f"{model['name']:<24} {model['arch']:<8} {model['state']:<10} {model['created_at'] or ''}")


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


def _bundled() -> list[dict[str, object]]:
    # Read where they lie: asking the package that owns them would load torch.
    folder = Path(engine.__path__[0], "sam", "bundled")
    unknown = dict.fromkeys(("created_at", "id", "metrics", "weights_sha256"))
    return [
        {
            "name": weights.stem,
            "arch": json.loads(weights.with_suffix(".json").read_text())["arch"],
            "state": "bundled",
            **unknown,
        }
        for weights in sorted(folder.glob("*.safetensors"))
    ]


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
