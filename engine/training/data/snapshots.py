"""Our own snapshots (engine/dataset/snapshot.py), read by line."""

import hashlib
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.dataset.snapshot import (
    HEADER_FILE,
    IMAGES_FILE,
    SnapshotImage,
    SnapshotMask,
    Split,
    parse_header,
    parse_line,
)
from engine.errors import InvalidInput
from engine.training.data import sa1b_records
from engine.training.data.dataset import MaskedImage, Sources, check_sizes, read_pixels
from engine.training.data.index_file import keep

_LINE = [("offset", "i8"), ("length", "i8"), ("number", "i8")]


class Snapshot:
    """The images of one split that have masks of the wanted stages. Only the places of lines are held."""

    def __init__(self, folder: Path, *, split: Split = "train", stages: tuple[str, ...] | None = None) -> None:
        """`stages` None is all of them.

        Raises InvalidInput where a line is not of the format, naming it, or no image is left.
        """
        header = parse_header((folder / HEADER_FILE).read_bytes(), str(folder / HEADER_FILE))
        self.name = header["name"]
        self.sources = Sources((self.name,))
        self._folder, self._stages = folder, stages
        self._lines = folder / IMAGES_FILE
        if not self._lines.is_file():
            raise InvalidInput(f"{folder} has no {IMAGES_FILE}.")
        kind = "-".join(["snapshot", split, *(stages or ())])
        found = keep(folder, kind, ("lines",), [self._lines], lambda: self._find(split, header["images"]))
        self._index = found["lines"]
        if not len(self):
            wanted = "" if stages is None else f" with masks of {', '.join(stages)}"
            raise InvalidInput(f"{folder} holds no {split} images{wanted}.")

    def __len__(self) -> int:
        return len(self._index.rows)

    def read(self, index: int) -> MaskedImage:
        """The image's bytes are checked against their hash, so that damage does not go unnoticed."""
        row = self._index.rows[index]
        with self._lines.open("rb") as file:
            file.seek(int(row["offset"]))
            line = file.read(int(row["length"]))
        where = f"{self._lines}, line {int(row['number'])}"
        record = parse_line(line, where)
        path = self._folder / record["file"]
        try:
            content = path.read_bytes()
        except OSError as error:
            raise InvalidInput(f"{where}: {error}.") from error
        if hashlib.sha256(content).hexdigest() != record["sha256"]:
            raise InvalidInput(f"{where}: {path} is not the file that was frozen; its sha256 differs.")
        masks = sa1b_records.masks(self._wanted(record), where)
        image = read_pixels(content, str(path))
        check_sizes(image, masks, where)
        return MaskedImage(f"{self.name}/{record['id']}", self.name, image, masks)

    def _wanted(self, record: SnapshotImage) -> list[SnapshotMask]:
        return [mask for mask in record["masks"] if self._stages is None or mask["stage"] in self._stages]

    def _find(self, split: Split, images: int) -> dict[str, NDArray[Any]]:
        places = array("q")
        count = 0
        for number, offset, line in _numbered(self._lines):
            record = parse_line(line, f"{self._lines}, line {number}")
            count += 1
            if record["split"] == split and self._wanted(record):
                places.extend((offset, len(line), number))
        if count != images:
            raise InvalidInput(f"{self._lines} holds {count} images, {HEADER_FILE} says {images}: it is not complete.")
        rows = np.empty(len(places) // 3, _LINE)
        for position, (key, _) in enumerate(_LINE):
            rows[key] = np.asarray(places, np.int64)[position::3]
        return {"lines": rows}


def _numbered(path: Path) -> Iterator[tuple[int, int, bytes]]:
    """Number (from 1), first byte and content of each line that is not empty."""
    offset = 0
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                yield number, offset, line
            offset += len(line)
