"""Walks through the arrays of a JSON file of any size, one element at a time, with each element's place in the file.

Streaming JSON libraries give values but not where they stand; with their places, an index of offsets is enough to come
back to any of them. The file is decoded as Latin-1, a character per byte, so that positions in text are positions in
the file; JSON's structure is ASCII, and whoever comes back decodes the slice properly.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from engine.errors import InvalidInput

CHUNK = 1 << 20
LONGEST = 1 << 27
"""Bytes of one element; more is a broken file, for instance a string that is never closed."""


@dataclass(frozen=True)
class Element:
    """Element `number` (from 0) of the top-level array `key`: its value, first byte and length."""

    key: str
    number: int
    value: Any
    offset: int
    length: int


def elements(path: Path) -> Iterator[Element]:
    """The elements of all top-level arrays of the object in a file, in their order; text in values is not decoded.

    Raises InvalidInput, with the place, where the file is not a JSON object.
    """
    with path.open("rb") as file:
        text = _Text(file, path)
        text.expect("{")
        while text.peek() != "}":
            key, _, _ = text.value()
            text.expect(":")
            if text.peek() == "[":
                text.expect("[")
                number = 0
                while text.peek() != "]":
                    value, offset, length = text.value()
                    yield Element(str(key), number, value, offset, length)
                    number += 1
                    if text.peek() != "]":
                        text.expect(",")
                text.expect("]")
            else:
                text.value()
            if text.peek() != "}":
                text.expect(",")


def read_element(file: BinaryIO, offset: int, length: int) -> Any:
    """The element at a place that `elements` gave."""
    file.seek(offset)
    return json.loads(file.read(length))


class _Text:
    """A window on the file: `buffer` holds it from byte `base` on, read up to `at`."""

    def __init__(self, file: BinaryIO, path: Path) -> None:
        self._file, self._path = file, path
        self._buffer, self._base, self._at = "", 0, 0
        self._ended = False
        self._decoder = json.JSONDecoder()
        if file.read(3) != b"\xef\xbb\xbf":  # a byte order mark, as some editors write
            file.seek(0)
        self._base = file.tell()

    def peek(self) -> str:
        """The next character that is no white space."""
        while True:
            while self._at < len(self._buffer) and self._buffer[self._at] in " \t\r\n":
                self._at += 1
            if self._at < len(self._buffer):
                return self._buffer[self._at]
            if not self._more(CHUNK):
                raise self._broken("the file ends too early")

    def expect(self, character: str) -> None:
        """Move past a character of the structure."""
        found = self.peek()
        if found != character:
            raise self._broken(f"expected {character} but found {found}")
        self._at += 1

    def value(self) -> tuple[Any, int, int]:
        """Any value: itself, its first byte and its length."""
        self.peek()
        wanted = CHUNK
        while True:
            try:
                value, end = self._decoder.raw_decode(self._buffer, self._at)
            except ValueError as error:
                # Broken, or not read to its end yet.
                if wanted > LONGEST or not self._more(wanted):
                    raise self._broken(str(error).split(":")[0]) from error
                wanted *= 2
                continue
            # A number may go on beyond what has been read, after a sign or a point that does not belong to it yet.
            if end + 4 > len(self._buffer) and self._more(CHUNK):
                continue
            place = self._base + self._at, end - self._at
            self._at = end
            return value, *place

    def _more(self, count: int) -> bool:
        read = self._file.read(count)
        if not read:
            return False
        self._base += self._at
        self._buffer = self._buffer[self._at :] + read.decode("latin-1")
        self._at = 0
        return True

    def _broken(self, reason: str) -> InvalidInput:
        return InvalidInput(
            f"{self._path} is not a JSON object that can be read: {reason}, byte {self._base + self._at}."
        )
