"""image → annotator: every open image is with one person at a time, and with nobody for ever.

Where one account is signed in in several browsers, each of them is a person of its own here: a small team may share it.

An image is handed out with a lease that its page renews; where a browser was closed or a network failed, the lease runs
out and the image comes up again. The images that come up next are reserved, so that their pixels and embeddings can be
fetched ahead; somebody for whom nothing else is left gets a reserved one all the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, not_, or_, select, true, update
from sqlalchemy.orm import InstrumentedAttribute

from engine.errors import Conflict, InvalidInput, NotFound
from engine.flow.images import get_image
from engine.store.tables import Assignment, AssignmentState, Event, Image, ImageOrder, Project, User, utc_now
from engine.store.unit_of_work import UnitOfWork

LEASE = timedelta(minutes=10)
_AHEAD = 2
_REASON_LENGTH = 200
_IN_QUEUE = (AssignmentState.OPEN, AssignmentState.RESERVED)

# A shuffle that stays the same from one visit to the next: the order of the files' hashes.
_ORDERS: dict[ImageOrder, tuple[InstrumentedAttribute[Any], InstrumentedAttribute[UUID]]] = {
    ImageOrder.IMPORTED: (Image.created_at, Image.id),
    ImageOrder.NAME: (Image.file_name, Image.id),
    ImageOrder.SHUFFLED: (Image.sha256, Image.id),
}


@dataclass(frozen=True)
class Turn:
    """What comes up for one person. `ahead` are the images after it, reserved for them.

    `left` counts the project's images that are neither finished nor skipped, `elsewhere` those of them that somebody
    else has open.
    """

    image_id: UUID | None
    ahead: list[UUID]
    left: int
    elsewhere: int


@dataclass(frozen=True)
class Holding:
    """Who has an image, and the images reserved after it for the person who asked."""

    assignment: Assignment
    ahead: list[UUID]


def take_next(
    uow: UnitOfWork,
    user: User,
    project_id: UUID,
    after: UUID | None = None,
    keep: Sequence[UUID] = (),
    browser: str | None = None,
) -> Turn:
    """Hand `user` the next open image of the project's order behind the image `after`, going round at the end.

    Whatever else they had open or reserved in the project in this `browser` goes back to the queue, but for `keep`:
    what they have open in other windows stays theirs, and does not come up in this one. Raises NotFound.
    """
    project = _locked_project(uow, project_id)
    columns = _ORDERS[project.image_order]
    chosen = _upcoming(uow, user, project, after, 1 + _AHEAD, keep, browser)
    if not chosen:
        chosen = list(
            uow.session.scalars(_reserved_elsewhere(project_id, user, after, browser).order_by(*columns).limit(1))
        )
    theirs = and_(Assignment.image_id.in_(_images_of(project_id)), Assignment.image_id.not_in(keep))
    _release(uow, user, theirs, browser)
    for place, image_id in enumerate(chosen):
        _assign(uow, user, image_id, AssignmentState.RESERVED if place else AssignmentState.OPEN, browser)
    uow.session.flush()
    return Turn(chosen[0] if chosen else None, chosen[1:], *_counts(uow, user, project_id, browser))


def hold(uow: UnitOfWork, user: User, image_id: UUID, browser: str | None = None) -> Holding:
    """Take an image that was opened, or renew its lease, and reserve what comes after it.

    An image that somebody else has, or that is finished or skipped, stays as it is; one that `user` has open in another
    browser is now with this one. Raises NotFound.
    """
    image = get_image(uow, image_id)
    project = _locked_project(uow, image.project_id)
    stored = uow.session.get(Assignment, image_id)
    if stored is not None and (stored.state not in _IN_QUEUE or _is_with_another(stored, user)):
        return Holding(stored, [])
    assignment = _assign(uow, user, image_id, AssignmentState.OPEN, browser)
    ahead = _upcoming(uow, user, project, image_id, _AHEAD, _open_with(uow, user, project.id), browser)
    for next_id in ahead:
        _assign(uow, user, next_id, AssignmentState.RESERVED, browser)
    return Holding(assignment, ahead)


def release(uow: UnitOfWork, user: User, image_id: UUID, browser: str | None = None) -> None:
    """Give an image back that is left unfinished; harmless when somebody else has it, or another of their browsers.

    Raises NotFound.
    """
    get_image(uow, image_id)
    _release(uow, user, Assignment.image_id == image_id, browser)


def finish(uow: UnitOfWork, user: User, image_id: UUID) -> Assignment:
    """Nothing is left on the image that is worth labelling; harmless when repeated.

    Raises NotFound, Conflict while somebody else has the image.
    """
    return _close(uow, user, image_id, AssignmentState.FINISHED, None, "image.finished")


def skip(uow: UnitOfWork, user: User, image_id: UUID, reason: str) -> Assignment:
    """Take the image out of the queue, saying why.

    Raises NotFound, InvalidInput without a reason, Conflict while somebody else has the image.
    """
    reason = " ".join(reason.split())
    if not 0 < len(reason) <= _REASON_LENGTH or not reason.isprintable():
        raise InvalidInput(f"Say in 1 to {_REASON_LENGTH} printable characters why the image is skipped.")
    return _close(uow, user, image_id, AssignmentState.SKIPPED, reason, "image.skipped")


def reopen(uow: UnitOfWork, user: User, image_id: UUID, browser: str | None = None) -> Assignment:
    """Put a finished or skipped image back into the queue, with `user`; harmless when it is open. Raises NotFound."""
    image = get_image(uow, image_id)
    _locked_project(uow, image.project_id)
    stored = uow.session.get(Assignment, image_id)
    if stored is None or stored.state in _IN_QUEUE:
        return hold(uow, user, image_id, browser).assignment
    _record(uow, user, "image.reopened", image_id, None)
    return _assign(uow, user, image_id, AssignmentState.OPEN, browser)


def coming_up(uow: UnitOfWork, project: Project, count: int) -> list[UUID]:
    """The images of a project that people will open next, those they have open last.

    First those reserved for somebody, then for everybody at work the `count` that follow what they have open, then the
    first `count` of the queue, for whoever comes.
    """
    held = uow.session.scalars(
        select(Assignment)
        .join(Image, Image.id == Assignment.image_id)
        .where(Image.project_id == project.id, Assignment.state.in_(_IN_QUEUE), Assignment.leased_until > utc_now())
        .order_by(Assignment.changed_at, Assignment.image_id)
    ).all()
    at_work = [each for each in held if each.state is AssignmentState.OPEN]
    coming = [each.image_id for each in held if each.state is AssignmentState.RESERVED]
    for each in at_work:
        coming += _upcoming(uow, each.user, project, each.image_id, count, browser=each.browser)
    coming += uow.session.scalars(_in_queue(project.id).order_by(*_ORDERS[project.image_order]).limit(count))
    opened = {each.image_id: None for each in at_work}
    return list(dict.fromkeys(image_id for image_id in coming if image_id not in opened) | opened)


def in_order(project: Project) -> Select[UUID, bool]:
    """All images of a project and whether they are in its queue: those first, in its order, then the others."""
    waits = or_(Assignment.image_id.is_(None), Assignment.state.in_(_IN_QUEUE))
    return (
        select(Image.id, waits)
        .outerjoin(Assignment, Assignment.image_id == Image.id)
        .where(Image.project_id == project.id)
        .order_by(waits.desc(), *_ORDERS[project.image_order])
    )


def is_with_somebody(assignment: Assignment) -> bool:
    """Whether somebody has the image open at this moment."""
    return (
        assignment.state is AssignmentState.OPEN
        and assignment.leased_until is not None
        and assignment.leased_until > utc_now()
    )


def _locked_project(uow: UnitOfWork, project_id: UUID) -> Project:
    """One hand-out at a time; importing images, which refers to the row, goes on meanwhile. Raises NotFound."""
    project = uow.session.get(Project, project_id, with_for_update={"key_share": True}, populate_existing=True)
    if project is None:
        raise NotFound("project", project_id)
    return project


def _images_of(project_id: UUID) -> Select[UUID]:
    return select(Image.id).where(Image.project_id == project_id)


def _in_queue(project_id: UUID) -> Select[UUID]:
    """The images of a project that are neither finished nor skipped, with their assignments."""
    return (
        _images_of(project_id)
        .outerjoin(Assignment, Assignment.image_id == Image.id)
        .where(or_(Assignment.image_id.is_(None), Assignment.state.in_(_IN_QUEUE)))
    )


def _own(user: User, browser: str | None) -> ColumnElement[bool]:
    """With this person, and in no other browser of theirs."""
    here = true() if browser is None else or_(Assignment.browser.is_(None), Assignment.browser == browser)
    return and_(Assignment.user_id == user.id, here)


def _free_for(user: User, browser: str | None) -> ColumnElement[bool]:
    return or_(
        Assignment.image_id.is_(None),
        _own(user, browser),
        Assignment.leased_until.is_(None),
        Assignment.leased_until <= utc_now(),
    )


def _upcoming(
    uow: UnitOfWork,
    user: User,
    project: Project,
    after: UUID | None,
    count: int,
    keep: Sequence[UUID] = (),
    browser: str | None = None,
) -> list[UUID]:
    """The first images that `user` can have, in the project's order, from behind `after` and round to it."""
    columns = _ORDERS[project.image_order]
    free = _in_queue(project.id).where(_free_for(user, browser), Image.id.not_in(keep)).order_by(*columns)
    if after is None:
        return list(uow.session.scalars(free.limit(count)))
    came_from = get_image(uow, after)
    behind = _beyond(columns, [getattr(came_from, column.key) for column in columns])
    free = free.where(Image.id != after)
    chosen = list(uow.session.scalars(free.where(behind).limit(count)))
    return chosen + list(uow.session.scalars(free.where(~behind).limit(count - len(chosen))))


