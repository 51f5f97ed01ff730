"""The masks of an SA-1B annotation file (dataset section of the paper), read and checked."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from engine.errors import InvalidInput, InvalidMask
from engine.masks import rle
from engine.masks.rle import Rle


def parse(content: bytes, where: str) -> dict[str, Any]:
    """An annotation file with its `annotations`. Raises InvalidInput, beginning with `where`, if it is none."""
    try:
        record = json.loads(content)
    except ValueError as error:
        raise InvalidInput(f"{where}: not JSON ({error}).") from error
    if not isinstance(record, dict) or not isinstance(record.get("annotations"), list):
        raise InvalidInput(f"{where}: not an SA-1B annotation file, it has no list of annotations.")
    return record


def masks(annotations: Sequence[Any], where: str) -> list[Rle]:
    """The non-empty masks of annotations with compressed RLE. Raises InvalidInput, naming the record."""
    found: list[Rle] = []
    for number, annotation in enumerate(annotations, 1):
        segmentation = annotation.get("segmentation") if isinstance(annotation, Mapping) else None
        if not isinstance(segmentation, Mapping):
            raise InvalidInput(f"{where}: annotation {number} has no segmentation in COCO's run-length encoding.")
        try:
            if not _is_empty(segmentation):
                found.append(rle.from_sa1b(segmentation))
        except InvalidMask as error:
            raise InvalidInput(f"{where}: annotation {number}: {error}") from error
    return found


def _is_empty(segmentation: Mapping[str, Any]) -> bool:
    """An annotation without a single pixel cannot be prompted; published data sets hold a few."""
    counts = segmentation.get("counts")
    return isinstance(counts, str) and rle.runs(counts).size == 1
