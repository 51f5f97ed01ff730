"""`maskloop batch start`: a batch now, or planned, or only what it would cost."""

from typing import Any
from uuid import UUID

from engine.errors import InvalidInput
from engine.flow.batch_estimate import Estimate, estimate_batch
from engine.flow.batch_order import BatchOrder, read_order
from engine.flow.batches import start_batch
from engine.flow.due_schedules import next_in_words
from engine.flow.models import find_model
from engine.flow.schedules import When, create_schedule, in_words
from engine.flow.sign_in import create_owner_if_none
from engine.settings import Settings
from engine.store.unit_of_work import UnitOfWork, unit_of_work
from maskloop.batch_following import follow_batch, print_one
from maskloop.batch_lookup import find_batch, project_named, short
from maskloop.batch_tables import estimate_line, review_line, schedule_json, thresholds_line
from maskloop.commands.batch_options import (
    AnnotatedOption,
    AtOnceOption,
    AtOption,
    CronOption,
    EstimateOption,
    FollowOption,
    ImagesOfOption,
    KindArgument,
    LimitOption,
    ModelNameOption,
    NamedOption,
    NameOption,
    NewImagesOption,
    NotDoneOption,
    PriorityOption,
    ProjectOption,
    ReviewOption,
    SetOption,
    TagOption,
    ZoneOption,
    read_settings,
    read_time,
)
from maskloop.commands.options import DataOption, JsonOption, print_json
from maskloop.commands.store import open_store
from maskloop.running import find_running


def start(
    kind: KindArgument,
    project: ProjectOption = None,
    name: NameOption = None,
    model: ModelNameOption = None,
    annotated: AnnotatedOption = None,
    not_done: NotDoneOption = False,
    named: NamedOption = None,
    tag: TagOption = None,
    images_of: ImagesOfOption = None,
    limit: LimitOption = None,
    settings: SetOption = None,
    priority: PriorityOption = None,
    at_once: AtOnceOption = None,
    review: ReviewOption = None,
    at: AtOption = None,
    cron: CronOption = None,
    zone: ZoneOption = None,
    new_images: NewImagesOption = None,
    estimate: EstimateOption = False,
    follow: FollowOption = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Start a batch now, or plan one.

    The work is done by the workers of `maskloop up`; this command only asks for it.

    Example: maskloop batch start automatic --project street --not-done --set points_per_side=16 --follow

    Example: maskloop batch start embed --project street --cron "0 2 * * *" --zone Europe/Berlin
    """
    planned = any(each is not None for each in (at, cron, new_images))
    if zone is not None and cron is None:
        raise InvalidInput("--zone says which time zone --cron means; without --cron it says nothing.")
    if planned and (estimate or follow):
        raise InvalidInput("--estimate and --follow go with a batch that starts now, not with one that is planned.")
    values: dict[str, Any] = {
        "kind": kind,
        "name": name,
        "selection": {
            "annotated": annotated,
            "not_done": not_done,
            "name_contains": named,
            "tag": tag,
            "limit": limit,
        },
        "settings": read_settings(settings),
        "concurrency": at_once,
        "review": review,
        "priority": priority or "normal",
    }
    when = When(at=read_time(at) if at else None, cron=cron, zone=zone or "UTC", new_images=new_images)
    read_order(values)
    deployment = open_store(data)
    with unit_of_work(read_only=True) as uow:
        chosen = project_named(uow, project)
        project_id = chosen.id
        order = _order(uow, values, model, images_of)
        review = chosen.review_batches if review is None else review
    if estimate:
        _estimate(project_id, order, as_json, review)
    elif planned:
        _plan(project_id, order, when, as_json)
    else:
        _start(project_id, order, deployment, follow, as_json)


def _order(uow: UnitOfWork, values: dict[str, Any], model: str | None, images_of: str | None) -> BatchOrder:
    """The order, with the model and the earlier batch that were named in the place of their names."""
    if model is not None:
        values["model_id"] = find_model(uow, model).id
    if images_of is not None:
        values["selection"]["images_of"] = find_batch(uow, images_of).id
    return read_order(values)


def _estimate(project_id: UUID, order: BatchOrder, as_json: bool, review: bool) -> None:
    with unit_of_work(read_only=True) as uow:
        estimate = estimate_batch(uow, project_id, order)
    if as_json:
        print_json(vars(estimate))
    else:
        print(estimate_line(estimate))
        _print_advice(estimate, review)


def _print_advice(estimate: Estimate, review: bool) -> None:
    for line in (thresholds_line(estimate.settings), review_line(estimate.precision, review)):
        if line is not None:
            print(line)


def _plan(project_id: UUID, order: BatchOrder, when: When, as_json: bool) -> None:
    with unit_of_work() as uow:
        schedule = create_schedule(uow, create_owner_if_none(uow), project_id, order, when)
    if as_json:
        print_json(schedule_json(schedule))
        return
    next_time = next_in_words(schedule)
    due = f", next at {next_time}" if next_time else ""
    print(f"Planned {short(schedule.id)}: {in_words(schedule)}{due}.")


def _start(project_id: UUID, order: BatchOrder, deployment: Settings, follow: bool, as_json: bool) -> None:
    with unit_of_work() as uow:
        estimate = estimate_batch(uow, project_id, order)
        job = start_batch(uow, create_owner_if_none(uow), project_id, order)
    if not as_json:
        print(f"Started {short(job.id)}: {estimate_line(estimate)}")
        _print_advice(estimate, job.review)
        if deployment.embedded and find_running(deployment.data) is None:
            print("It is worked on once maskloop runs: maskloop up")
    if follow:
        follow_batch(job.id)
    if as_json or follow:
        print_one(job.id, as_json)