def _open_with(uow: UnitOfWork, user: User, project_id: UUID) -> list[UUID]:
    """What `user` has open: in this window and, if they have several, in the others."""
    mine = (Assignment.user_id == user.id, Assignment.state == AssignmentState.OPEN)
    leased = _in_queue(project_id).where(*mine, Assignment.leased_until > utc_now())
    return list(uow.session.scalars(leased))


def _reserved_elsewhere(project_id: UUID, user: User, after: UUID | None, browser: str | None) -> Select[UUID]:
    reserved = _in_queue(project_id).where(Assignment.state == AssignmentState.RESERVED, not_(_own(user, browser)))
    return reserved if after is None else reserved.where(Image.id != after)


def _beyond(columns: Sequence[InstrumentedAttribute[Any]], values: Sequence[Any]) -> ColumnElement[bool]:
    """Rows that come after (first, second) in the order of two columns."""
    (first, second), (value, tie) = columns, values
    return or_(first > value, and_(first == value, second > tie))


def _is_with_another(assignment: Assignment, user: User) -> bool:
    return assignment.user_id != user.id and is_with_somebody(assignment)


def _assign(uow: UnitOfWork, user: User, image_id: UUID, state: AssignmentState, browser: str | None) -> Assignment:
    return _write(uow, user, image_id, state, utc_now() + LEASE, None, browser)


