"""masks → a picture of them: a transparent PNG to lay over the thumbnail."""

from uuid import UUID

from engine.store.unit_of_work import UnitOfWork


def mask_overlay_png(uow: UnitOfWork, image_id: UUID) -> tuple[str, bytes]:
    """(revision, PNG) of an image's masks at thumbnail size, each in its own colour. Raises NotFound."""
    raise NotImplementedError
