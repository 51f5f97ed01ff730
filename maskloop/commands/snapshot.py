"""`maskloop snapshot`: Freeze the masks of projects, compare what was frozen, and write it as a data set."""

from pathlib import Path
from typing import Annotated

import typer

from engine.errors import InvalidInput
from engine.flow import snapshots as flow
from engine.flow.sign_in import create_owner_if_none
from engine.flow.snapshot_diff import diff as difference
from engine.flow.snapshot_files import materialise
from engine.flow.snapshot_order import read_snapshot_order
from engine.store.unit_of_work import unit_of_work
from maskloop.batch_lookup import project_named
from maskloop.commands.options import DataOption, JsonOption, print_json
from maskloop.commands.store import open_store
from maskloop.retrain_lookup import find_snapshot
from maskloop.retrain_tables import diff_json, holdings, print_diff, print_snapshot, print_snapshots, snapshot_json

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Freeze the masks of projects, compare what was frozen, and write it as a data set.",
)

ProjectsOption = Annotated[
    list[str] | None,
    typer.Option("--project", metavar="NAME", help="The project, any number of times [the only one there is]"),
]
StageOption = Annotated[
    list[str] | None,
    typer.Option("--stage", metavar="STAGE", help="Only masks of this stage: manual, semi_automatic, automatic"),
]
LabelOption = Annotated[list[str] | None, typer.Option("--label", metavar="TEXT", help="Only masks labelled so")]
ReviewedOption = Annotated[
    bool, typer.Option("--reviewed-only", help="Leave out what batches made and nobody accepted")
]
ShareOption = Annotated[
    float, typer.Option("--validation-share", metavar="F", help="Of images that are on neither side yet")
]
NumberArgument = Annotated[int, typer.Argument(metavar="NUMBER", help="The snapshot's number, as listed")]


@app.command()
def create(
    project: ProjectsOption = None,
    name: Annotated[str | None, typer.Option(metavar="TEXT", help="A name to know it by")] = None,
    stage: StageOption = None,
    label: LabelOption = None,
    minimum_iou: Annotated[float | None, typer.Option(metavar="F", help="Lowest predicted IoU")] = None,
    minimum_stability: Annotated[float | None, typer.Option(metavar="F", help="Lowest stability score")] = None,
    reviewed_only: ReviewedOption = False,
    validation_share: ShareOption = 0.2,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Freeze the masks of a project as they are now; what happens to them afterwards changes nothing in the snapshot.

    Example: maskloop snapshot create --project street --stage manual
    """
    open_store(data)
    with unit_of_work() as uow:
        projects = [project_named(uow, each) for each in project or [None]]
        order = read_snapshot_order(
            {
                "project_ids": [str(each.id) for each in projects],
                "name": name,
                "filters": {
                    "stages": stage or None,
                    "labels": label or None,
                    "minimum_predicted_iou": minimum_iou,
                    "minimum_stability_score": minimum_stability,
                    "reviewed_only": reviewed_only,
                },
                "validation_share": validation_share,
            }
        )
        snapshot = flow.create_snapshot(uow, create_owner_if_none(uow), order)
    if as_json:
        print_json(snapshot_json(snapshot))
        return
    print(f"Snapshot {snapshot.number} holds {holdings(snapshot)}.")


@app.command("list")
def list_all(
    project: Annotated[str | None, typer.Option(metavar="NAME", help="Only those of this project")] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the snapshots, the newest first.

    Example: maskloop snapshot list --project street
    """
    open_store(data)
    with unit_of_work(read_only=True) as uow:
        project_id = None if project is None else project_named(uow, project).id
        found = flow.list_snapshots(uow, project_id)
    if as_json:
        print_json([snapshot_json(each) for each in found])
    elif not found:
        print("Nothing has been frozen yet: maskloop snapshot create")
    else:
        print_snapshots(found)


@app.command()
def show(number: NumberArgument, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Print a snapshot: what it holds, what was asked for, and the hash of its list of masks.

    Example: maskloop snapshot show 3
    """
    open_store(data)
    with unit_of_work(read_only=True) as uow:
        found = find_snapshot(uow, number)
    if as_json:
        print_json(snapshot_json(found))
    else:
        print_snapshot(found)


@app.command()
def diff(
    earlier: NumberArgument,
    later: Annotated[int, typer.Argument(metavar="LATER", help="The number of the one to compare with")],
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say which masks are new, changed and gone in a later snapshot.

    Example: maskloop snapshot diff 3 4
    """
    open_store(data)
    with unit_of_work(read_only=True) as uow:
        found = difference(find_snapshot(uow, earlier), find_snapshot(uow, later))
    if as_json:
        print_json(diff_json(found))
    else:
        print_diff(found)


@app.command()
def write(
    number: NumberArgument,
    out: Annotated[Path, typer.Option(metavar="DIR", help="An empty or new folder")],
    since: Annotated[
        int | None, typer.Option(metavar="NUMBER", help="Only masks that this earlier snapshot did not have")
    ] = None,
    data: DataOption = None,
) -> None:
    """Write a snapshot as a data set: bit by bit the same each time, whatever happened to its masks since.

    Example: maskloop snapshot write 3 --out street-3
    """
    open_store(data)
    if out.exists() and (not out.is_dir() or (any(out.iterdir()) and not (out / "snapshot.json").is_file())):
        raise InvalidInput(f"{out} is in the way. Name a folder that is new or empty.")
    with unit_of_work(read_only=True) as uow:
        snapshot = find_snapshot(uow, number)
        before = None if since is None else find_snapshot(uow, since)
    materialise(snapshot, out, since=before)
    print(f"Snapshot {number} is in {out}: maskloop train finetune --data {out} reads it.")
