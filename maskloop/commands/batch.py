"""`maskloop batch`: Start, plan, watch and steer batches of work on a project's images."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from engine.errors import InvalidInput
from engine.flow import batches as flow
from engine.flow.batch_listing import summarize_batches
from engine.flow.batch_order import read_order
from engine.flow.schedules import delete_schedule, list_schedules
from engine.flow.sign_in import create_owner_if_none
from engine.store.tables import Job, User
from engine.store.unit_of_work import UnitOfWork, unit_of_work
from maskloop.batch_following import follow_batch, print_one
from maskloop.batch_lookup import find_batch, find_schedule, project_named, short
from maskloop.batch_tables import (
    batch_json,
    print_batches,
    print_schedules,
    schedule_json,
)
from maskloop.commands.batch_options import (
    AtOnceOption,
    BatchArgument,
    FollowOption,
    PriorityOption,
    ProjectOption,
)
from maskloop.commands.batch_results import compare, download
from maskloop.commands.batch_start import start
from maskloop.commands.options import DataOption, JsonOption, counted, print_json
from maskloop.commands.store import open_store

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Start, plan, watch and steer batches of work on a project's images.",
)


app.command()(start)
app.command()(compare)
app.command()(download)


@app.command("list")
def list_all(project: ProjectOption = None, data: DataOption = None, as_json: JsonOption = False) -> None:
    """List the batches of a project, or of all, the newest first.

    Example: maskloop batch list --project street
    """
    open_store(data)
    with unit_of_work(read_only=True) as uow:
        project_id = None if project is None else project_named(uow, project).id
        summaries = summarize_batches(uow, flow.list_batches(uow, project_id, limit=200))
    if as_json:
        print_json([batch_json(summary) for summary in summaries])
    elif not summaries:
        print("No batch has been started yet: maskloop batch start automatic")
    else:
        print_batches(summaries)


@app.command()
def show(
    batch: BatchArgument, follow: FollowOption = False, data: DataOption = None, as_json: JsonOption = False
) -> None:
    """Print a batch: how far it is, its settings, and what failed with its reason.

    Example: maskloop batch show 3f2a --follow
    """
    open_store(data)
    with unit_of_work(read_only=True) as uow:
        job_id = find_batch(uow, batch).id
    if follow:
        follow_batch(job_id)
    print_one(job_id, as_json)


@app.command()
def pause(batch: BatchArgument, data: DataOption = None) -> None:
    """Begin no further image; those at work are finished.

    Example: maskloop batch pause 3f2a
    """
    _steer(batch, data, flow.pause_batch, "Paused")


@app.command()
def resume(batch: BatchArgument, data: DataOption = None) -> None:
    """Go on with a paused batch, or with what a cancelled one left undone.

    Example: maskloop batch resume 3f2a
    """
    _steer(batch, data, flow.resume_batch, "Goes on")


@app.command()
def cancel(batch: BatchArgument, data: DataOption = None) -> None:
    """Give up what is not done, at once; what is done stays.

    Example: maskloop batch cancel 3f2a
    """
    _steer(batch, data, flow.cancel_batch, "Cancelled")


@app.command()
def retry(batch: BatchArgument, data: DataOption = None) -> None:
    """Try the images again that failed.

    Example: maskloop batch retry 3f2a
    """
    open_store(data)
    with unit_of_work() as uow:
        job = find_batch(uow, batch)
        count = flow.retry_batch(uow, create_owner_if_none(uow), job.id)
    print(f"{counted(count, 'image')} of {short(job.id)} will be tried again." if count else "No image failed.")


@app.command()
def change(
    batch: BatchArgument, priority: PriorityOption = None, at_once: AtOnceOption = None, data: DataOption = None
) -> None:
    """Change how urgent a batch is, or how many of its images are worked on at a time (0: no limit).

    Example: maskloop batch change 3f2a --priority high
    """
    if priority is None and at_once is None:
        raise InvalidInput("Say what to change: --priority, --at-once, or both.")
    checked = read_order({"kind": "embed", "priority": priority or "normal", "concurrency": at_once or None})

    def apply(uow: UnitOfWork, user: User, job_id: UUID) -> Job:
        urgency = checked.priority if priority else None
        return flow.change_batch(uow, user, job_id, priority=urgency, concurrency=at_once)

    _steer(batch, data, apply, "Changed")


@app.command()
def schedules(project: ProjectOption = None, data: DataOption = None, as_json: JsonOption = False) -> None:
    """List the batches of a project that are planned.

    Example: maskloop batch schedules --project street
    """
    open_store(data)
    with unit_of_work(read_only=True) as uow:
        found = list_schedules(uow, project_named(uow, project).id)
    if as_json:
        print_json([schedule_json(schedule) for schedule in found])
    elif not found:
        print("Nothing is planned: maskloop batch start automatic --cron …")
    else:
        print_schedules(found)


@app.command()
def unschedule(
    schedule: Annotated[str, typer.Argument(metavar="SCHEDULE", help="Its id as listed, or the beginning of it")],
    data: DataOption = None,
) -> None:
    """Start no further batch by a schedule; those it started stay.

    Example: maskloop batch unschedule 9c01
    """
    open_store(data)
    with unit_of_work() as uow:
        found = find_schedule(uow, schedule)
        delete_schedule(uow, create_owner_if_none(uow), found.id)
    print(f"Schedule {short(found.id)} starts nothing any more.")


def _steer(batch: str, data: Path | None, change_it: Callable[[UnitOfWork, User, UUID], Job], done: str) -> None:
    open_store(data)
    with unit_of_work() as uow:
        job = change_it(uow, create_owner_if_none(uow), find_batch(uow, batch).id)
    print(f"{done}: {short(job.id)} is {job.state}.")
