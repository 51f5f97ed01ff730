"""Words that people put on images, to choose them by: night, rain, camera 2. An image has any number of them."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import delete, func, select

from engine.errors import InvalidInput, NotAllowed
from engine.flow.images import get_image
from engine.flow.projects import get_project
from engine.store.queries import insert_or_ignore
from engine.store.tables import Event, Image, ImageTag, Role, User
from engine.store.unit_of_work import UnitOfWork

MOST = 50
"""Tags an image can have."""

_LENGTH = 50


@dataclass(frozen=True)
class TagCount:
    """A tag and how many of a project's images have it."""

    tag: str
    images: int


def clean_tag(text: str) -> str:
    """A tag as it is stored: single spaces, lower case, so that Night and night are one. Raises InvalidInput."""
    tag = " ".join(text.split()).lower()
    if not 0 < len(tag) <= _LENGTH or not tag.isprintable():
        raise InvalidInput(f"A tag is 1 to {_LENGTH} printable characters, not {text!r}.")
    return tag


def list_tags(uow: UnitOfWork, project_id: UUID) -> list[TagCount]:
    """The tags of a project's images, by name. Raises NotFound."""
    get_project(uow, project_id)
    rows = uow.session.execute(
        select(ImageTag.tag, func.count())
        .join(Image, Image.id == ImageTag.image_id)
        .where(Image.project_id == project_id)
        .group_by(ImageTag.tag)
        .order_by(ImageTag.tag)
    )
    return [TagCount(tag, count) for tag, count in rows]


def tags_of(uow: UnitOfWork, image_id: UUID) -> list[str]:
    """An image's tags, by name. Raises NotFound."""
    get_image(uow, image_id)
    return list(uow.session.scalars(select(ImageTag.tag).where(ImageTag.image_id == image_id).order_by(ImageTag.tag)))


def set_tags(uow: UnitOfWork, user: User, image_id: UUID, tags: Collection[str]) -> list[str]:
    """Give an image these tags in place of those it has. Raises NotAllowed for an annotator, NotFound, InvalidInput."""
    if user.role is Role.ANNOTATOR:
        raise NotAllowed("Only an owner or a manager can tag images.")
    get_image(uow, image_id)
    wanted = _checked(tags)
    uow.session.execute(delete(ImageTag).where(ImageTag.image_id == image_id))
    uow.session.expire_all()
    add_tags(uow, image_id, wanted)
    uow.session.add(
        Event(user_id=user.id, kind="image.tagged", subject={"image_id": str(image_id), "tags": sorted(wanted)})
    )
    uow.session.flush()
    return tags_of(uow, image_id)


def add_tags(uow: UnitOfWork, image_id: UUID, tags: Collection[str]) -> None:
    """Give an image these tags besides those it has; harmless when it has them. Raises InvalidInput."""
    rows = [{"image_id": image_id, "tag": tag} for tag in sorted(_checked(tags))]
    if rows:
        insert_or_ignore(uow.session, ImageTag, rows)


def _checked(tags: Collection[str]) -> set[str]:
    checked = {clean_tag(tag) for tag in tags}
    if len(checked) > MOST:
        raise InvalidInput(f"An image has at most {MOST} tags.")
    return checked
