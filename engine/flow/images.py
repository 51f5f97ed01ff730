"""The images of a project as its pages show them: with their masks' count and their embedding's state."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from engine.flow.embed import EmbeddingState
from engine.store.tables import Image, User
from engine.store.unit_of_work import UnitOfWork


class ImageFilter(StrEnum):
    ALL = "all"
    ANNOTATED = "annotated"
    UNANNOTATED = "unannotated"


@dataclass(frozen=True)
class ImageSummary:
    """An image and what was made of it.

    `index` is its 0-based place in the project (order of import). `masks_revision` changes whenever a mask of the
    image is added, changed, deleted or restored. `embedding` is for the live model.
    """

    image: Image
    index: int
    mask_count: int
    masks_revision: str
    embedding: EmbeddingState


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
    uow: UnitOfWork, project_id: UUID, offset: int, limit: int, image_filter: ImageFilter = ImageFilter.ALL
) -> ImagePage:
    """A page of a project's images in order of import; `total` counts all that pass the filter. Raises NotFound."""
    raise NotImplementedError


def get_image(uow: UnitOfWork, image_id: UUID) -> Image:
    """Raises NotFound."""
    raise NotImplementedError


def get_image_in_project(uow: UnitOfWork, image_id: UUID) -> ImageInProject:
    """Raises NotFound."""
    raise NotImplementedError


def delete_image(uow: UnitOfWork, user: User, image_id: UUID) -> None:
    """Delete an image with its masks and embeddings. Raises NotFound, NotAllowed for an annotator."""
    raise NotImplementedError
