"""Small holes and islands of a mask."""

from engine.masks import rle
from engine.masks.run_regions import remove_small_regions


def clean(segmentation: rle.Rle, smallest_area: float) -> tuple[rle.Rle, bool]:
    """Fills holes, then drops islands, of fewer than `smallest_area` pixels; returns (mask, changed)."""
    if smallest_area <= 0:
        return segmentation, False
    without_holes, filled = remove_small_regions(segmentation, smallest_area, "holes")
    cleaned, dropped = remove_small_regions(without_holes, smallest_area, "islands")
    return cleaned, filled or dropped
