"""What the loop came to, round by round: how good the model was, what a mask cost, and who worked how long.

A round is the time for which one model was live: with it people annotated, and the round's runs made the next one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, true

from engine.flow.models import DETECTORS, live_model
from engine.flow.projects import get_project
from engine.flow.registry import Figures, get_entry
from engine.store.tables import (
    Assignment,
    AssignmentState,
    Image,
    Job,
    JobItem,
    JobKind,
    Mask,
    MaskVersion,
    Model,
    Promotion,
    RetrainRun,
    Review,
    Snapshot,
    Stage,
)
from engine.store.unit_of_work import UnitOfWork


@dataclass(frozen=True)
class Round:
    """One model's time in a project. What there was none of is None.

    `held_out` and `benchmark` are the live model's figures. `clicks` (points and boxes) and `seconds` (active time) are
    means per mask that a person made with it. `masks_per_image` counts every mask on the images of those masks, at the
    end of the round. `prefilled` counts masks that were offered in it and decided on since.
    """

    number: int
    model_id: UUID | None
    model_name: str | None
    began_at: datetime | None
    ended_at: datetime | None
    held_out: Figures | None
    benchmark: Figures | None
    masks: int
    images: int
    clicks: float | None
    seconds: float | None
    masks_per_image: float | None
    prefilled: int
    accepted_share: float | None
    people_hours: float
    machine_hours: float
    """Of workers: training and measuring in the round, and batches on the project's images."""
    runs: list[int]
    """Numbers of the runs that were started in the round."""


@dataclass(frozen=True)
class _Span:
    """When a model was live: from `start` (None: from the beginning) until `end` (None: still)."""

    model: Model | None
    start: datetime | None
    end: datetime | None

    def holds(self, column: Any) -> ColumnElement[bool]:
        began = true() if self.start is None else column >= self.start
        return and_(began, true() if self.end is None else column < self.end)


def report(uow: UnitOfWork, project_id: UUID) -> list[Round]:
    """The rounds of a project, the first one first. Raises NotFound.

    Time before the first promotion is a round of its own if there is anything in it; masks of an image count in the
    round in which they were made.
    """
    get_project(uow, project_id)
    spans = _spans(uow)
    runs = _runs(uow, project_id)
    rounds = [_round(uow, project_id, span, runs) for span in spans]
    kept = [each for each in rounds if each.masks or each.runs or each.prefilled or each.ended_at is None]
    return [replace(each, number=number) for number, each in enumerate(kept)]


def _spans(uow: UnitOfWork) -> list[_Span]:
    """The times of the promptable models, in order."""
    promotions = uow.session.execute(
        select(Promotion.at, Model)
        .join(Model, Model.id == Promotion.model_id)
        .where(Model.arch.not_in(DETECTORS))
        .order_by(Promotion.at)
    ).all()
    if not promotions:
        return [_Span(live_model(uow), None, None)]
    first = uow.session.scalar(select(Promotion.previous_model_id).where(Promotion.at == promotions[0][0]).limit(1))
    before = None if first is None else uow.session.get(Model, first)
    spans = [_Span(before, None, promotions[0][0])]
    for place, (at, model) in enumerate(promotions):
        end = promotions[place + 1][0] if place + 1 < len(promotions) else None
        spans.append(_Span(model, at, end))
    return spans


def _runs(uow: UnitOfWork, project_id: UUID) -> list[RetrainRun]:
    rows = uow.session.execute(
        select(RetrainRun, Snapshot.project_ids)
        .join(Snapshot, Snapshot.id == RetrainRun.snapshot_id)
        .order_by(RetrainRun.number)
    )
    return [run for run, project_ids in rows if str(project_id) in project_ids]


def _round(uow: UnitOfWork, project_id: UUID, span: _Span, runs: Sequence[RetrainRun]) -> Round:
    made = _made_by_people(uow, project_id, span)
    images = {row.image_id for row in made}
    count = len(made)
    prefilled, accepted = _prefilled(uow, project_id, span)
    figures = {} if span.model is None else get_entry(uow, span.model.id).figures
    within = [run for run in runs if _is_within(run.created_at, span)]
    return Round(
        number=0,
        model_id=None if span.model is None else span.model.id,
        model_name=None if span.model is None else span.model.name,
        began_at=span.start,
        ended_at=span.end,
        held_out=figures.get("validation"),
        benchmark=figures.get("benchmark"),
        masks=count,
        images=len(images),
        clicks=sum(_clicks(row.prompts) for row in made) / count if count else None,
        seconds=sum(row.active_ms for row in made) / count / 1000 if count else None,
        masks_per_image=_masks_per_image(uow, project_id, span),
        prefilled=prefilled,
        accepted_share=accepted / prefilled if prefilled else None,
        people_hours=_active_ms(uow, project_id, span) / 3_600_000,
        machine_hours=(sum(run.machine_seconds for run in within) + _batch_seconds(uow, project_id, span)) / 3600,
        runs=[run.number for run in within],
    )


