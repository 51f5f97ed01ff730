"""Serves the built page: hashed assets for ever, everything else checked on each visit, unknown paths as the page."""

from http import HTTPStatus
from pathlib import Path, PurePosixPath

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

BUILT_PAGE = Path(__file__).parents[1] / "web" / "dist"
IMMUTABLE = "public, max-age=31536000, immutable"


class SinglePage(StaticFiles):
    """The files below `folder`; a path without a file is a page of the application and gets `index.html`."""

    def __init__(self, folder: Path = BUILT_PAGE) -> None:
        super().__init__(directory=folder, check_dir=False)
        self.folder = folder

    async def check_config(self) -> None:
        """The page may be built after the server has started."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        if scope["path"] == "/api" or scope["path"].startswith("/api/"):
            raise HTTPException(HTTPStatus.NOT_FOUND)
        try:
            response = await super().get_response(path, scope)
        except HTTPException as error:
            # A missing asset must stay a 404: answering with the page would break a script in a confusing way.
            if error.status_code != HTTPStatus.NOT_FOUND or PurePosixPath(path).suffix:
                raise
            response = await self.page(scope)
        immutable = scope["path"].startswith("/assets/") and response.status_code < HTTPStatus.BAD_REQUEST
        response.headers["Cache-Control"] = IMMUTABLE if immutable else "no-cache"
        return response

    async def page(self, scope: Scope) -> Response:
        if not (self.folder / "index.html").is_file():
            raise HTTPException(HTTPStatus.NOT_FOUND, "The page is not built yet. Run `make setup` and reload.")
        return await super().get_response("index.html", scope)
