"""Small holes and islands of a mask, without bringing all of the image into memory."""

import math

from engine.masks import rle
from engine.masks.geometry import remove_small_regions


def clean(segmentation: rle.Rle, smallest_area: float) -> tuple[rle.Rle, bool]:
    """Fills holes, then drops islands, of fewer than `smallest_area` pixels; returns (mask, changed).

    As `remove_small_regions` on the whole image. A strip of that many pixels around the mask stands for all of the
    background that goes on outside: connected to the strip's length, it is too large to be a hole there as well.
    """
    if smallest_area <= 0:
        return segmentation, False
    height, width = segmentation["size"]
    x, y, w, h = rle.bbox(segmentation)
    strip = math.ceil(smallest_area)
    left, top = max(0, x - strip), max(0, y - strip)
    right, bottom = min(width, x + w + strip), min(height, y + h + strip)
    mask = rle.decode_part(segmentation, left, top, right - left, bottom - top)
    without_holes, filled = remove_small_regions(mask, smallest_area, "holes")
    cleaned, dropped = remove_small_regions(without_holes, smallest_area, "islands")
    if not (filled or dropped):
        return segmentation, False
    return rle.encode_part(cleaned, left, top, height, width), True
