"""A large file from elsewhere, resumable: what came stays when the connection breaks, and the next call goes on there.

Called only for what a person asked to be fetched.
"""

import fcntl
import hashlib
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol
from urllib.parse import urlsplit

import httpx

from engine.errors import Conflict, DownloadFailed, Unreachable

PAUSES = (1.0, 2.0, 4.0)
"""Seconds to wait, one after the other, for a connection that broke to come back; begun anew when something came."""

_THIS_MACHINE = ("127.0.0.1", "localhost", "::1")
_TIMEOUT = httpx.Timeout(30.0)


class Progress(Protocol):
    """Is told how far a download is, in bytes."""

    def begin(self, url: str, done: int, total: int | None) -> None:
        """Before the first byte, and again when a connection is taken up; `total` None if the server does not say."""
        ...

    def advance(self, count: int) -> None: ...


def download(url: str, target: Path, sha256_prefix: str, progress: Progress) -> None:
    """Fetch `url` as `target`, which appears once it is whole and its SHA-256 begins with `sha256_prefix`.

    Until then it is `target` with `.partial` behind its name. Where that is there already, only the rest is fetched
    (HTTP Range), or all of it if the server ignores the wish. Addresses must be https, after every redirect too;
    http is let through for this machine only. `target` is checked and kept if it exists.

    Raises DownloadFailed when the server cannot be reached, refuses, breaks off for good or sends other content, and
    Conflict when another process is fetching the same file.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f"{target.name}.partial")
    with _locked(partial) as file:
        if target.is_file():
            partial.unlink()
            _verify(target, url, sha256_prefix)
            return
        try:
            _receive_all(url, file, progress)
        finally:
            file.flush()
            if file.tell() == 0:
                partial.unlink()
        _verify(partial, url, sha256_prefix)
        partial.replace(target)


@contextmanager
def _locked(partial: Path) -> Iterator[BinaryIO]:
    """The partial file, open for appending and held by this process alone."""
    with partial.open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Conflict(f"Another process is fetching {partial.stem} at this moment.") from None
        yield file


def _receive_all(url: str, file: BinaryIO, progress: Progress) -> None:
    """Appends to `file` until it is whole, taking a broken connection up again."""
    pauses = iter(PAUSES)
    came_before = False
    with httpx.Client(
        follow_redirects=True, timeout=_TIMEOUT, event_hooks={"request": [_require_safe_address]}
    ) as client:
        while True:
            size = file.tell()
            try:
                return _receive(client, url, file, progress)
            except httpx.InvalidURL as error:
                raise DownloadFailed(f"{url} is not an address: {error}.") from error
            except httpx.HTTPError as error:
                came = file.tell() > size
                pauses = iter(PAUSES) if came else pauses
                came_before = came_before or came
                pause = next(pauses, None) if came_before else None
                if pause is None:
                    raise _broken(url, file, error) from error
                time.sleep(pause)


def _receive(client: httpx.Client, url: str, file: BinaryIO, progress: Progress) -> None:
    """One connection. Returns when the file is whole; raises httpx.HTTPError when it is not."""
    size = file.tell()
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={size}-"} if size else {})
    with client.stream("GET", url, headers=headers) as response:
        if response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE and size:
            # All is here; if it is too much, the hash will say so.
            return
        if response.status_code == httpx.codes.OK:
            # The server sends everything, whatever was asked for.
            size = 0
            file.seek(0)
            file.truncate()
        elif not _continues(response, size):
            raise DownloadFailed(
                f"{response.url} answered {response.status_code} {response.reason_phrase}, so nothing was fetched."
            )
        length = response.headers.get("Content-Length", "")
        total = size + int(length) if length.isdecimal() else None
        if total is not None:
            _require_space(Path(file.name), total - size)
        progress.begin(url, size, total)
        # As it comes: pieces of a size of our own would lose their last one when the connection breaks.
        for chunk in response.iter_raw():
            file.write(chunk)
            progress.advance(len(chunk))
        if file.tell() == 0:
            raise DownloadFailed(f"{response.url} is an empty file.")


def _continues(response: httpx.Response, size: int) -> bool:
    """Whether the answer is the part of the file from `size` on."""
    part = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
    return response.status_code == httpx.codes.PARTIAL_CONTENT and part is not None and int(part[1]) == size


def _require_safe_address(request: httpx.Request) -> None:
    parts = urlsplit(str(request.url))
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _THIS_MACHINE):
        raise DownloadFailed(f"{request.url} is not an https address, so nothing was fetched from it.")


def _require_space(file: Path, wanted: int) -> None:
    free = shutil.disk_usage(file.parent).free
    if wanted > free:
        raise DownloadFailed(f"{megabytes(wanted)} are to come, but {file.parent} has room for {megabytes(free)} only.")


def _verify(file: Path, url: str, sha256_prefix: str) -> None:
    """Deletes a file with another hash: no part of it can be trusted."""
    with file.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    if not digest.startswith(sha256_prefix):
        file.unlink()
        raise DownloadFailed(
            f"What came from {url} is not the published file: its SHA-256 begins with {digest[: len(sha256_prefix)]}, "
            f"not {sha256_prefix}. It was deleted; the same command fetches it anew."
        )


def _broken(url: str, file: BinaryIO, error: httpx.HTTPError) -> Unreachable:
    host = urlsplit(url).hostname or url
    reason = re.sub(r"^\[[^]]*\] ", "", str(error)) or type(error).__name__
    if file.tell() == 0:
        return Unreachable(f"{host} cannot be reached: {reason}.")
    return Unreachable(
        f"The connection to {host} broke ({reason}). The {megabytes(file.tell())} that came are kept in {file.name}; "
        "the same command goes on from there."
    )


def megabytes(count: int) -> str:
    """Bytes for people."""
    return f"{count / 1e6:,.1f} MB" if count < 1e8 else f"{count / 1e6:,.0f} MB"
