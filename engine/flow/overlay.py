"""masks → a picture of them: a transparent PNG to lay over the thumbnail."""

import io
from uuid import UUID

import numpy as np
from PIL import Image as PillowImage

from engine.dataset.renditions import thumbnail_size
from engine.flow.annotate import list_masks, segmentation_of
from engine.flow.images import get_image, masks_revision
from engine.masks import rle
from engine.store.unit_of_work import UnitOfWork

# Okabe and Ito's colours for every kind of colour vision, without the yellow: as the annotation page draws masks.
_PALETTE = ((86, 180, 233), (230, 159, 0), (0, 158, 115), (204, 121, 167), (0, 114, 178), (213, 94, 0))
_OPACITY = 140


def mask_overlay_png(uow: UnitOfWork, image_id: UUID) -> tuple[str, bytes]:
    """(revision, PNG) of an image's masks at thumbnail size, oldest at the back, each in its order's colour.

    Raises NotFound.
    """
    image = get_image(uow, image_id)
    width, height = thumbnail_size(image.width, image.height)
    colours = np.zeros((height, width), np.uint8)
    for order, mask in enumerate(list_masks(uow, image_id)):
        inside = rle.sample(segmentation_of(mask, image), width, height)
        colours[inside] = order % len(_PALETTE) + 1
    # Colour 0 is nothing at all; the others are half transparent.
    picture = PillowImage.fromarray(colours, "P")
    picture.putpalette([0, 0, 0, *(channel for colour in _PALETTE for channel in colour)])
    file = io.BytesIO()
    picture.save(file, "PNG", transparency=bytes([0, *[_OPACITY] * len(_PALETTE)]))
    return masks_revision(uow, image_id), file.getvalue()
