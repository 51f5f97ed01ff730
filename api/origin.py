"""Refuses state-changing requests that a browser sends on behalf of another site."""

from http import HTTPStatus
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from api.errors import problem

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class SameOrigin:
    """Checks `Sec-Fetch-Site` and `Origin` of every request that changes something.

    Programs send neither header and pass: they carry no cookie that another site could misuse.
    """

    def __init__(self, app: ASGIApp, base_url: str) -> None:
        self.app = app
        self.base_url = base_url

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] not in SAFE_METHODS and not self.trusts(Headers(scope=scope)):
            detail = f"This request came from another site and was refused. Open {self.base_url} and try again there."
            response = problem("cross-site", HTTPStatus.FORBIDDEN, detail)
            await response(scope, receive, send)
            return
        await self.app(scope, receive, send)

    def trusts(self, headers: Headers) -> bool:
        if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return False
        origin = headers.get("origin")
        # Behind a proxy the Host header may be an inner one; then the public address decides.
        return origin is None or origin == self.base_url or urlsplit(origin).netloc == headers.get("host")
