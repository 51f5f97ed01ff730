"""COCO compressed RLE, the one stored form of a mask.

Runs alternate background, foreground, … down the columns (Fortran order), starting with background. The counts
string packs each run (from the fourth on as the difference from the run two before) into little-endian groups of
five bits with a continuation bit, offset by 48 (`rleToString` in cocoapi's maskApi.c).
"""

from collections.abc import Mapping
from typing import TypedDict, cast

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco_mask

from engine.errors import InvalidMask

# A run of 2^35 pixels is far beyond any image; longer groups could overflow.
_MAX_GROUPS = 7
# Pixels that are encoded at once.
_STRIP_PIXELS = 16 * 2**20


class Rle(TypedDict):
    """`size` is [height, width]; `counts` the compressed string."""

    size: list[int]
    counts: str


def encode(mask: NDArray[np.bool_]) -> Rle:
    """H×W booleans as RLE."""
    counts = cast(bytes, coco_mask.encode(np.asfortranarray(mask, dtype=np.uint8))["counts"])
    return {"size": [int(side) for side in mask.shape], "counts": counts.decode("ascii")}


def encode_part(part: NDArray[np.bool_], left: int, top: int, height: int, width: int) -> Rle:
    """RLE of a `height`×`width` mask that is `part` (h×w booleans) at column `left` and row `top`, and empty elsewhere.

    Takes memory for `part` and its outline, not for the whole mask.
    """
    rows, columns = part.shape
    # Where each run starts and ends, as places down the columns of the whole mask; strips of columns bound memory.
    places = [
        _ends_of_runs(part[:, first : first + _STRIP_PIXELS // rows + 1], left + first, top, height)
        for first in range(0, columns if rows else 0, _STRIP_PIXELS // max(rows, 1) + 1)
    ]
    ends = np.concatenate([np.zeros(0, np.int64), *places])
    return encode_runs(ends[::2], ends[1::2], height, width)


def encode_runs(start: NDArray[np.int64], end: NDArray[np.int64], height: int, width: int) -> Rle:
    """RLE of runs, given in order by their first place and the one after their last, counted down the columns."""
    inner = np.stack([start, end], axis=1).ravel()
    # A run to the bottom goes on at the top of the next column: its end and the next start are the same place.
    goes_on = np.flatnonzero(inner[1:-1:2] == inner[2::2])
    inner = np.delete(inner, np.concatenate([2 * goes_on + 1, 2 * goes_on + 2]))
    counts = np.diff(inner, prepend=0, append=height * width)
    # A mask up to the last pixel ends with its own run.
    counts = counts[:-1] if counts.size > 1 and counts[-1] == 0 else counts
    packed = coco_mask.frPyObjects({"size": [height, width], "counts": counts.tolist()}, height, width)
    return {"size": [height, width], "counts": cast(bytes, packed["counts"]).decode("ascii")}


def _ends_of_runs(part: NDArray[np.bool_], left: int, top: int, height: int) -> NDArray[np.int64]:
    """Start, end, start, end … of the runs down each column of a strip, as places in the whole mask."""
    rows, columns = part.shape
    framed = np.zeros((columns, rows + 2), np.int8)
    framed[:, 1:-1] = part.T
    changes = np.flatnonzero(np.diff(framed, axis=1))
    return (left + changes // (rows + 1)) * height + top + changes % (rows + 1)


def decode(rle: Rle) -> NDArray[np.bool_]:
    """H×W booleans. Raises InvalidMask when the counts are malformed or do not fill the size."""
    height, width = rle["size"]
    lengths = checked_runs(rle["counts"], height, width)
    inside = np.arange(lengths.size) % 2 == 1
    return np.repeat(inside, lengths).reshape(width, height).T


def runs(counts: str) -> NDArray[np.int64]:
    """The run lengths a compressed string stands for. Raises InvalidMask when it is malformed."""
    try:
        codes = np.frombuffer(counts.encode("ascii"), dtype=np.uint8).astype(np.int64) - 48
    except UnicodeEncodeError as error:
        raise InvalidMask("The mask's counts hold characters that COCO's compressed RLE does not use.") from error
    if codes.size == 0:
        raise InvalidMask("The mask's counts are empty.")
    if codes.min() < 0 or codes.max() > 63:
        raise InvalidMask("The mask's counts hold characters that COCO's compressed RLE does not use.")
    last = (codes & 0x20) == 0
    if not last[-1]:
        raise InvalidMask("The mask's counts end in the middle of a run; the text was cut off.")
    ends = np.flatnonzero(last)
    starts = np.concatenate(([0], ends[:-1] + 1))
    lengths = ends - starts + 1
    if lengths.max() > _MAX_GROUPS:
        raise InvalidMask("The mask's counts hold a run longer than any image.")
    place = np.arange(codes.size) - np.repeat(starts, lengths)
    values = np.add.reduceat((codes & 0x1F) << (5 * place), starts)
    values -= np.where(codes[ends] & 0x10, np.int64(1) << (5 * lengths), 0)
    # From the fourth run on, each is stored as its difference from the run two before it.
    values[1::2] = np.cumsum(values[1::2])
    values[2::2] = np.cumsum(values[2::2])
    return values


def validate(rle: Mapping[str, object], height: int, width: int) -> Rle:
    """The RLE, known to be safe to decode and to be a non-empty mask of an image of that size.

    Raises InvalidMask with a sentence that says what is wrong.
    """
    size, counts = rle.get("size"), rle.get("counts")
    if not isinstance(counts, str):
        raise InvalidMask("The mask's counts must be COCO's compressed RLE: a string.")
    if size != [height, width]:
        raise InvalidMask(f"The mask's size is {size}, the image's is [{height}, {width}] (height, width).")
    lengths = checked_runs(counts, height, width)
    if lengths.size == 1:
        raise InvalidMask("The mask is empty: no pixel belongs to it.")
    return {"size": [height, width], "counts": counts}


def checked_runs(counts: str, height: int, width: int) -> NDArray[np.int64]:
    """The run lengths of a mask of that size. Raises InvalidMask when they are malformed or do not fill it."""
    lengths = runs(counts)
    if lengths.min() < 0 or (lengths[1:] == 0).any():
        raise InvalidMask("The mask's counts hold a run that is negative or empty; only the first run may be 0.")
    # Checked one by one as well, so that no sum of absurd runs can overflow into the right total.
    if lengths.max() > height * width or lengths.sum() != height * width:
        raise InvalidMask(f"The mask's runs cover {lengths.sum()} pixels, the image has {height * width}.")
    return lengths


def area(rle: Rle) -> int:
    """Pixels of the mask."""
    return int(runs(rle["counts"])[1::2].sum())


def bbox(rle: Rle) -> tuple[int, int, int, int]:
    """The tight box (x, y, w, h) in whole pixels; (0, 0, 0, 0) for an empty mask."""
    height = rle["size"][0]
    lengths = runs(rle["counts"])
    ends = np.cumsum(lengths)
    first, last = ends[0:-1:2], ends[1::2] - 1
    if first.size == 0:
        return 0, 0, 0, 0
    x0, x1 = first // height, last // height
    # A run that goes on into the next column touches both the image's lower and upper border.
    wraps = bool((x0 != x1).any())
    y0 = 0 if wraps else int((first % height).min())
    y1 = height - 1 if wraps else int((last % height).max())
    left, right = int(x0.min()), int(x1.max())
    return left, y0, right - left + 1, y1 - y0 + 1


def from_sa1b(segmentation: Mapping[str, object]) -> Rle:
    """The `segmentation` of an SA-1B annotation, checked against its own size. Raises InvalidMask."""
    size = segmentation.get("size")
    if not (isinstance(size, list) and len(size) == 2 and all(type(side) is int and side > 0 for side in size)):
        raise InvalidMask("The segmentation's size must be two whole numbers, [height, width].")
    height, width = cast(list[int], size)
    return validate(segmentation, height, width)


def sample(rle: Rle, width: int, height: int) -> NDArray[np.bool_]:
    """The mask at `height`×`width` pixels, nearest neighbour, straight from the runs: its full size is never made."""
    full_height, full_width = rle["size"]
    columns = (np.arange(width) * 2 + 1) * full_width // (2 * width)
    rows = (np.arange(height) * 2 + 1) * full_height // (2 * height)
    places = columns[None, :] * full_height + rows[:, None]
    ends = np.cumsum(runs(rle["counts"]))
    return np.searchsorted(ends, places, side="right") % 2 == 1
