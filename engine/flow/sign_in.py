"""Sign-in by one-time link. Tokens are 256 random bits; only their hashes are stored."""

import hashlib
import secrets
from datetime import timedelta

from sqlalchemy import delete, select, update

from engine.errors import NotSignedIn, SignInLinkInvalid
from engine.store.tables import Event, Role, SignInLink, SignInSession, User, utc_now
from engine.store.unit_of_work import UnitOfWork

LINK_LIFETIME = timedelta(hours=24)
SESSION_LIFETIME = timedelta(days=30)


def create_owner_if_none(uow: UnitOfWork) -> User:
    """The deployment's first owner, made on first start."""
    owner = uow.session.scalars(select(User).where(User.role == Role.OWNER).order_by(User.created_at).limit(1)).first()
    if owner is None:
        owner = User(name="Owner", role=Role.OWNER)
        uow.session.add(owner)
        uow.session.flush()
    return owner


def create_link(uow: UnitOfWork, user: User) -> str:
    """A token that signs `user` in once, within a day. It is stored as a hash: this is the only time it is seen."""
    uow.session.execute(delete(SignInLink).where(SignInLink.expires_at < utc_now()))
    token = secrets.token_urlsafe(32)
    uow.session.add(SignInLink(token_sha256=hash_token(token), user_id=user.id, expires_at=utc_now() + LINK_LIFETIME))
    uow.session.flush()
    return token


def sign_in(uow: UnitOfWork, token: str) -> tuple[str, User]:
    """Trade a link's token for a session token, once.

    Raises SignInLinkInvalid when the token is unknown, used, or too old.
    """
    now = utc_now()
    # One statement takes the link, so that two requests with the same token cannot both get a session.
    taken = uow.session.execute(
        update(SignInLink)
        .where(SignInLink.token_sha256 == hash_token(token), SignInLink.used_at.is_(None), SignInLink.expires_at > now)
        .values(used_at=now)
        .returning(SignInLink.user_id)
    ).scalar_one_or_none()
    if taken is None:
        raise SignInLinkInvalid(
            "This sign-in link is unknown, was used already, or is too old. On the machine that runs maskloop, "
            "`maskloop link` prints a new one."
        )
    user = uow.session.get_one(User, taken)
    return create_session(uow, user), user


def create_session(uow: UnitOfWork, user: User) -> str:
    """A session token for `user`, good for thirty days."""
    now = utc_now()
    uow.session.execute(delete(SignInSession).where(SignInSession.expires_at < now))
    token = secrets.token_urlsafe(32)
    uow.session.add(
        SignInSession(
            token_sha256=hash_token(token), user_id=user.id, created_at=now, expires_at=now + SESSION_LIFETIME
        )
    )
    uow.session.add(Event(user_id=user.id, kind="user.signed_in", subject={"user_id": str(user.id)}))
    uow.session.flush()
    return token


def authenticate(uow: UnitOfWork, session_token: str) -> User:
    """The user a session token belongs to. Raises NotSignedIn when there is no such session or it has ended."""
    user = uow.session.scalars(
        select(User)
        .join(SignInSession, SignInSession.user_id == User.id)
        .where(SignInSession.token_sha256 == hash_token(session_token), SignInSession.expires_at > utc_now())
    ).one_or_none()
    if user is None:
        raise NotSignedIn("You are not signed in, or the session has ended. Open a new sign-in link.")
    return user


def sign_out(uow: UnitOfWork, session_token: str) -> None:
    """End a session; harmless when there is none."""
    uow.session.execute(delete(SignInSession).where(SignInSession.token_sha256 == hash_token(session_token)))


def hash_token(token: str) -> str:
    """What is stored of a token: its SHA-256, which also names the browser that is signed in by it."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
