"""The labels a project offers. None is needed: a mask without a label is complete."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import delete, select

from engine.errors import InvalidInput, NotAllowed
from engine.flow.projects import get_project
from engine.store.tables import Event, Label, Role, User
from engine.store.unit_of_work import UnitOfWork

_MOST = 1000
_NAME_LENGTH = 200
_COLOUR = re.compile(r"#[0-9a-f]{6}")


@dataclass(frozen=True)
class LabelContent:
    """`colour` is #rrggbb in lower case."""

    name: str
    colour: str


def list_labels(uow: UnitOfWork, project_id: UUID) -> list[Label]:
    """The labels of a project in its order; the first nine have keys. Raises NotFound."""
    get_project(uow, project_id)
    return list(uow.session.scalars(select(Label).where(Label.project_id == project_id).order_by(Label.position)))


def set_labels(uow: UnitOfWork, user: User, project_id: UUID, labels: Sequence[LabelContent]) -> list[Label]:
    """Replace the list; masks keep the labels they have. Raises NotAllowed for an annotator, NotFound, InvalidInput."""
    if user.role is Role.ANNOTATOR:
        raise NotAllowed("Only an owner or a manager can change the labels of a project.")
    get_project(uow, project_id)
    _require_sense(labels)
    uow.session.execute(delete(Label).where(Label.project_id == project_id))
    uow.session.expire_all()
    for position, label in enumerate(labels):
        uow.session.add(Label(project_id=project_id, name=label.name, colour=label.colour, position=position))
    names = [label.name for label in labels]
    uow.session.add(
        Event(user_id=user.id, kind="project.labels_changed", subject={"project_id": str(project_id), "labels": names})
    )
    uow.session.flush()
    return list_labels(uow, project_id)


def _require_sense(labels: Sequence[LabelContent]) -> None:
    if len(labels) > _MOST:
        raise InvalidInput(f"A project has at most {_MOST:,} labels.")
    seen = set[str]()
    for label in labels:
        if label.name != label.name.strip() or not 0 < len(label.name) <= _NAME_LENGTH or not label.name.isprintable():
            raise InvalidInput(f"A label is 1 to {_NAME_LENGTH} printable characters, without spaces around them.")
        if label.name.casefold() in seen:
            raise InvalidInput(f"The label “{label.name}” is there twice; upper and lower case do not tell them apart.")
        if not _COLOUR.fullmatch(label.colour):
            raise InvalidInput(f"The colour of “{label.name}” must be #rrggbb in lower case.")
        seen.add(label.name.casefold())
