"""Stops a request body that is too long before it is read in full."""

import re

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import BodyTooLarge, http_error

JSON_BYTES = 16 * 2**20
FORM_OVERHEAD_BYTES = 64 * 2**10
"""What multipart boundaries and part headers may add to a file."""

UPLOAD_PATH = re.compile(r"/api/v1/projects/[^/]+/images")


class BodyLimit:
    """Refuses bodies longer than `upload_bytes` (uploads) or `JSON_BYTES` (everything else) with 413.

    A declared length is refused at once; an undeclared one as soon as too much has arrived.
    """

    def __init__(self, app: ASGIApp, upload_bytes: int) -> None:
        self.app = app
        self.upload_bytes = upload_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        is_upload = scope["method"] == "POST" and UPLOAD_PATH.fullmatch(scope["path"])
        limit = self.upload_bytes + FORM_OVERHEAD_BYTES if is_upload else JSON_BYTES
        declared = Headers(scope=scope).get("content-length", "")
        if declared.isdecimal() and int(declared) > limit:
            response = http_error(Request(scope), BodyTooLarge(limit, int(declared)))
            await response(scope, receive, send)
            return

        received = 0

        async def receive_up_to_limit() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                raise BodyTooLarge(limit, received)
            return message

        await self.app(scope, receive_up_to_limit, send)
