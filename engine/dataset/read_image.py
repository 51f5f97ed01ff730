"""Untrusted bytes → pixels: type and size are checked from the header before anything is decoded.

What comes out is always upright 8-bit RGB:

- the first frame of an animation, the first page of a TIFF;
- EXIF orientation applied;
- alpha composited on white, as a page shows it;
- palette, grey and CMYK converted; grey of more than 8 bits shifted down by the bits its brightest pixel needs, so
  that 12-bit images in 16-bit files do not come out black; floating point stretched from its minimum to its maximum.
"""

import io
import struct
import zlib
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image

from engine.errors import ImageTooLarge, InvalidImage

MEDIA_TYPES = {
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "WEBP": "image/webp",
    "TIFF": "image/tiff",
    "BMP": "image/bmp",
    "GIF": "image/gif",
}

# What Pillow calls a JPEG with further pictures behind the first, as phones write them.
_JPEG_WITH_MORE = "MPO"

# What Pillow raises on damaged files, depending on the format's parser.
_DECODING_ERRORS = (
    OSError,
    ValueError,
    TypeError,
    SyntaxError,
    EOFError,
    IndexError,
    KeyError,
    AttributeError,
    NotImplementedError,
    OverflowError,
    ZeroDivisionError,
    RuntimeError,
    struct.error,
    zlib.error,
)

# EXIF 2.3, table 4, tag 274.
_TRANSPOSITIONS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

_PIXELS_AT_ONCE = 4 * 2**20

# The cap below is checked for every image before decoding and names the deployment's own limit; Pillow's would
# warn at one fixed size and fail at twice that.
Image.MAX_IMAGE_PIXELS = None


@dataclass(frozen=True)
class ImageHeader:
    """What the header says. `width`, `height`: of the upright image, in pixels.

    `plain`: decoding changes nothing that a browser would show differently (one frame, no rotation, 8-bit grey,
    RGB or opaque palette), so the file itself can be displayed.
    """

    media_type: str
    width: int
    height: int
    plain: bool


def read_header(data: bytes | BinaryIO, max_pixels: int) -> ImageHeader:
    """Type and size without decoding. Raises InvalidImage, ImageTooLarge."""
    with _opened(data, max_pixels) as image:
        orientation = _orientation(image)
        width, height = image.size
        if orientation in (5, 6, 7, 8):
            width, height = height, width
        plain = (
            orientation == 1
            and image.format != "TIFF"
            and (image.format == _JPEG_WITH_MORE or getattr(image, "n_frames", 1) == 1)
            and (image.mode in ("L", "RGB", "1") or (image.mode == "P" and "transparency" not in image.info))
            and not (image.mode in ("L", "RGB") and "transparency" in image.info)
        )
        media_type = MEDIA_TYPES["JPEG" if image.format == _JPEG_WITH_MORE else image.format or ""]
        return ImageHeader(media_type, width, height, plain)


def read_image(data: bytes | BinaryIO, max_pixels: int) -> NDArray[np.uint8]:
    """Decode to H×W×3 RGB, upright, 8 bits.

    Raises InvalidImage when the bytes are not a complete JPEG, PNG, WebP, TIFF, BMP or GIF, and ImageTooLarge when
    the header announces more than `max_pixels`.
    """
    with _opened(data, max_pixels) as image:
        orientation = _orientation(image)
        try:
            image.load()
            return _pixels(_upright(_to_rgb(image), orientation))
        except _DECODING_ERRORS as error:
            raise InvalidImage(
                "The image is damaged or cut off: its header can be read, its pixels cannot. Export it again."
            ) from error


def _opened(data: bytes | BinaryIO, max_pixels: int) -> Image.Image:
    file = io.BytesIO(data) if isinstance(data, bytes) else data
    try:
        image = Image.open(file, formats=tuple(MEDIA_TYPES))
    except _DECODING_ERRORS as error:
        raise InvalidImage(
            "This is not an image that can be read. Send a JPEG, PNG, WebP, TIFF, BMP or GIF file."
        ) from error
    width, height = image.size
    if width < 1 or height < 1:
        raise InvalidImage("The image has no pixels.")
    if width * height > max_pixels:
        raise ImageTooLarge(limit=max_pixels, got=width * height)
    return image


def _orientation(image: Image.Image) -> int:
    """EXIF orientation 1..8; 1 (upright) when there is none or the EXIF block is damaged."""
    if image.format == "TIFF":
        # Pillow turns TIFF upright by itself, in its size and its pixels.
        return 1
    try:
        orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
    except _DECODING_ERRORS:
        return 1
    return orientation if orientation in range(1, 9) else 1


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I") or image.mode == "F":
        return Image.fromarray(_to_8_bits(np.asarray(image))).convert("RGB")
    if "transparency" in image.info or image.mode in ("RGBA", "LA", "PA", "RGBa", "La"):
        rgba = image.convert("RGBA")
        white = Image.new("RGBA", rgba.size, (255, 255, 255, 255))
        return Image.alpha_composite(white, rgba).convert("RGB")
    # Converting copies even where nothing is to be done.
    return image if image.mode == "RGB" else image.convert("RGB")


def _pixels(image: Image.Image) -> NDArray[np.uint8]:
    """H×W×3 of an RGB image, by strips: at once, Pillow would take the whole image's bytes twice more."""
    pixels = np.empty((image.height, image.width, 3), np.uint8)
    rows = max(1, _PIXELS_AT_ONCE // image.width)
    for top in range(0, image.height, rows):
        strip = image.crop((0, top, image.width, min(top + rows, image.height)))
        pixels[top : top + rows] = np.asarray(strip)
    return pixels


def _to_8_bits(gray: NDArray[Any]) -> NDArray[np.uint8]:
    if gray.dtype.kind == "f":
        finite = np.nan_to_num(gray, nan=0.0, posinf=0.0, neginf=0.0).astype(np.float64)
        low, high = float(finite.min()), float(finite.max())
        return ((finite - low) * (255.0 / (high - low or 1.0))).round().astype(np.uint8)
    values = gray if gray.dtype.kind == "u" else np.clip(gray, 0, None)
    bits = max(8, int(values.max()).bit_length())
    return (values >> (bits - 8)).astype(np.uint8)


def _upright(image: Image.Image, orientation: int) -> Image.Image:
    return image if orientation == 1 else image.transpose(_TRANSPOSITIONS[orientation])
