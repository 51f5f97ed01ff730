"""prompt → mask → stored annotation: versions, conflicts, history, undelete."""

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from engine.errors import Conflict, InvalidMask, NotFound, VersionConflict
from engine.flow.images import get_image
from engine.masks import rle
from engine.masks.rle import Rle
from engine.store.tables import Event, Image, Mask, MaskVersion, Model, Review, Stage, User, utc_now
from engine.store.unit_of_work import UnitOfWork

Outcome = Literal["created", "updated", "unchanged"]

# An automatic batch that was rejected leaves thousands; what somebody looks for is among the last.
DELETED_SHOWN = 200
_LABEL_LENGTH = 200
_MAX_MS = 2**31 - 1


@dataclass(frozen=True)
class MaskContent:
    """What a client says about a mask; everything else is worked out here.

    `prompts` is {"points": [{"x", "y", "label"}], "box": [x0, y0, x1, y1] | absent}, image frame; `crop_box` is
    [x, y, w, h], image frame.
    """

    segmentation: Rle
    stage: Stage = Stage.MANUAL
    label: str | None = None
    predicted_iou: float | None = None
    stability_score: float | None = None
    crop_box: list[float] | None = None
    prompts: dict[str, Any] = field(default_factory=lambda: {"points": []})
    candidate_index: int | None = None
    candidates_iou: list[float] | None = None
    model_id: UUID | None = None
    active_ms: int = 0
    idle_ms: int = 0


def put_mask(
    uow: UnitOfWork,
    user: User,
    image_id: UUID,
    mask_id: UUID,
    content: MaskContent,
    base_version: int | None,
    review: Literal[Review.WAITING, Review.ACCEPTED] | None = None,
) -> tuple[Mask, Outcome]:
    """Create a mask (`base_version` None) or replace the version the client started from.

    `review` says whether a mask that a batch put up for review waits or is annotation; None accepts it if its content
    changes, since whoever refines a mask has looked at it. It has no effect on a mask that was never up for review.

    Repeating the same call is "unchanged". Raises VersionConflict when the stored version is another one,
    InvalidMask for an RLE or a field that makes no sense for the image, NotFound for an unknown image or mask,
    Conflict when the id belongs to a mask of another image or the mask is deleted.
    """
    image = get_image(uow, image_id)
    values = mask_values(uow, content, image)
    mask = _locked(uow, mask_id)
    if mask is None:
        if base_version is not None:
            raise NotFound("mask", mask_id)
        mask = Mask(id=mask_id, image_id=image.id, version=1, author_id=user.id, **values)
        try:
            with uow.session.begin_nested():
                uow.session.add(mask)
        except IntegrityError:
            # Another request with the same id was faster; what it stored decides below.
            mask = _locked(uow, mask_id)
            if mask is None:
                raise
        else:
            uow.session.refresh(mask, ["author"])
            _keep_version(uow, user, mask, "mask.created")
            return mask, "created"
    if mask.image_id != image.id:
        raise Conflict(f"Mask {mask_id} belongs to another image. Make a new UUID for a new mask.")
    same = mask.deleted_at is None and all(getattr(mask, name) == value for name, value in values.items())
    reviewed = mask.review if mask.review is None or (same and review is None) else review or Review.ACCEPTED
    same = same and reviewed is mask.review
    started_from = base_version or 0
    if same and started_from in (mask.version, mask.version - 1):
        return mask, "unchanged"
    if started_from != mask.version:
        raise VersionConflict("mask", started_from, mask.version)
    if mask.deleted_at is not None:
        raise Conflict("This mask is deleted. Restore it before changing it.")
    for name, value in values.items():
        setattr(mask, name, value)
    mask.review = reviewed
    _next_version(uow, user, mask, "mask.updated")
    return mask, "updated"


def delete_mask(uow: UnitOfWork, user: User, image_id: UUID, mask_id: UUID, base_version: int) -> Mask:
    """Mark a mask deleted (one version up); harmless when repeated. Raises NotFound, VersionConflict."""
    mask = _locked_of_image(uow, image_id, mask_id)
    if mask.deleted_at is not None and base_version in (mask.version, mask.version - 1):
        return mask
    _require_version(mask, base_version)
    mask.deleted_at = utc_now()
    _next_version(uow, user, mask, "mask.deleted")
    return mask


def restore_mask(uow: UnitOfWork, user: User, image_id: UUID, mask_id: UUID, base_version: int) -> Mask:
    """Take back a deletion (one version up); harmless when repeated. Raises NotFound, VersionConflict."""
    mask = _locked_of_image(uow, image_id, mask_id)
    if mask.deleted_at is None and base_version in (mask.version, mask.version - 1):
        return mask
    _require_version(mask, base_version)
    mask.deleted_at = None
    if mask.review is Review.REJECTED:
        # Whoever brings it back has looked at it.
        mask.review = Review.ACCEPTED
    _next_version(uow, user, mask, "mask.restored")
    return mask


def get_mask(uow: UnitOfWork, image_id: UUID, mask_id: UUID) -> Mask:
    """A mask, deleted or not. Raises NotFound."""
    mask = uow.session.get(Mask, mask_id)
    if mask is None or mask.image_id != image_id:
        raise NotFound("mask", mask_id)
    return mask


