"""`maskloop retrain`: Train the model, or its detector, on the masks collected so far; watch, stop, resume, plan it."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from tqdm import tqdm

from engine.errors import Conflict, InvalidInput
from engine.flow import retrain as flow
from engine.flow.check_recipe import check_recipe
from engine.flow.models import get_model
from engine.flow.retrain_feed import ACTIVE
from engine.flow.retrain_listing import summarize_retrains
from engine.flow.retrain_order import RetrainOrder, parse_settings, read_retrain_order
from engine.flow.retrain_schedules import (
    RetrainWhen,
    create_retrain_schedule,
    delete_retrain_schedule,
    list_retrain_schedules,
)
from engine.flow.sign_in import create_owner_if_none
from engine.store.tables import RetrainRun, User
from engine.store.unit_of_work import UnitOfWork, unit_of_work
from maskloop.batch_lookup import project_named, short
from maskloop.commands.batch_options import CronOption, FollowOption, ModelNameOption, ProjectOption, ZoneOption
from maskloop.commands.options import DataOption, JsonOption, print_json
from maskloop.commands.snapshot import LabelOption, ProjectsOption, ReviewedOption, StageOption
from maskloop.commands.store import open_store
from maskloop.retrain_lookup import find_retrain_schedule, find_run, find_snapshot, model_id_named
from maskloop.retrain_tables import (
    print_retrain,
    print_retrain_schedules,
    print_retrains,
    retrain_json,
    retrain_schedule_json,
)

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Train the model, or its detector, on the masks collected so far; watch, stop, resume, plan it.",
)

RunArgument = Annotated[int, typer.Argument(metavar="NUMBER", help="The run's number, as listed")]
_LOOK_SECONDS = 1.0


@app.command()
def start(
    project: ProjectsOption = None,
    snapshot: Annotated[int | None, typer.Option(metavar="NUMBER", help="Train on this snapshot [a new one]")] = None,
    detector: Annotated[bool, typer.Option("--detector", help="Train the detector that images are prefilled with")] = (
        False
    ),
    base: ModelNameOption = None,
    recipe: Annotated[str | None, typer.Option(metavar="NAME", help="As maskloop train has them [finetune]")] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Replace a value of the recipe")
    ] = None,
    name: Annotated[str | None, typer.Option(metavar="TEXT", help="The candidate is called TEXT v1 [project]")] = None,
    stage: StageOption = None,
    label: LabelOption = None,
    reviewed_only: ReviewedOption = False,
    new_masks_only: Annotated[
        bool, typer.Option("--new-masks-only", help="Only masks that the run before did not have (the paper's stage 1)")
    ] = False,
    minimum: Annotated[int, typer.Option(metavar="N", help="Not with fewer new masks")] = 0,
    replay: Annotated[
        list[int] | None, typer.Option(metavar="NUMBER", help="Train on this earlier snapshot as well")
    ] = None,
    replay_scenes: Annotated[
        bool | None, typer.Option("--replay-scenes/--no-replay-scenes", help="Train on generated scenes as well")
    ] = None,
    parallel: Annotated[bool, typer.Option("--parallel", help="Although another run is under way")] = False,
    cron: CronOption = None,
    zone: ZoneOption = None,
    every: Annotated[int | None, typer.Option(metavar="N", help="Start whenever there are N new masks")] = None,
    follow: FollowOption = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Start a retraining run, or plan it with --cron or --every; a worker of the queue `train` does the work.

    Example: maskloop retrain start --project street --set steps=200 --follow
    """
    planned = cron is not None or every is not None
    if zone is not None and cron is None:
        raise InvalidInput("--zone says which time zone --cron means; without --cron it says nothing.")
    if planned and follow:
        raise InvalidInput("--follow goes with a run that starts now, not with one that is planned.")
    open_store(data)
    with unit_of_work(read_only=True) as uow:
        projects = [] if snapshot is not None and not project else [project_named(uow, p) for p in project or [None]]
        order = read_retrain_order(
            {
                "kind": "detector" if detector else "promptable",
                "project_ids": [str(each.id) for each in projects],
                "snapshot_id": None if snapshot is None else str(find_snapshot(uow, snapshot).id),
                "filters": {"stages": stage or None, "labels": label or None, "reviewed_only": reviewed_only},
                "base_model_id": model_id_named(uow, base),
                "name": name,
                "recipe": recipe,
                "overrides": parse_settings(set_ or []),
                "new_masks_only": new_masks_only,
                "minimum_new_masks": 0 if planned else minimum,
                "replay_snapshot_ids": [str(find_snapshot(uow, number).id) for number in replay or []],
                "replay_scenes": replay_scenes,
                "allow_parallel": parallel,
            }
        )
    if planned:
        if len(projects) != 1:
            raise InvalidInput("A plan is for one project: name it with --project.")
        check_recipe(order)
        _plan(projects[0].id, order, RetrainWhen(cron, zone or "UTC", every, max(1, minimum)), as_json)
        return
    run_id = _start(order)
    if follow:
        _follow(run_id)
    _print(run_id, as_json)


