"""Masks that wait for review: found by what the model said of them, accepted or rejected, taken back.

An accepted mask is annotation like any other. A rejected one is deleted, with its history, and can be taken back.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ColumnElement, Float, cast, func, select

from engine.errors import NotFound
from engine.flow.annotate import delete_mask, restore_mask
from engine.flow.batches import require_manager
from engine.flow.projects import get_project
from engine.store.annotations import is_waiting
from engine.store.tables import Event, Image, Mask, Project, Review, User
from engine.store.unit_of_work import UnitOfWork

_AT_ONCE = 500
"""Masks decided in one transaction; whoever decides on more asks again."""


class Decision(StrEnum):
    """`reopen` takes either of the others back."""

    ACCEPT = "accept"
    REJECT = "reject"
    REOPEN = "reopen"


@dataclass(frozen=True)
class Filters:
    """Which waiting masks are meant; all that is None is not asked.

    `size` is that of the paper: the square root of the part of the image that the mask covers, 0 to 1.
    """

    job_id: UUID | None = None
    min_predicted_iou: float | None = None
    max_predicted_iou: float | None = None
    min_stability: float | None = None
    max_stability: float | None = None
    min_size: float | None = None
    max_size: float | None = None


@dataclass(frozen=True)
class ReviewedImage:
    """An image and those of its masks that wait and pass the filters, the largest first."""

    image: Image
    masks: list[Mask]


@dataclass(frozen=True)
class ReviewPage:
    """`images` and `masks` count all that wait and pass the filters."""

    items: list[ReviewedImage]
    images: int
    masks: int


@dataclass(frozen=True)
class Decided:
    """How many masks changed, and how many that were meant are left for another call."""

    changed: int
    left: int


def review_page(uow: UnitOfWork, project_id: UUID, filters: Filters, offset: int, limit: int) -> ReviewPage:
    """Images with masks to review, in order of import. Raises NotFound."""
    get_project(uow, project_id)
    waiting = _waiting(project_id, filters)
    images, masks = uow.session.execute(
        select(func.count(Mask.image_id.distinct()), func.count()).select_from(Mask).join(Image).where(*waiting)
    ).one()
    shown = uow.session.scalars(
        select(Image)
        .where(Image.id.in_(select(Mask.image_id).join(Image).where(*waiting)))
        .order_by(Image.created_at, Image.id)
        .offset(offset)
        .limit(limit)
    ).all()
    by_image: dict[UUID, list[Mask]] = {image.id: [] for image in shown}
    found = select(Mask).join(Image).where(*waiting, Mask.image_id.in_(by_image)).order_by(Mask.area.desc(), Mask.id)
    for mask in uow.session.scalars(found):
        by_image[mask.image_id].append(mask)
    return ReviewPage([ReviewedImage(image, by_image[image.id]) for image in shown], images, masks)


def decide(uow: UnitOfWork, user: User, project_id: UUID, mask_ids: Sequence[UUID], decision: Decision) -> Decided:
    """Decide on masks by id; harmless when repeated, and for masks that somebody else decided on alike.

    Raises NotAllowed for an annotator, NotFound for a mask that is not of this project or was never up for review.
    """
    require_manager(user)
    get_project(uow, project_id)
    found = uow.session.scalars(
        select(Mask)
        .join(Image)
        .where(Mask.id.in_(mask_ids), Image.project_id == project_id, Mask.review.is_not(None))
        .with_for_update(of=Mask)
    ).all()
    missing = set(mask_ids) - {mask.id for mask in found}
    if missing:
        raise NotFound("mask to review", min(missing))
    return Decided(changed=_apply(uow, user, found, decision), left=0)


def decide_all(uow: UnitOfWork, user: User, project_id: UUID, filters: Filters, decision: Decision) -> Decided:
    """Accept or reject up to 500 of the waiting masks that pass the filters; ask again while some are left.

    Raises NotAllowed for an annotator, NotFound.
    """
    require_manager(user)
    get_project(uow, project_id)
    waiting = _waiting(project_id, filters)
    if decision is Decision.REOPEN:
        return Decided(changed=0, left=0)
    found = uow.session.scalars(
        select(Mask).join(Image).where(*waiting).order_by(Mask.id).limit(_AT_ONCE).with_for_update(of=Mask)
    ).all()
    changed = _apply(uow, user, found, decision)
    left = uow.session.scalar(select(func.count()).select_from(Mask).join(Image).where(*waiting))
    return Decided(changed=changed, left=left or 0)


def set_review(uow: UnitOfWork, user: User, project_id: UUID, review_batches: bool) -> Project:
    """Say whether masks of later batches wait for review in this project. Raises NotAllowed, NotFound."""
    require_manager(user)
    project = get_project(uow, project_id)
    project.review_batches = review_batches
    subject = {"project_id": str(project_id), "review_batches": review_batches}
    uow.session.add(Event(user_id=user.id, kind="project.review_changed", subject=subject))
    return project


def _waiting(project_id: UUID, filters: Filters) -> list[ColumnElement[bool]]:
    # Whole numbers would be divided as such.
    covered = cast(Mask.area, Float) / (Image.width * Image.height)
    conditions = [Image.project_id == project_id, is_waiting()]
    if filters.job_id is not None:
        conditions.append(Mask.job_id == filters.job_id)
    for column, least, most in (
        (Mask.predicted_iou, filters.min_predicted_iou, filters.max_predicted_iou),
        (Mask.stability_score, filters.min_stability, filters.max_stability),
        (covered, _squared(filters.min_size), _squared(filters.max_size)),
    ):
        if least is not None:
            conditions.append(column >= least)
        if most is not None:
            conditions.append(column <= most)
    return conditions


def _squared(size: float | None) -> float | None:
    return None if size is None else size**2


def _apply(uow: UnitOfWork, user: User, masks: Sequence[Mask], decision: Decision) -> int:
    """Write a decision to masks of one project; returns how many it changed."""
    state = {Decision.ACCEPT: Review.ACCEPTED, Decision.REJECT: Review.REJECTED, Decision.REOPEN: Review.WAITING}
    changed = [mask for mask in masks if mask.review is not state[decision]]
    for mask in changed:
        if decision is Decision.REJECT:
            if mask.deleted_at is None:
                delete_mask(uow, user, mask.image_id, mask.id, mask.version)
        elif mask.review is Review.REJECTED and mask.deleted_at is not None:
            restore_mask(uow, user, mask.image_id, mask.id, mask.version)
        mask.review = state[decision]
    if changed:
        subject = {"masks": [str(mask.id) for mask in changed], "decision": decision}
        uow.session.add(Event(user_id=user.id, kind="masks.reviewed", subject=subject))
    uow.session.flush()
    return len(changed)
