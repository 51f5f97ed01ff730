"""Bytes by the hash of their content, in a folder or an S3-compatible store."""

import hashlib
import os
import uuid
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO, cast

import fsspec
from fsspec.implementations.local import LocalFileSystem

from engine.errors import NotFound
from engine.settings import get_settings

_CHUNK = 1 << 20


class Blobs:
    """A blob store below an fsspec URL. A key is the content's SHA-256 in hex, so a put is harmless when repeated."""

    def __init__(self, url: str) -> None:
        self._files, root = fsspec.core.url_to_fs(url)
        self._root = root.rstrip("/")
        self._local = isinstance(self._files, LocalFileSystem)

    def put(self, data: bytes) -> str:
        """Store bytes and return their key."""
        key = hashlib.sha256(data).hexdigest()
        path = self._path(key)
        if self._files.exists(path):
            return key
        if not self._local:
            # Object stores show an object only once it is whole.
            self._files.pipe_file(path, data)
            return key
        target = Path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        # Written beside its place and renamed: whoever finds the key finds all of it, even after a crash.
        partial = target.with_name(f".{key}.{uuid.uuid4().hex}")
        try:
            with partial.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)
        return key

    def get(self, key: str) -> bytes:
        """Raises NotFound."""
        with self.open(key) as file:
            return file.read()

    def open(self, key: str) -> BinaryIO:
        """The blob as a readable, seekable file. Raises NotFound."""
        try:
            return cast(BinaryIO, self._files.open(self._path(key), "rb"))
        except FileNotFoundError as error:
            raise NotFound("stored file", key) from error

    def exists(self, key: str) -> bool:
        return self._files.exists(self._path(key))

    def delete(self, key: str) -> None:
        """Remove a blob that no row refers to any more; harmless when it is gone."""
        try:
            self._files.rm_file(self._path(key))
        except FileNotFoundError:
            return

    def local_path(self, key: str) -> Path | None:
        """Where the blob lies on this machine, for serving it without a copy; None for a remote store."""
        return Path(self._path(key)) if self._local else None

    def fetch(self, key: str, folder: Path, suffix: str = "") -> Path:
        """A local file with the blob's content: the blob itself, or a copy below `folder`. Raises NotFound."""
        local = self.local_path(key)
        if local is not None and not suffix:
            return local
        target = folder / f"{key}{suffix}"
        if not target.exists():
            folder.mkdir(parents=True, exist_ok=True)
            partial = folder / f".{key}.{uuid.uuid4().hex}"
            try:
                with self.open(key) as source, partial.open("wb") as file:
                    while chunk := source.read(_CHUNK):
                        file.write(chunk)
                partial.replace(target)
            finally:
                partial.unlink(missing_ok=True)
        return target

    def _path(self, key: str) -> str:
        # Two levels keep folders small enough for every file system.
        return f"{self._root}/{key[:2]}/{key}"


def get_blobs() -> Blobs:
    """The deployment's blob store."""
    return _blobs(get_settings().resolved_blobs_url)


@lru_cache
def _blobs(url: str) -> Blobs:
    return Blobs(url)
