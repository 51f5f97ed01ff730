"""What a tag is, which images have it, and which tags an image has."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import ColumnElement, Select, exists, select

from engine.errors import InvalidInput
from engine.store.tables import Image, ImageTag
from engine.store.unit_of_work import UnitOfWork

_LENGTH = 50


def clean_tag(text: str) -> str:
    """A tag as it is stored: single spaces, lower case, so that Night and night are one. Raises InvalidInput."""
    tag = " ".join(text.split()).lower()
    if not 0 < len(tag) <= _LENGTH or not tag.isprintable():
        raise InvalidInput(f"A tag is 1 to {_LENGTH} printable characters, not {text!r}.")
    return tag


def has_tag(text: str) -> ColumnElement[bool]:
    """The condition on `Image` to have this tag. Raises InvalidInput for what is none."""
    return exists().where(ImageTag.image_id == Image.id, ImageTag.tag == clean_tag(text))


def tags_by_image(uow: UnitOfWork, image_ids: Collection[UUID] | Select[UUID]) -> dict[UUID, list[str]]:
    """The tags of each of these images, by name, in one query; what has none is left out.

    A selection of ids takes any number of images.
    """
    rows = uow.session.execute(
        select(ImageTag.image_id, ImageTag.tag).where(ImageTag.image_id.in_(image_ids)).order_by(ImageTag.tag)
    )
    tags: dict[UUID, list[str]] = {}
    for image_id, tag in rows:
        tags.setdefault(image_id, []).append(tag)
    return tags
