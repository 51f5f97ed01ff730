"""The images of a project as its pages show them: with their masks' count and their embedding's state."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, true

from engine.errors import NotAllowed, NotFound
from engine.flow.embed import EmbeddingState, embedding_states
from engine.flow.image_tags import has_tag, tags_by_image
from engine.flow.models import live_model
from engine.flow.projects import get_project
from engine.store.annotations import is_annotation, is_waiting
from engine.store.tables import Assignment, AssignmentState, Event, Image, Mask, Role, User
from engine.store.unit_of_work import UnitOfWork


class ImageFilter(StrEnum):
    ALL = "all"
    ANNOTATED = "annotated"
    UNANNOTATED = "unannotated"
    FINISHED = "finished"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class ImageSummary:
    """An image and what was made of it.

    `index` is its 0-based place in the project (order of import). `masks_revision` changes whenever a mask of the
    image is added, changed, deleted or restored. `embedding` is for the live model. `assignment` is None for an image
    that the queue never touched. `mask_count` leaves out masks that wait for review; they are `waiting_count`.
    """

    image: Image
    index: int
    mask_count: int
    waiting_count: int
    masks_revision: str
    embedding: EmbeddingState
    assignment: Assignment | None
    tags: list[str]


@dataclass(frozen=True)
class ImagePage:
    items: list[ImageSummary]
    total: int


@dataclass(frozen=True)
class ImageInProject:
    """One image with its neighbours in the project's order."""

    summary: ImageSummary
    previous_id: UUID | None
    next_id: UUID | None


def list_images(
    uow: UnitOfWork,
    project_id: UUID,
    offset: int,
    limit: int,
    image_filter: ImageFilter = ImageFilter.ALL,
    tag: str | None = None,
) -> ImagePage:
    """A page of a project's images in order of import; `total` counts all that pass the filter and have the tag.

    Raises NotFound, and InvalidInput for what is no tag.
    """
    get_project(uow, project_id)
    place = func.row_number().over(order_by=(Image.created_at, Image.id))
    numbered = select(Image.id, place.label("place")).where(Image.project_id == project_id).subquery()
    statement = select(Image, numbered.c.place).join(numbered, numbered.c.id == Image.id)
    statement = statement.where(_passes(image_filter), true() if tag is None else has_tag(tag))
    total = uow.session.scalar(statement.with_only_columns(func.count()))
    rows = uow.session.execute(statement.order_by(numbered.c.place).offset(offset).limit(limit))
    return ImagePage(_summaries(uow, [(image, place - 1) for image, place in rows]), total or 0)


def get_image(uow: UnitOfWork, image_id: UUID) -> Image:
    """Raises NotFound."""
    image = uow.session.get(Image, image_id)
    if image is None:
        raise NotFound("image", image_id)
    return image


def get_image_in_project(uow: UnitOfWork, image_id: UUID) -> ImageInProject:
    """Raises NotFound."""
    image = get_image(uow, image_id)
    before, after = _before(image), _after(image)
    index = uow.session.scalar(select(func.count()).select_from(Image).where(before))
    previous_id = uow.session.scalar(
        select(Image.id).where(before).order_by(Image.created_at.desc(), Image.id.desc()).limit(1)
    )
    next_id = uow.session.scalar(select(Image.id).where(after).order_by(Image.created_at, Image.id).limit(1))
    return ImageInProject(_summaries(uow, [(image, index or 0)])[0], previous_id, next_id)


def masks_revision(uow: UnitOfWork, image_id: UUID) -> str:
    """A word that changes whenever a mask of the image is added, changed, deleted or restored."""
    return _mask_figures(uow, [image_id]).get(image_id, _NO_MASKS)[2]


def delete_image(uow: UnitOfWork, user: User, image_id: UUID) -> None:
    """Delete an image with its masks and embeddings. Raises NotFound, NotAllowed for an annotator."""
    if user.role is Role.ANNOTATOR:
        raise NotAllowed("Only an owner or a manager can delete an image.")
    image = get_image(uow, image_id)
    uow.session.add(
        Event(
            user_id=user.id,
            kind="image.deleted",
            subject={
                "image_id": str(image.id),
                "project_id": str(image.project_id),
                "file_name": image.file_name,
            },
        )
    )
    uow.session.delete(image)
    uow.session.flush()


def _summaries(uow: UnitOfWork, images: list[tuple[Image, int]]) -> list[ImageSummary]:
    ids = [image.id for image, _ in images]
    figures = _mask_figures(uow, ids)
    model = live_model(uow)
    states = {} if model is None else embedding_states(uow, ids, model.id)
    stored = uow.session.scalars(select(Assignment).where(Assignment.image_id.in_(ids)))
    assignments = {assignment.image_id: assignment for assignment in stored}
    tags = tags_by_image(uow, ids)
    return [
        ImageSummary(
            image,
            index,
            *figures.get(image.id, _NO_MASKS),
            states.get(image.id, EmbeddingState("none")),
            assignments.get(image.id),
            tags.get(image.id, []),
        )
        for image, index in images
    ]


def _passes(image_filter: ImageFilter) -> ColumnElement[bool]:
    annotated = exists().where(Mask.image_id == Image.id, is_annotation())
    assigned = exists().where(Assignment.image_id == Image.id)
    match image_filter:
        case ImageFilter.ALL:
            return true()
        case ImageFilter.ANNOTATED:
            return annotated
        case ImageFilter.UNANNOTATED:
            return ~annotated
        case ImageFilter.FINISHED:
            return assigned.where(Assignment.state == AssignmentState.FINISHED)
        case ImageFilter.SKIPPED:
            return assigned.where(Assignment.state == AssignmentState.SKIPPED)


_NO_MASKS = (0, 0, "0")


def _mask_figures(uow: UnitOfWork, image_ids: list[UUID]) -> dict[UUID, tuple[int, int, str]]:
    """(masks, those that wait for review, revision) by image.

    Every change raises a version, so their sum is a revision.
    """
    rows = uow.session.execute(
        select(
            Mask.image_id,
            func.count().filter(is_annotation()),
            func.count().filter(is_waiting()),
            func.sum(Mask.version),
        )
        .where(Mask.image_id.in_(image_ids))
        .group_by(Mask.image_id)
    )
    return {image_id: (count, waiting, str(revision)) for image_id, count, waiting, revision in rows}


def _before(image: Image) -> ColumnElement[bool]:
    return and_(
        Image.project_id == image.project_id,
        or_(
            Image.created_at < image.created_at,
            and_(Image.created_at == image.created_at, Image.id < image.id),
        ),
    )


def _after(image: Image) -> ColumnElement[bool]:
    return and_(
        Image.project_id == image.project_id,
        or_(
            Image.created_at > image.created_at,
            and_(Image.created_at == image.created_at, Image.id > image.id),
        ),
    )
