"""What routes depend on: a unit of work, the person signed in, the version a write started from."""

import re
import uuid
from collections.abc import Iterator
from typing import Annotated

from fastapi import Depends, Header, Path, Request

from api.errors import PreconditionRequired
from api.schemas import MAX_INT
from engine.errors import InvalidInput, NotSignedIn
from engine.flow.sign_in import authenticate, hash_token
from engine.store.tables import User
from engine.store.unit_of_work import UnitOfWork, unit_of_work

SESSION_COOKIE = "maskloop_session"
# A page names the person it was opened by: its cookie is the browser's, and changes when somebody else signs in there.
ACTING_USER = "x-maskloop-user"
_READING = frozenset({"GET", "HEAD", "OPTIONS"})


def open_unit_of_work() -> Iterator[UnitOfWork]:
    with unit_of_work() as uow:
        yield uow


def open_read_only() -> Iterator[UnitOfWork]:
    with unit_of_work(read_only=True) as uow:
        yield uow


# "function": the commit happens before the response is sent, so a commit that fails reaches the client.
Work = Annotated[UnitOfWork, Depends(open_unit_of_work, scope="function")]
ReadWork = Annotated[UnitOfWork, Depends(open_read_only, scope="function")]


def session_token(request: Request) -> str:
    """The token of `Authorization: Bearer`, else of the cookie. Raises NotSignedIn without either."""
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    token = bearer.strip() if scheme.lower() == "bearer" else request.cookies.get(SESSION_COOKIE)
    if not token:
        raise NotSignedIn("You are not signed in. Open a sign-in link; `maskloop link` prints a new one.")
    return token


SessionToken = Annotated[str, Depends(session_token)]


def signed_in_user(request: Request, token: SessionToken) -> User:
    """Raises NotSignedIn, also for a change that somebody else's page asks for."""
    # A transaction of its own, over before the route's begins: between the two the request may wait for a thread,
    # and must not hold a connection or SQLite's write lock meanwhile.
    with unit_of_work(read_only=True) as uow:
        user = authenticate(uow, token)
    meant = request.headers.get(ACTING_USER)
    if meant and meant != str(user.id) and request.method not in _READING:
        raise NotSignedIn(
            f"{user.name} has signed in in this browser meanwhile, so nothing was changed in your name. "
            f"Sign in again, or reload the page to go on as {user.name}."
        )
    return user


SignedIn = Annotated[User, Depends(signed_in_user)]

ImageId = Annotated[uuid.UUID, Path()]
ProjectId = Annotated[uuid.UUID, Path()]

IfMatch = Annotated[str | None, Header(alias="If-Match", description='The version an update started from, e.g. `"3"`')]
IfNoneMatch = Annotated[str | None, Header(alias="If-None-Match", description="`*` to create")]


def base_version(if_match: IfMatch = None, if_none_match: IfNoneMatch = None) -> int | None:
    """The version a PUT started from; None for a creation.

    Raises PreconditionRequired without either header, InvalidInput for one that cannot be read.
    """
    if if_match is not None:
        return parse_version(if_match)
    if if_none_match is None:
        raise PreconditionRequired(
            "Say what this write starts from: `If-None-Match: *` to create the mask, "
            'or `If-Match: "N"` to replace version N.'
        )
    if if_none_match.strip() != "*":
        raise InvalidInput("`If-None-Match` can only be `*` here, which creates the mask.")
    return None


def stored_version(if_match: IfMatch = None) -> int:
    """The version a change to an existing mask started from."""
    if if_match is None:
        raise PreconditionRequired('Say which version this change starts from with `If-Match: "N"`.')
    return parse_version(if_match)


def parse_version(if_match: str) -> int:
    # A proxy that compresses may have weakened the ETag it passed on.
    found = re.fullmatch(r'(?:W/)?"(\d{1,10})"', if_match.strip(), re.ASCII)
    if not found or not 1 <= int(found[1]) <= MAX_INT:
        raise InvalidInput('`If-Match` must be one version in quotes, as in the ETag of the mask: `"3"`.')
    return int(found[1])


BaseVersion = Annotated[int | None, Depends(base_version)]
StoredVersion = Annotated[int, Depends(stored_version)]


def browser_of(token: SessionToken) -> str:
    """Names the sign-in that a request comes from, as the queue stores it."""
    return hash_token(token)


Browser = Annotated[str, Depends(browser_of)]