def list_masks(uow: UnitOfWork, image_id: UUID) -> list[Mask]:
    """The masks of an image that are not deleted, oldest first. Raises NotFound for an unknown image."""
    get_image(uow, image_id)
    return list(
        uow.session.scalars(
            select(Mask).where(Mask.image_id == image_id, Mask.deleted_at.is_(None)).order_by(Mask.created_at, Mask.id)
        )
    )


def list_deleted_masks(uow: UnitOfWork, image_id: UUID) -> list[Mask]:
    """The masks of an image that were deleted and can be restored, last deleted first. Raises NotFound."""
    get_image(uow, image_id)
    deleted = select(Mask).where(Mask.image_id == image_id, Mask.deleted_at.is_not(None))
    return list(uow.session.scalars(deleted.order_by(Mask.deleted_at.desc(), Mask.id).limit(DELETED_SHOWN)))


def mask_history(uow: UnitOfWork, image_id: UUID, mask_id: UUID) -> list[MaskVersion]:
    """Every version of a mask, oldest first. Raises NotFound."""
    get_mask(uow, image_id, mask_id)
    return list(
        uow.session.scalars(select(MaskVersion).where(MaskVersion.mask_id == mask_id).order_by(MaskVersion.version))
    )


def mask_values(uow: UnitOfWork, content: MaskContent, image: Image) -> dict[str, Any]:
    """The columns of a mask with this content. Raises InvalidMask."""
    segmentation = rle.validate(content.segmentation, image.height, image.width)
    _require_sense(content)
    if content.model_id is not None and uow.session.get(Model, content.model_id) is None:
        raise InvalidMask(f"There is no model {content.model_id}, which is said to have made the mask.")
    values = asdict(content)
    del values["segmentation"]
    x, y, w, h = rle.bbox(segmentation)
    return values | {
        "counts": segmentation["counts"],
        "bbox_x": x,
        "bbox_y": y,
        "bbox_w": w,
        "bbox_h": h,
        "area": rle.area(segmentation),
    }


def _require_sense(content: MaskContent) -> None:
    if content.label is not None and not (0 < len(content.label) <= _LABEL_LENGTH and content.label.isprintable()):
        raise InvalidMask(f"A label is 1 to {_LABEL_LENGTH} printable characters.")
    if not all(0 <= ms <= _MAX_MS for ms in (content.active_ms, content.idle_ms)):
        raise InvalidMask(f"Active and idle time are whole milliseconds from 0 to {_MAX_MS}.")
    if content.candidate_index is not None and content.candidate_index not in range(4):
        raise InvalidMask("The candidate's index is 0 to 3.")
    if content.crop_box is not None and len(content.crop_box) != 4:
        raise InvalidMask("The crop box is four numbers: x, y, w, h.")
    if not all(math.isfinite(number) for number in _numbers(content)):
        raise InvalidMask("A number of the mask is not finite.")


def _numbers(content: MaskContent) -> Iterable[float]:
    yield from (number for number in (content.predicted_iou, content.stability_score) if number is not None)
    yield from content.crop_box or ()
    yield from content.candidates_iou or ()
    yield from content.prompts.get("box") or ()
    for point in content.prompts.get("points", ()):
        yield from (point["x"], point["y"])


def _locked(uow: UnitOfWork, mask_id: UUID) -> Mask | None:
    return uow.session.get(Mask, mask_id, with_for_update={"of": Mask}, populate_existing=True)


def _locked_of_image(uow: UnitOfWork, image_id: UUID, mask_id: UUID) -> Mask:
    mask = _locked(uow, mask_id)
    if mask is None or mask.image_id != image_id:
        raise NotFound("mask", mask_id)
    return mask


def _require_version(mask: Mask, base_version: int) -> None:
    if base_version != mask.version:
        raise VersionConflict("mask", base_version, mask.version)


def _next_version(uow: UnitOfWork, user: User, mask: Mask, event: str) -> None:
    mask.version += 1
    mask.updated_at = utc_now()
    _keep_version(uow, user, mask, event)


def _keep_version(uow: UnitOfWork, user: User, mask: Mask, event: str) -> None:
    content = MaskContent(
        segmentation=segmentation_of(mask, uow.session.get_one(Image, mask.image_id)),
        **{name: getattr(mask, name) for name in MaskContent.__dataclass_fields__ if name != "segmentation"},
    )
    uow.session.add(
        MaskVersion(
            mask_id=mask.id,
            version=mask.version,
            author_id=user.id,
            content=asdict(content)
            | {
                "model_id": str(mask.model_id) if mask.model_id else None,
                "deleted": mask.deleted_at is not None,
            },
        )
    )
    uow.session.add(
        Event(
            user_id=user.id,
            kind=event,
            subject={"mask_id": str(mask.id), "image_id": str(mask.image_id), "version": mask.version},
        )
    )
    uow.session.flush()


def segmentation_of(mask: Mask, image: Image) -> Rle:
    """A stored mask's RLE, complete with its image's size."""
    return {"size": [image.height, image.width], "counts": mask.counts}
