"""folder of files → images of a project, file by file, each in a transaction of its own."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from sqlalchemy import select

from engine.errors import Conflict, InvalidInput, NotFound
from engine.flow.import_image import import_image, prepare_image
from engine.flow.projects import create_project
from engine.flow.sign_in import create_owner_if_none
from engine.flow.tags import add_tags
from engine.store.tables import Project
from engine.store.unit_of_work import UnitOfWork, unit_of_work


@dataclass(frozen=True)
class ImportedFile:
    """What became of one file; `error` is the reason in a sentence when it could not be imported."""

    path: Path
    duplicate: bool = False
    error: str | None = None


def project_for_import(name: str) -> Project:
    """The project of that name, made when there is none. Raises Conflict when several have the name, InvalidInput."""
    with unit_of_work() as uow:
        try:
            return find_project(uow, name)
        except NotFound:
            return create_project(uow, create_owner_if_none(uow), name)


def find_project(uow: UnitOfWork, name: str) -> Project:
    """The project of that name, or with that id. Raises NotFound, and Conflict when several have the name."""
    found = list(uow.session.scalars(select(Project).where(Project.name == " ".join(name.split()))))
    project_id = _as_uuid(name)
    if not found and project_id is not None:
        found = list(uow.session.scalars(select(Project).where(Project.id == project_id)))
    if len(found) > 1:
        ids = ", ".join(str(project.id) for project in found)
        raise Conflict(f"{len(found)} projects are named {name!r}. Say which one by its id: {ids}.")
    if not found:
        raise NotFound("project", repr(name))
    return found[0]


def import_files(project: Project, files: Iterable[Path], tags: Collection[str] = ()) -> Iterator[ImportedFile]:
    """Import each file into `project`, as its owner; what cannot be imported is reported and the rest goes on.

    Each image gets `tags`, one that was there before too.
    """
    with unit_of_work() as uow:
        owner = create_owner_if_none(uow)
    for path in files:
        try:
            with path.open("rb") as file:
                prepared = prepare_image(path.name, file)
            with unit_of_work() as uow:
                result = import_image(uow, project, prepared, owner)
                add_tags(uow, result.image.id, tags)
        except InvalidInput as error:
            yield ImportedFile(path, error=str(error))
        except OSError as error:
            yield ImportedFile(path, error=f"The file cannot be read: {error.strerror}.")
        else:
            yield ImportedFile(path, duplicate=result.duplicate)


def _as_uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