@app.command("list")
def list_all(project: ProjectOption = None, data: DataOption = None, as_json: JsonOption = False) -> None:
    """List the retraining runs of a project, or all, the newest first.

    Example: maskloop retrain list
    """
    open_store(data)
    with unit_of_work(read_only=True) as uow:
        project_id = None if project is None else project_named(uow, project).id
        found = summarize_retrains(uow, flow.list_retrains(uow, project_id, limit=200))
    if as_json:
        print_json([retrain_json(each) for each in found])
    elif not found:
        print("Nothing has been retrained yet: maskloop retrain start")
    else:
        print_retrains(found)


@app.command()
def show(
    number: RunArgument,
    follow: FollowOption = False,
    recipe: Annotated[bool, typer.Option("--recipe", help="Every setting, also those that nobody asked for")] = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print a run: how far it is, its curve, the verdict on its candidate, and what went wrong.

    Example: maskloop retrain show 3 --follow
    """
    open_store(data)
    with unit_of_work(read_only=True) as uow:
        run_id = find_run(uow, number).id
    if follow:
        _follow(run_id)
    _print(run_id, as_json, every=recipe)


@app.command()
def stop(number: RunArgument, data: DataOption = None) -> None:
    """Stop a run after the step in hand; what it has learnt is kept.

    Example: maskloop retrain stop 3
    """
    _steer(number, data, flow.stop_retrain)


@app.command()
def resume(number: RunArgument, data: DataOption = None) -> None:
    """Go on with a stopped or failed run from its last state.

    Example: maskloop retrain resume 3
    """
    _steer(number, data, flow.resume_retrain)


@app.command()
def schedules(project: ProjectOption = None, data: DataOption = None, as_json: JsonOption = False) -> None:
    """List the retraining that is planned.

    Example: maskloop retrain schedules
    """
    open_store(data)
    with unit_of_work(read_only=True) as uow:
        found = list_retrain_schedules(uow, None if project is None else project_named(uow, project).id)
    if as_json:
        print_json([retrain_schedule_json(each) for each in found])
    elif not found:
        print("Nothing is planned: maskloop retrain start --every 1000")
    else:
        print_retrain_schedules(found)


@app.command()
def unschedule(
    schedule: Annotated[str, typer.Argument(metavar="SCHEDULE", help="Its id as listed, or the beginning of it")],
    data: DataOption = None,
) -> None:
    """Start no further run by a schedule; those it started stay.

    Example: maskloop retrain unschedule 9c01
    """
    open_store(data)
    with unit_of_work() as uow:
        found = find_retrain_schedule(uow, schedule)
        delete_retrain_schedule(uow, create_owner_if_none(uow), found.id)
    print(f"Schedule {short(found.id)} starts nothing any more.")


def _start(order: RetrainOrder) -> UUID:
    try:
        # Reading a recipe takes seconds; that another run is in the way is known at once.
        with unit_of_work(read_only=True) as uow:
            flow.require_alone(uow, order)
        check_recipe(order)
        with unit_of_work() as uow:
            return flow.start_retrain(uow, create_owner_if_none(uow), order).id
    except flow.RunUnderWay as error:
        raise Conflict(
            f"Run {error.number} for this project is {error.state.value}. Wait for it, stop it with "
            f"maskloop retrain stop {error.number}, or start beside it with --parallel."
        ) from error


def _plan(project_id: UUID, order: RetrainOrder, when: RetrainWhen, as_json: bool) -> None:
    with unit_of_work() as uow:
        schedule = create_retrain_schedule(uow, create_owner_if_none(uow), project_id, order, when)
    if as_json:
        print_json(retrain_schedule_json(schedule))
    else:
        print_retrain_schedules([schedule])


def _print(run_id: UUID, as_json: bool, *, every: bool = False) -> None:
    with unit_of_work(read_only=True) as uow:
        run = flow.get_retrain(uow, run_id)
        (summary,) = summarize_retrains(uow, [run])
        model_state = None if run.model_id is None else get_model(uow, run.model_id).state
        points = flow.curve_of(uow, run_id)
    if as_json:
        curve = [{"step": point.step, **point.values} for point in points]
        print_json(retrain_json(summary) | {"curve": curve})
    else:
        print_retrain(summary, points, model_state, every=every)


def _follow(run_id: UUID) -> None:
    """A bar on stderr until the run is over."""
    with tqdm(unit="step", disable=None) as bar:
        while True:
            with unit_of_work(read_only=True) as uow:
                run = flow.get_retrain(uow, run_id)
                last = flow.curve_of(uow, run_id)[-1:]
            bar.total = run.steps
            bar.set_description_str(f"{run.number} {run.state.value}", refresh=False)
            if last:
                bar.set_postfix(loss=f"{last[0].values['loss']:.3f}", refresh=False)
            bar.update(run.step - bar.n)
            if run.state not in ACTIVE:
                return
            time.sleep(_LOOK_SECONDS)


def _steer(number: int, data: Path | None, change: Callable[[UnitOfWork, User, UUID], RetrainRun]) -> None:
    open_store(data)
    with unit_of_work() as uow:
        run = change(uow, create_owner_if_none(uow), find_run(uow, number).id)
    print(f"Run {run.number} is {run.state.value}.")
