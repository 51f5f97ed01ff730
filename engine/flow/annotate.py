"""prompt → mask → stored annotation: versions, conflicts, history, undelete."""

from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

from engine.masks.rle import Rle
from engine.store.tables import Mask, MaskVersion, Stage, User
from engine.store.unit_of_work import UnitOfWork

Outcome = Literal["created", "updated", "unchanged"]


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
    uow: UnitOfWork, user: User, image_id: UUID, mask_id: UUID, content: MaskContent, base_version: int | None
) -> tuple[Mask, Outcome]:
    """Create a mask (`base_version` None) or replace the version the client started from.

    Repeating the same call is "unchanged". Raises VersionConflict when the stored version is another one,
    InvalidMask for an RLE or a field that makes no sense for the image, NotFound for an unknown image or mask,
    Conflict when the id belongs to a mask of another image.
    """
    raise NotImplementedError


def delete_mask(uow: UnitOfWork, user: User, image_id: UUID, mask_id: UUID, base_version: int) -> Mask:
    """Mark a mask deleted (one version up); harmless when repeated. Raises NotFound, VersionConflict."""
    raise NotImplementedError


def restore_mask(uow: UnitOfWork, user: User, image_id: UUID, mask_id: UUID, base_version: int) -> Mask:
    """Take back a deletion (one version up); harmless when repeated. Raises NotFound, VersionConflict."""
    raise NotImplementedError


def get_mask(uow: UnitOfWork, image_id: UUID, mask_id: UUID) -> Mask:
    """A mask, deleted or not. Raises NotFound."""
    raise NotImplementedError


def list_masks(uow: UnitOfWork, image_id: UUID) -> list[Mask]:
    """The masks of an image that are not deleted, oldest first. Raises NotFound for an unknown image."""
    raise NotImplementedError


def mask_history(uow: UnitOfWork, image_id: UUID, mask_id: UUID) -> list[MaskVersion]:
    """Every version of a mask, oldest first. Raises NotFound."""
    raise NotImplementedError
