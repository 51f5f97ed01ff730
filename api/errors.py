"""The one table from engine errors to HTTP, and problem+json (RFC 9457) for every answer that is not a success."""

import logging
import re
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from api.headers import SECURITY_HEADERS
from api.schemas import FieldProblem, Mask, Problem
from engine.errors import (
    Conflict,
    ImageTooLarge,
    InvalidImage,
    InvalidInput,
    InvalidSetting,
    MaskloopError,
    NotAllowed,
    NotFound,
    NotSignedIn,
    VersionConflict,
)

log = logging.getLogger(__name__)

STATUS: dict[type[MaskloopError], HTTPStatus] = {
    ImageTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    InvalidImage: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    InvalidInput: HTTPStatus.UNPROCESSABLE_ENTITY,
    NotFound: HTTPStatus.NOT_FOUND,
    VersionConflict: HTTPStatus.CONFLICT,
    Conflict: HTTPStatus.CONFLICT,
    NotSignedIn: HTTPStatus.UNAUTHORIZED,
    NotAllowed: HTTPStatus.FORBIDDEN,
    InvalidSetting: HTTPStatus.UNPROCESSABLE_ENTITY,
    MaskloopError: HTTPStatus.BAD_REQUEST,
}
"""An error takes the status of its nearest ancestor in this table."""

PROBLEM_RESPONSES: dict[int | str, dict[str, Any]] = {
    "default": {
        "description": "What went wrong, in a sentence",
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
}
"""Documents problem+json for every route that does not succeed."""


NOT_JSON = "The body must be a JSON object, sent with `Content-Type: application/json`"


class BodyTooLarge(HTTPException):
    """The request body is longer than this route accepts, in bytes."""

    def __init__(self, limit: int, got: int) -> None:
        self.limit, self.got = limit, got
        super().__init__(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            f"The request is longer than {limit:,} bytes, the most this address accepts. Send less at once.",
            # The rest of the body is not read, so nothing else can follow on this connection.
            {"Connection": "close"},
        )


class PreconditionRequired(HTTPException):
    """A write that does not say which version it started from."""

    def __init__(self, detail: str) -> None:
        super().__init__(HTTPStatus.PRECONDITION_REQUIRED, detail)


class StaleMask(VersionConflict):
    """A version conflict of a mask that carries the mask which is stored."""

    def __init__(self, conflict: VersionConflict, mask: Mask) -> None:
        super().__init__(conflict.what, conflict.expected, conflict.stored)
        self.mask = mask


def problem(kind: str, status: int, detail: str, headers: dict[str, str] | None = None, **more: Any) -> JSONResponse:
    """A problem+json response. `kind` names the problem in a stable way, for programs."""
    body = Problem(
        type=f"urn:maskloop:problem:{kind}", title=HTTPStatus(status).phrase, status=status, detail=detail, **more
    )
    return JSONResponse(
        body.model_dump(mode="json", include=body.model_fields_set),
        status_code=status,
        headers=headers,
        media_type="application/problem+json",
    )


def kebab(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()


def add_error_handlers(app: FastAPI) -> None:
    app.add_exception_handler(MaskloopError, engine_error)
    app.add_exception_handler(RequestValidationError, validation_error)
    app.add_exception_handler(HTTPException, http_error)
    app.add_exception_handler(Exception, unexpected_error)


def engine_error(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, MaskloopError)
    status = next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)
    more: dict[str, Any] = {}
    if isinstance(error, ImageTooLarge):
        more = {"limit": error.limit, "got": error.got, "unit": error.unit}
    if isinstance(error, StaleMask):
        more = {"stored": error.mask}
    headers = {"WWW-Authenticate": "Bearer"} if status == HTTPStatus.UNAUTHORIZED else None
    return problem(kebab(type(error).__name__), status, str(error), headers, **more)


def validation_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    if request.method != "PUT" and all(entry["loc"][:1] == ("path",) for entry in error.errors()):
        # What is no id at all names nothing, as an unknown one does. For PUT, clients make ids.
        return problem("http", HTTPStatus.NOT_FOUND, f"There is nothing at {request.url.path}.")
    errors = [
        FieldProblem(
            field=".".join(str(part) for part in entry["loc"]),
            message=NOT_JSON if tuple(entry["loc"]) == ("body",) else str(entry["msg"]),
        )
        for entry in error.errors()
    ]
    first = errors[0]
    rest = f" ({len(errors) - 1} more in `errors`)" if len(errors) > 1 else ""
    detail = f"{first.field}: {first.message}{rest}."
    return problem("invalid-request", HTTPStatus.UNPROCESSABLE_ENTITY, detail, errors=errors)


def http_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    detail, more = error.detail, {}
    if error.status_code == HTTPStatus.NOT_FOUND and detail == HTTPStatus.NOT_FOUND.phrase:
        detail = f"There is nothing at {request.url.path}."
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        detail = f"{request.method} is not possible at {request.url.path}."
    if isinstance(error, BodyTooLarge):
        more = {"limit": error.limit, "got": error.got, "unit": "bytes"}
    kind = kebab(type(error).__name__) if type(error).__module__ == __name__ else "http"
    return problem(kind, error.status_code, detail, dict(error.headers or {}), **more)


def unexpected_error(request: Request, error: Exception) -> JSONResponse:
    log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    detail = "Something went wrong on the server; the details are in its log. Trying again may help."
    # Answered outside every middleware, so the headers are set here.
    return problem("internal", HTTPStatus.INTERNAL_SERVER_ERROR, detail, SECURITY_HEADERS)
