"""The files of a snapshot: a frozen list of mask versions, with the images they are on. See docs/data.md.

    snapshot.json    one object: the format, its version, the snapshot's id and name, how much is in it
    images.jsonl     one line per image, with its masks and the place of its file in the folder

One line per image keeps memory flat: a reader holds the places of the lines and parses a line when it wants the image.
"""

import json
from collections.abc import Mapping
from typing import Any, Literal, NotRequired, TypedDict, cast

from engine.errors import InvalidInput
from engine.masks.rle import Rle

FORMAT = "maskloop snapshot"
VERSION = 1
HEADER_FILE = "snapshot.json"
IMAGES_FILE = "images.jsonl"

Split = Literal["train", "validation"]


class SnapshotHeader(TypedDict):
    """`snapshot.json`. `images` and `masks` count what is in `images.jsonl`."""

    format: str
    version: int
    id: str
    name: str
    images: int
    masks: int


class SnapshotMask(TypedDict):
    """A version of a mask. `id` and `version` name it in the store for good; `stage` is that of the data engine."""

    id: str
    version: int
    stage: str
    label: str | None
    segmentation: Rle
    bbox: list[int]
    area: int
    predicted_iou: NotRequired[float | None]
    stability_score: NotRequired[float | None]


class SnapshotImage(TypedDict):
    """A line of `images.jsonl`. `file` is relative to the snapshot's folder, `sha256` that of its bytes; `width` and
    `height` are those of the upright image. `split` stays the same from one snapshot to the next."""

    id: str
    file: str
    sha256: str
    width: int
    height: int
    split: Split
    tags: list[str]
    masks: list[SnapshotMask]


def to_line(image: SnapshotImage) -> bytes:
    """The line of an image, with its end."""
    return json.dumps(image, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def parse_line(line: bytes, where: str) -> SnapshotImage:
    """The image of a line. The masks' runs are not decoded. Raises InvalidInput, beginning with `where`."""
    record = _object(line, where)
    for key, kind in (("id", str), ("file", str), ("sha256", str), ("width", int), ("height", int), ("masks", list)):
        if not isinstance(record.get(key), kind):
            raise InvalidInput(f"{where}: {key} must be {_KINDS[kind]}, not {record.get(key)!r}.")
    if record.get("split") not in ("train", "validation"):
        raise InvalidInput(f"{where}: split must be train or validation, not {record.get('split')!r}.")
    for number, mask in enumerate(record["masks"], 1):
        if not isinstance(mask, Mapping) or not isinstance(mask.get("segmentation"), Mapping):
            raise InvalidInput(f"{where}: mask {number} has no segmentation.")
        if not isinstance(mask.get("stage"), str) or not isinstance(mask.get("id"), str):
            raise InvalidInput(f"{where}: mask {number} has no id or no stage.")
    return cast(SnapshotImage, record)


def parse_header(content: bytes, where: str) -> SnapshotHeader:
    """Raises InvalidInput, beginning with `where`, for another format or a newer version."""
    header = _object(content, where)
    if header.get("format") != FORMAT:
        raise InvalidInput(f"{where}: not the header of a snapshot; format must be {FORMAT!r}.")
    version = header.get("version")
    if version != VERSION:
        raise InvalidInput(f"{where}: version {version} of the format is not known here, only {VERSION}.")
    for key, kind in (("id", str), ("name", str), ("images", int), ("masks", int)):
        if not isinstance(header.get(key), kind):
            raise InvalidInput(f"{where}: {key} must be {_KINDS[kind]}, not {header.get(key)!r}.")
    return cast(SnapshotHeader, header)


_KINDS: dict[type, str] = {str: "text", int: "a whole number", list: "a list"}


def _object(content: bytes, where: str) -> dict[str, Any]:
    try:
        record = json.loads(content)
    except ValueError as error:
        raise InvalidInput(f"{where}: not JSON ({error}).") from error
    if not isinstance(record, dict):
        raise InvalidInput(f"{where}: not a JSON object.")
    return record
