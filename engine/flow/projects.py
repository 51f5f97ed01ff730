"""Projects: what a set of images belongs to."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, func, select

from engine.errors import InvalidInput, NotAllowed, NotFound
from engine.store.annotations import is_annotation, is_waiting
from engine.store.tables import (
    Assignment,
    AssignmentState,
    Embedding,
    Event,
    Image,
    ImageOrder,
    Mask,
    Model,
    ModelState,
    Project,
    Role,
    User,
)
from engine.store.unit_of_work import UnitOfWork

_NAME_LENGTH = 200
_COVER_IMAGES = 4


@dataclass(frozen=True)
class ProjectSummary:
    """A project and its counts. `embedded_count` is for the live model; `cover_image_ids` are its first images.

    Masks that wait for review are counted apart, as `waiting_count`. `finished_image_count` counts images with nothing
    left worth labelling.
    """

    id: UUID
    name: str
    created_at: datetime
    image_order: ImageOrder
    image_count: int
    annotated_image_count: int
    mask_count: int
    waiting_count: int
    embedded_count: int
    finished_image_count: int
    skipped_image_count: int
    cover_image_ids: list[UUID]


def create_project(uow: UnitOfWork, user: User, name: str) -> Project:
    """Raises NotAllowed for an annotator, InvalidInput for an empty or overlong name."""
    _require_manager(user)
    project = Project(name=_checked_name(name), created_by=user.id)
    uow.session.add(project)
    uow.session.flush()
    _record(uow, user, "project.created", project)
    return project


def list_projects(uow: UnitOfWork) -> list[ProjectSummary]:
    """All projects with their counts, newest first; every signed-in user sees every project."""
    projects = uow.session.scalars(select(Project).order_by(Project.created_at.desc(), Project.id)).all()
    return _summaries(uow, list(projects))


def get_project(uow: UnitOfWork, project_id: UUID) -> Project:
    """Raises NotFound."""
    project = uow.session.get(Project, project_id)
    if project is None:
        raise NotFound("project", project_id)
    return project


def summarize_project(uow: UnitOfWork, project_id: UUID) -> ProjectSummary:
    """Raises NotFound."""
    return _summaries(uow, [get_project(uow, project_id)])[0]


def rename_project(uow: UnitOfWork, user: User, project_id: UUID, name: str) -> Project:
    """Raises NotAllowed, NotFound, InvalidInput."""
    _require_manager(user)
    project = get_project(uow, project_id)
    project.name = _checked_name(name)
    _record(uow, user, "project.renamed", project)
    return project


def order_images(uow: UnitOfWork, user: User, project_id: UUID, order: ImageOrder) -> Project:
    """Choose the order in which images come up for annotation. Raises NotAllowed, NotFound."""
    _require_manager(user)
    project = get_project(uow, project_id)
    project.image_order = order
    _record(uow, user, "project.images_ordered", project)
    return project


def delete_project(uow: UnitOfWork, user: User, project_id: UUID) -> None:
    """Delete a project with its images, masks and embeddings. Raises NotAllowed, NotFound."""
    _require_manager(user)
    project = get_project(uow, project_id)
    _record(uow, user, "project.deleted", project)
    uow.session.delete(project)
    uow.session.flush()


def _summaries(uow: UnitOfWork, projects: list[Project]) -> list[ProjectSummary]:
    ids = [project.id for project in projects]
    images = _counts(
        uow, select(Image.project_id, func.count()).where(Image.project_id.in_(ids)).group_by(Image.project_id)
    )
    live_masks = (
        select(Image.project_id, func.count(Mask.id), func.count(Mask.image_id.distinct()))
        .join(Image, Mask.image_id == Image.id)
        .where(Image.project_id.in_(ids), is_annotation())
        .group_by(Image.project_id)
    )
    masks = {project_id: (total, annotated) for project_id, total, annotated in uow.session.execute(live_masks)}
    waiting = _counts(
        uow,
        select(Image.project_id, func.count(Mask.id))
        .join(Image, Mask.image_id == Image.id)
        .where(Image.project_id.in_(ids), is_waiting())
        .group_by(Image.project_id),
    )
    embedded = _counts(
        uow,
        select(Image.project_id, func.count())
        .join(Embedding, Embedding.image_id == Image.id)
        .join(Model, Embedding.model_id == Model.id)
        .where(Image.project_id.in_(ids), Model.state == ModelState.LIVE)
        .group_by(Image.project_id),
    )
    closed = _closed(uow, ids)
    covers = _covers(uow, ids)
    return [
        ProjectSummary(
            id=project.id,
            name=project.name,
            created_at=project.created_at,
            image_order=project.image_order,
            image_count=images.get(project.id, 0),
            annotated_image_count=masks.get(project.id, (0, 0))[1],
            mask_count=masks.get(project.id, (0, 0))[0],
            waiting_count=waiting.get(project.id, 0),
            embedded_count=embedded.get(project.id, 0),
            finished_image_count=closed.get((project.id, AssignmentState.FINISHED), 0),
            skipped_image_count=closed.get((project.id, AssignmentState.SKIPPED), 0),
            cover_image_ids=covers.get(project.id, []),
        )
        for project in projects
    ]


def _counts(uow: UnitOfWork, statement: Select[UUID, int]) -> dict[UUID, int]:
    return {row[0]: row[1] for row in uow.session.execute(statement)}


def _closed(uow: UnitOfWork, project_ids: list[UUID]) -> dict[tuple[UUID, AssignmentState], int]:
    """Images by project and by what the queue knows of them."""
    rows = uow.session.execute(
        select(Image.project_id, Assignment.state, func.count())
        .join(Image, Assignment.image_id == Image.id)
        .where(Image.project_id.in_(project_ids))
        .group_by(Image.project_id, Assignment.state)
    )
    return {(project_id, state): count for project_id, state, count in rows}


def _covers(uow: UnitOfWork, project_ids: list[UUID]) -> dict[UUID, list[UUID]]:
    place = func.row_number().over(partition_by=Image.project_id, order_by=(Image.created_at, Image.id))
    ranked = (
        select(Image.project_id, Image.id, place.label("place")).where(Image.project_id.in_(project_ids)).subquery()
    )
    covers: dict[UUID, list[UUID]] = {}
    statement = select(ranked.c.project_id, ranked.c.id).where(ranked.c.place <= _COVER_IMAGES).order_by(ranked.c.place)
    for project_id, image_id in uow.session.execute(statement):
        covers.setdefault(project_id, []).append(image_id)
    return covers


def _checked_name(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > _NAME_LENGTH or not name.isprintable():
        raise InvalidInput(f"A project needs a name of 1 to {_NAME_LENGTH} printable characters.")
    return name


def _require_manager(user: User) -> None:
    if user.role is Role.ANNOTATOR:
        raise NotAllowed("Only an owner or a manager can create, change or delete a project.")


def _record(uow: UnitOfWork, user: User, kind: str, project: Project) -> None:
    uow.session.add(Event(user_id=user.id, kind=kind, subject={"project_id": str(project.id), "name": project.name}))
