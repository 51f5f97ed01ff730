"""Indices of data sets: numpy arrays of offsets, kept in a file beside the data so that they are built only once.

A kept index is memory-mapped: loading processes share its pages instead of each holding a copy.
"""

import hashlib
import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

FOLDER = ".maskloop"
"""Beside the data; may be deleted at any time, and is not written where the data cannot be."""


class Index:
    """Rows of offsets, in a file or in memory. Pickled as its file's path where there is one."""

    def __init__(self, rows: NDArray[Any], path: Path | None = None) -> None:
        self.rows = rows
        self.path = path

    @classmethod
    def opened(cls, path: Path) -> "Index":
        """The index that a file holds, mapped."""
        return cls(np.load(path, mmap_mode="r", allow_pickle=False), path)

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        return (Index, (self.rows,)) if self.path is None else (Index.opened, (self.path,))


def keep(
    folder: Path, kind: str, names: tuple[str, ...], files: Iterable[Path], build: Callable[[], dict[str, NDArray[Any]]]
) -> dict[str, Index]:
    """The indices called `names` that `build` makes of `files`, from below `folder` if they have been built before.

    They are built anew when a file's name, size or modification time has changed. Where `folder` cannot be written,
    they stay in memory.
    """
    digest = hashlib.sha256(kind.encode())
    for file in files:
        status = file.stat()
        digest.update(f"\0{file.name}\0{status.st_size}\0{status.st_mtime_ns}".encode())
    paths = {name: folder / FOLDER / f"{digest.hexdigest()[:16]}-{name}.npy" for name in names}
    with suppress(OSError, ValueError):  # not built yet, or cut off by a crash
        return {name: Index.opened(path) for name, path in paths.items()}
    built = build()
    if any(rows.size == 0 for rows in built.values()):
        return {name: Index(rows) for name, rows in built.items()}  # an empty file cannot be mapped
    try:
        for name, path in paths.items():
            _write(path, built[name])
        return {name: Index.opened(path) for name, path in paths.items()}
    except OSError:  # a read-only data set, or a full disk
        return {name: Index(rows) for name, rows in built.items()}


def _write(path: Path, rows: NDArray[Any]) -> None:
    """Whole files only, also when several processes build the same index."""
    path.parent.mkdir(exist_ok=True)
    partial = path.with_suffix(f".{os.getpid()}")
    with partial.open("wb") as file:
        np.save(file, rows, allow_pickle=False)
    partial.replace(path)