def _made_by_people(uow: UnitOfWork, project_id: UUID, span: _Span) -> Sequence[Any]:
    """Masks that a person drew, not those that a batch offered."""
    return uow.session.execute(
        select(Mask.image_id, Mask.active_ms, Mask.prompts)
        .join(Image, Image.id == Mask.image_id)
        .where(
            Image.project_id == project_id,
            Mask.deleted_at.is_(None),
            Mask.stage != Stage.AUTOMATIC,
            Mask.job_id.is_(None),
            span.holds(Mask.created_at),
        )
    ).all()


def _masks_per_image(uow: UnitOfWork, project_id: UUID, span: _Span) -> float | None:
    """Masks on the images that somebody annotated in the round, whoever or whatever made them."""
    touched = (
        select(Mask.image_id)
        .join(Image, Image.id == Mask.image_id)
        .where(Image.project_id == project_id, span.holds(Mask.created_at))
        .distinct()
    )
    until = [] if span.end is None else [Mask.created_at < span.end]
    masks, images = uow.session.execute(
        select(func.count(), func.count(Mask.image_id.distinct())).where(
            Mask.image_id.in_(touched),
            Mask.deleted_at.is_(None),
            or_(Mask.review.is_(None), Mask.review == Review.ACCEPTED),
            *until,
        )
    ).one()
    return masks / images if images else None


def _prefilled(uow: UnitOfWork, project_id: UUID, span: _Span) -> tuple[int, int]:
    """(offered and decided on, kept): a mask is decided on when it was reviewed, deleted, or its image finished."""
    kept = and_(Mask.deleted_at.is_(None), or_(Mask.review.is_(None), Mask.review == Review.ACCEPTED))
    reviewed = Mask.review.in_((Review.ACCEPTED, Review.REJECTED))
    decided = or_(
        reviewed,
        Mask.deleted_at.is_not(None),
        and_(Mask.review.is_(None), Assignment.state == AssignmentState.FINISHED),
    )
    # What a later prefilling took back, nobody had looked at.
    by_person = or_(Mask.deleted_at.is_(None), reviewed, _deleted_by_person())
    row = uow.session.execute(
        select(func.count(), func.count().filter(kept))
        .select_from(Mask)
        .join(Image, Image.id == Mask.image_id)
        .join(Job, Job.id == Mask.job_id)
        .outerjoin(Assignment, Assignment.image_id == Mask.image_id)
        .where(
            Image.project_id == project_id,
            Job.kind == JobKind.PREFILL,
            span.holds(Mask.created_at),
            decided,
            by_person,
        )
    ).one()
    return row[0], row[1]


def _deleted_by_person() -> ColumnElement[bool]:
    """A batch that takes a mask back leaves its own id in the mask's history."""
    return exists().where(
        MaskVersion.mask_id == Mask.id,
        MaskVersion.version == Mask.version,
        MaskVersion.content["job_id"].as_string().is_(None),
    )


def _active_ms(uow: UnitOfWork, project_id: UUID, span: _Span) -> int:
    """What people spent on masks of the round, on those that a batch offered and on deleted ones, too."""
    spent = (
        select(func.sum(Mask.active_ms))
        .join(Image, Image.id == Mask.image_id)
        .where(Image.project_id == project_id, span.holds(Mask.created_at))
    )
    return int(uow.session.scalar(spent) or 0)


def _batch_seconds(uow: UnitOfWork, project_id: UUID, span: _Span) -> float:
    """What workers spent on the project's images; the databases have no common way to subtract times."""
    rows = uow.session.execute(
        select(JobItem.started_at, JobItem.finished_at)
        .join(Job, Job.id == JobItem.job_id)
        .where(
            Job.project_id == project_id,
            JobItem.started_at.is_not(None),
            JobItem.finished_at.is_not(None),
            span.holds(JobItem.finished_at),
        )
    )
    return sum((finished - started).total_seconds() for started, finished in rows if started and finished)


def _is_within(at: datetime, span: _Span) -> bool:
    return (span.start is None or at >= span.start) and (span.end is None or at < span.end)


def _clicks(prompts: dict[str, Any]) -> int:
    return len(prompts.get("points", [])) + (prompts.get("box") is not None)
