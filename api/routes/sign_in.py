from http import HTTPStatus

from fastapi import APIRouter, Response

from api.deps import SESSION_COOKIE, SessionToken, SignedIn, Work
from api.schemas import Me, SignIn
from engine.flow import sign_in as flow
from engine.settings import get_settings

router = APIRouter(tags=["sign-in"])


@router.post("/sign-in")
def sign_in(body: SignIn, response: Response, uow: Work) -> Me:
    """Trade the one-time token of a sign-in link for a session cookie."""
    token, user = flow.sign_in(uow, body.token)
    response.set_cookie(
        SESSION_COOKIE,
        token,
        max_age=int(flow.SESSION_LIFETIME.total_seconds()),
        httponly=True,
        samesite="strict",
        secure=get_settings().base_url.startswith("https://"),
    )
    return Me.model_validate(user)


@router.post("/sign-out", status_code=HTTPStatus.NO_CONTENT)
def sign_out(token: SessionToken, response: Response, uow: Work) -> None:
    flow.sign_out(uow, token)
    response.delete_cookie(SESSION_COOKIE, httponly=True, samesite="strict")


@router.get("/me")
def me(user: SignedIn) -> Me:
    return Me.model_validate(user)
