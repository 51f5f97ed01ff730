"""Files that exports make: in a folder or as a zip, each whole or not there at all."""

import os
from collections.abc import Iterable
from pathlib import Path

from engine.errors import InvalidInput
from engine.flow.export import stream_zip


def write_files(target: Path, files: Iterable[tuple[str, bytes]]) -> None:
    """(name, content) into a folder, or into a zip where `target` ends in .zip. Raises InvalidInput."""
    try:
        if target.suffix.lower() == ".zip":
            target.parent.mkdir(parents=True, exist_ok=True)
            _write_whole(target, stream_zip(files))
            return
        target.mkdir(parents=True, exist_ok=True)
        for name, content in files:
            _write_whole(target / name, [content])
    except OSError as error:
        raise InvalidInput(f"{error.filename or target} cannot be written: {error.strerror}.") from error


def _write_whole(path: Path, chunks: Iterable[bytes]) -> None:
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("wb") as file:
            file.writelines(chunks)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
