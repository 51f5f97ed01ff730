"""Words that people put on images, to choose them by: night, rain, camera 2. An image has any number of them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import delete, func, select

from engine.errors import InvalidInput, NotAllowed, NotFound
from engine.flow.image_tags import clean_tag, tags_by_image
from engine.flow.images import get_image
from engine.flow.projects import get_project
from engine.store.queries import insert_or_ignore
from engine.store.tables import Event, Image, ImageTag, Role, User
from engine.store.unit_of_work import UnitOfWork

MOST = 50
"""Tags an image can have."""

_IMAGES_AT_ONCE = 1000
"""SQLite takes 32,766 parameters in a statement."""


@dataclass(frozen=True)
class TagCount:
    """A tag and how many of a project's images have it."""

    tag: str
    images: int


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
    return tags_by_image(uow, [image_id]).get(image_id, [])


def set_tags(uow: UnitOfWork, user: User, image_id: UUID, tags: Collection[str]) -> list[str]:
    """Give an image these tags in place of those it has. Raises NotAllowed for an annotator, NotFound, InvalidInput."""
    _require_manager(user)
    image = get_image(uow, image_id)
    wanted = _cleaned(tags)
    _lock(uow, [image_id])
    before = set(tags_of(uow, image_id))
    _write(uow, {image: before}, add=wanted, remove=before - wanted)
    uow.session.add(
        Event(user_id=user.id, kind="image.tagged", subject={"image_id": str(image_id), "tags": sorted(wanted)})
    )
    uow.session.flush()
    return tags_of(uow, image_id)


def change_tags(
    uow: UnitOfWork,
    user: User,
    project_id: UUID,
    image_ids: Sequence[UUID],
    *,
    add: Collection[str] = (),
    remove: Collection[str] = (),
) -> int:
    """Add tags to images of a project and take others off; returns how many images have other tags than before.

    All of it happens or nothing does. Repeating it is harmless. Raises NotAllowed for an annotator, NotFound for an
    image that is not in the project, InvalidInput for what is no tag, for a tag both added and removed, and when an
    image would have more than `MOST` tags.
    """
    _require_manager(user)
    get_project(uow, project_id)
    added, removed = _cleaned(add), _cleaned(remove)
    if not added and not removed:
        raise InvalidInput("Name at least one tag to add or to remove.")
    if both := added & removed:
        raise InvalidInput(f"The tag “{min(both)}” cannot be both added and removed.")
    changed: list[UUID] = []
    # In one order everywhere, so that two changes of the same images never wait for each other.
    ordered = sorted(set(image_ids))
    for start in range(0, len(ordered), _IMAGES_AT_ONCE):
        some = ordered[start : start + _IMAGES_AT_ONCE]
        _lock(uow, some)
        changed += _write(uow, _with_tags(uow, project_id, some), add=added, remove=removed)
    if changed:
        subject = {
            "project_id": str(project_id),
            "image_ids": [str(image_id) for image_id in changed],
            "added": sorted(added),
            "removed": sorted(removed),
        }
        uow.session.add(Event(user_id=user.id, kind="images.tagged", subject=subject))
        uow.session.flush()
    return len(changed)


def add_tags(uow: UnitOfWork, image_id: UUID, tags: Collection[str]) -> None:
    """Give an image these tags besides those it has; harmless when it has them. Raises NotFound, InvalidInput."""
    if not tags:
        return
    image = get_image(uow, image_id)
    _lock(uow, [image_id])
    _write(uow, {image: set(tags_of(uow, image_id))}, add=_cleaned(tags), remove=set())


def _require_manager(user: User) -> None:
    if user.role is Role.ANNOTATOR:
        raise NotAllowed("Only an owner or a manager can tag images.")


def _cleaned(tags: Collection[str]) -> set[str]:
    return {clean_tag(tag) for tag in tags}


def _lock(uow: UnitOfWork, image_ids: Sequence[UUID]) -> None:
    """Hold these images until the end of the transaction: two changes at once must not add up to more than `MOST`.

    Only other changes of tags wait; masks refer to an image by its key, which stays free.
    """
    images = select(Image.id).where(Image.id.in_(image_ids)).order_by(Image.id)
    uow.session.execute(images.with_for_update(key_share=True))


def _with_tags(uow: UnitOfWork, project_id: UUID, image_ids: Sequence[UUID]) -> dict[Image, set[str]]:
    """The images and what tags they have. Raises NotFound for one that is not in the project."""
    found = uow.session.scalars(select(Image).where(Image.project_id == project_id, Image.id.in_(image_ids)))
    images = {image.id: image for image in found}
    for image_id in image_ids:
        if image_id not in images:
            raise NotFound("image", image_id)
    tags = tags_by_image(uow, image_ids)
    return {images[image_id]: set(tags.get(image_id, ())) for image_id in image_ids}


def _write(uow: UnitOfWork, images: dict[Image, set[str]], *, add: set[str], remove: set[str]) -> list[UUID]:
    """Change the tags of images that have those named with them; returns the ids of those that changed."""
    after = {image: (tags - remove) | add for image, tags in images.items()}
    for image, tags in after.items():
        if len(tags) > MOST:
            raise InvalidInput(f"An image has at most {MOST} tags; {image.file_name} would have {len(tags)}.")
    changed = [image.id for image, tags in images.items() if after[image] != tags]
    if remove:
        uow.session.execute(delete(ImageTag).where(ImageTag.image_id.in_(changed), ImageTag.tag.in_(remove)))
    rows = [{"image_id": image.id, "tag": tag} for image, tags in images.items() for tag in sorted(add - tags)]
    if rows:
        insert_or_ignore(uow.session, ImageTag, rows)
    return changed
