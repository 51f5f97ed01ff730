"""Which batch or schedule somebody means by the first letters of its id, and who the command line acts as."""

from collections.abc import Sequence
from typing import TypeVar
from uuid import UUID

from sqlalchemy import select

from engine.errors import Conflict, InvalidInput, NotFound
from engine.flow.import_folder import find_project
from engine.flow.projects import get_project, list_projects
from engine.store.tables import BatchSchedule, Job, Project
from engine.store.unit_of_work import UnitOfWork

SHORT = 8
"""Letters of an id that lists show."""

Row = TypeVar("Row", Job, BatchSchedule)


def find_batch(uow: UnitOfWork, text: str) -> Job:
    """Raises NotFound, and Conflict when several begin so."""
    return _only(uow.session.scalars(select(Job).where(~Job.standing)).all(), "batch", text)


def find_schedule(uow: UnitOfWork, text: str) -> BatchSchedule:
    """Raises NotFound, and Conflict when several begin so."""
    return _only(uow.session.scalars(select(BatchSchedule)).all(), "schedule", text)


def project_named(uow: UnitOfWork, name: str | None) -> Project:
    """The project of that name; the only one there is when none is named.

    Raises NotFound, naming the projects there are, InvalidInput, and Conflict when several have the name.
    """
    if name is not None:
        try:
            return find_project(uow, name)
        except NotFound as error:
            names = ", ".join(project.name for project in list_projects(uow))
            raise NotFound("project", f"{name!r}; there are {names}" if names else repr(name)) from error
    projects = list_projects(uow)
    if len(projects) == 1:
        return get_project(uow, projects[0].id)
    if not projects:
        raise InvalidInput("There is no project yet. Import images first: maskloop import FOLDER")
    names = ", ".join(project.name for project in projects)
    raise InvalidInput(f"There are several projects: {names}. Choose one with --project NAME.")


def short(key: UUID) -> str:
    return str(key)[:SHORT]


def _only(rows: Sequence[Row], what: str, text: str) -> Row:
    wanted = text.strip().lower()
    found = [row for row in rows if wanted and str(row.id).startswith(wanted)]
    if len(found) > 1:
        ids = ", ".join(str(row.id) for row in found)
        raise Conflict(
            f"Several {what}es begin with {text}: {ids}." if what == "batch" else f"Several begin so: {ids}."
        )
    if not found:
        raise NotFound(what, text)
    return found[0]
