"""Answers with stored bytes that never change under their key: cached for ever, revalidated by ETag, in ranges."""

import re
from collections.abc import Iterator
from http import HTTPStatus
from os import SEEK_END
from typing import Any, BinaryIO
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import Response, StreamingResponse
from starlette.exceptions import HTTPException

from engine.store.blobs import get_blobs

IMMUTABLE = "private, max-age=31536000, immutable"
BINARY_SCHEMA: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}


def binary(*media_types: str) -> dict[int | str, dict[str, Any]]:
    """Documents a route that answers with bytes of one of `media_types`."""
    return {200: {"content": dict.fromkeys(media_types, BINARY_SCHEMA)}, 304: {"description": "Unchanged"}}


CHUNK_BYTES = 2**20


def blob_response(request: Request, key: str, media_type: str, download_name: str | None = None) -> Response:
    """The blob `key`: 304 when the client has it, 206 for one byte range, 200 with everything otherwise."""
    headers = immutable_headers(key)
    if download_name is not None:
        headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(download_name, safe='')}"
    if client_has(request, headers["ETag"]):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    file = get_blobs().open(key)
    size = file.seek(0, SEEK_END)
    start, end = byte_range(request, headers["ETag"], size)
    headers |= {"Accept-Ranges": "bytes", "Content-Length": str(end - start)}
    status = HTTPStatus.OK
    if (start, end) != (0, size):
        status = HTTPStatus.PARTIAL_CONTENT
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    return StreamingResponse(read_chunks(file, start, end), status, headers, media_type)


def immutable_response(request: Request, key: str, data: bytes, media_type: str) -> Response:
    """Bytes that never change under `key`: 304 when the client has them."""
    headers = immutable_headers(key)
    if client_has(request, headers["ETag"]):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(data, headers=headers, media_type=media_type)


def immutable_headers(key: str) -> dict[str, str]:
    return {"ETag": f'"{key}"', "Cache-Control": IMMUTABLE}


def client_has(request: Request, etag: str) -> bool:
    known = request.headers.get("if-none-match", "")
    return known.strip() == "*" or etag in (tag.strip().removeprefix("W/") for tag in known.split(","))


def byte_range(request: Request, etag: str, size: int) -> tuple[int, int]:
    """First byte and one past the last. Anything but one plain range means all of it, as RFC 9110 allows."""
    wanted = re.fullmatch(r"bytes=(\d{0,18})-(\d{0,18})", request.headers.get("range", ""), re.ASCII)
    if not wanted or wanted[0] == "bytes=-" or request.headers.get("if-range", etag) != etag:
        return 0, size
    first, last = wanted.groups()
    start = int(first) if first else max(size - int(last), 0)
    end = min(int(last) + 1, size) if first and last else size
    if start >= end:
        raise HTTPException(
            HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
            f"The range lies outside the {size:,} bytes there are.",
            {"Content-Range": f"bytes */{size}"},
        )
    return start, end


def read_chunks(file: BinaryIO, start: int, end: int) -> Iterator[bytes]:
    with file:
        file.seek(start)
        while start < end and (chunk := file.read(min(CHUNK_BYTES, end - start))):
            start += len(chunk)
            yield chunk
