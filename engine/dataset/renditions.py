"""Renditions of an image: one for display where a browser cannot show the file as it is, and a thumbnail."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

THUMBNAIL_SIDE = 320
THUMBNAIL_MEDIA_TYPE = "image/jpeg"

# Above this a lossless file takes too long to load and to encode; JPEG at quality 95 shows no difference.
_MAX_LOSSLESS_PIXELS = 4_000_000


def thumbnail_size(width: int, height: int) -> tuple[int, int]:
    """(width, height) of the thumbnail of an image of that size; small images keep theirs."""
    scale = min(1.0, THUMBNAIL_SIDE / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def render_thumbnail(rgb: NDArray[np.uint8]) -> bytes:
    """A JPEG of H×W×3 RGB, its longest side `THUMBNAIL_SIDE` pixels at most."""
    image = Image.fromarray(rgb)
    size = thumbnail_size(image.width, image.height)
    # `reducing_gap` shrinks large images in whole steps first: many times faster, no visible difference.
    small = image.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
    file = io.BytesIO()
    small.save(file, "JPEG", quality=82, optimize=True)
    return file.getvalue()


def render_display(rgb: NDArray[np.uint8], media_type: str) -> tuple[bytes, str]:
    """(file, media type) a browser shows like H×W×3 RGB; `media_type` is that of the original.

    PNG where the original was lossless and small, otherwise JPEG at quality 95 without chroma subsampling.
    """
    image = Image.fromarray(rgb)
    file = io.BytesIO()
    if media_type != "image/jpeg" and image.width * image.height <= _MAX_LOSSLESS_PIXELS:
        image.save(file, "PNG")
        return file.getvalue(), "image/png"
    image.save(file, "JPEG", quality=95, subsampling=0)
    return file.getvalue(), "image/jpeg"