def _close(
    uow: UnitOfWork, user: User, image_id: UUID, state: AssignmentState, reason: str | None, event: str
) -> Assignment:
    image = get_image(uow, image_id)
    _locked_project(uow, image.project_id)
    stored = uow.session.get(Assignment, image_id)
    if stored is not None and _is_with_another(stored, user):
        raise Conflict(f"{stored.user.name} is working on this image. Ask them, or go on with the next image.")
    if stored is not None and stored.state is state and stored.reason == reason:
        return stored
    _record(uow, user, event, image_id, reason)
    return _write(uow, user, image_id, state, None, reason)


def _write(
    uow: UnitOfWork,
    user: User,
    image_id: UUID,
    state: AssignmentState,
    leased_until: datetime | None,
    reason: str | None,
    browser: str | None = None,
) -> Assignment:
    assignment = uow.session.get(Assignment, image_id) or Assignment(image_id=image_id)
    assignment.user_id = user.id
    assignment.state = state
    assignment.leased_until = leased_until
    assignment.reason = reason
    assignment.browser = browser
    assignment.changed_at = utc_now()
    uow.session.add(assignment)
    uow.session.flush()
    uow.session.refresh(assignment, ["user"])
    return assignment


def _release(uow: UnitOfWork, user: User, which: ColumnElement[bool], browser: str | None) -> None:
    uow.session.execute(
        update(Assignment)
        .where(which, _own(user, browser), Assignment.state.in_(_IN_QUEUE))
        .values(state=AssignmentState.OPEN, leased_until=None, browser=None)
    )


def _counts(uow: UnitOfWork, user: User, project_id: UUID, browser: str | None) -> tuple[int, int]:
    """(images in the queue, those that somebody else has open, or another browser of theirs)."""
    elsewhere = and_(
        Assignment.state == AssignmentState.OPEN, not_(_own(user, browser)), Assignment.leased_until > utc_now()
    )
    row = uow.session.execute(
        _in_queue(project_id).with_only_columns(func.count(), func.count().filter(elsewhere))
    ).one()
    return row[0], row[1]


def _record(uow: UnitOfWork, user: User, kind: str, image_id: UUID, reason: str | None) -> None:
    subject = {"image_id": str(image_id)} | ({} if reason is None else {"reason": reason})
    uow.session.add(Event(user_id=user.id, kind=kind, subject=subject))
