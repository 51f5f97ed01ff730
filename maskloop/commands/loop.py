"""`maskloop loop`: What the loop came to, round by round, and how a project judges its candidates."""

from dataclasses import asdict
from typing import Annotated, Any

import typer

from engine.flow.loop_report import report as make_report
from engine.flow.loop_settings import loop_settings, read_project_loop, set_loop_settings
from engine.flow.retrain_order import as_settings, parse_settings
from engine.flow.sign_in import create_owner_if_none
from engine.store.unit_of_work import unit_of_work
from maskloop.batch_lookup import project_named
from maskloop.commands.batch_options import ProjectOption
from maskloop.commands.options import DataOption, JsonOption, print_json
from maskloop.commands.store import open_store

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="What the loop came to, round by round, and how a project judges its candidates.",
)


@app.command()
def report(project: ProjectOption = None, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Print the rounds of a project: how good each model was, what a mask cost with it, and hours of work.

    A round is the time for which one model was live.

    Example: maskloop loop report --project street
    """
    open_store(data)
    with unit_of_work(read_only=True) as uow:
        rounds = make_report(uow, project_named(uow, project).id)
    if as_json:
        print_json([_plain(asdict(each)) for each in rounds])
        return
    from maskloop.loop_tables import print_rounds

    print_rounds(rounds)


@app.command()
def settings(
    project: ProjectOption = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Change one: auto_promote, gate.…, benchmark.…"),
    ] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print the rules of a project's gate, its benchmark and who promotes, and change them with --set.

    What it prints is what --set takes; none takes a value away.

    Example: maskloop loop settings --project street --set auto_promote=true --set gate.largest_loss=1
    """
    open_store(data)
    changes = parse_settings(set_ or [])
    with unit_of_work() as uow:
        found = project_named(uow, project)
        now = loop_settings(uow, found.id)
        if changes:
            document: dict[str, Any] = now.model_dump(mode="json")
            for name, text in changes.items():
                value = None if text in ("none", "None") else text
                part, _, field = name.partition(".")
                if field and isinstance(document.get(part), dict):
                    document[part][field] = value
                else:
                    document[name] = value
            now = set_loop_settings(uow, create_owner_if_none(uow), found.id, read_project_loop(document))
    if as_json:
        print_json(now.model_dump(mode="json"))
        return
    lines = {"auto_promote": now.auto_promote}
    for part in ("gate", "benchmark"):
        values = getattr(now, part).model_dump(mode="json")
        lines |= {f"{part}.{name}": value for name, value in values.items()}
    print(*as_settings(lines), sep="\n")


def _plain(value: Any) -> Any:
    """Dates and ids as text."""
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
