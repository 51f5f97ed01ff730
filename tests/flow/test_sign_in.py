from datetime import timedelta

import pytest
from sqlalchemy import Engine, select, update

from engine.errors import NotSignedIn, SignInLinkInvalid
from engine.flow.sign_in import authenticate, create_link, create_owner_if_none, sign_in, sign_out
from engine.store.tables import Role, SignInLink, SignInSession, User, utc_now
from engine.store.unit_of_work import unit_of_work


def test_there_is_one_owner_however_often_it_is_asked_for(database: Engine) -> None:
    with unit_of_work() as uow:
        first = create_owner_if_none(uow)
    with unit_of_work() as uow:
        assert create_owner_if_none(uow).id == first.id
    assert first.role is Role.OWNER


def test_a_link_signs_in_and_the_session_says_who(owner: User) -> None:
    with unit_of_work() as uow:
        session, user = sign_in(uow, create_link(uow, owner))
    assert user.id == owner.id
    with unit_of_work(read_only=True) as uow:
        assert authenticate(uow, session).id == owner.id


def test_a_link_works_once(owner: User) -> None:
    with unit_of_work() as uow:
        token = create_link(uow, owner)
        sign_in(uow, token)
    with pytest.raises(SignInLinkInvalid, match="maskloop link"), unit_of_work() as uow:
        sign_in(uow, token)


def test_an_old_link_is_refused(owner: User) -> None:
    with unit_of_work() as uow:
        token = create_link(uow, owner)
        uow.session.execute(update(SignInLink).values(expires_at=utc_now() - timedelta(seconds=1)))
    with pytest.raises(SignInLinkInvalid), unit_of_work() as uow:
        sign_in(uow, token)


@pytest.mark.parametrize("token", ["", "guess", "\ud800", "x" * 10_000])
def test_guesses_are_refused(token: str, owner: User) -> None:
    with pytest.raises(SignInLinkInvalid), unit_of_work() as uow:
        sign_in(uow, token)
    with pytest.raises(NotSignedIn), unit_of_work() as uow:
        authenticate(uow, token)


def test_a_session_ends_on_signing_out_and_in_time(owner: User) -> None:
    with unit_of_work() as uow:
        left, _ = sign_in(uow, create_link(uow, owner))
        forgotten, _ = sign_in(uow, create_link(uow, owner))
    with unit_of_work() as uow:
        sign_out(uow, left)
        uow.session.execute(update(SignInSession).values(expires_at=utc_now() - timedelta(seconds=1)))
    for session in (left, forgotten):
        with pytest.raises(NotSignedIn), unit_of_work() as uow:
            authenticate(uow, session)


def test_no_token_is_stored(owner: User) -> None:
    with unit_of_work() as uow:
        link = create_link(uow, owner)
        session, _ = sign_in(uow, create_link(uow, owner))
    with unit_of_work() as uow:
        stored = [
            *uow.session.scalars(select(SignInLink.token_sha256)),
            *uow.session.scalars(select(SignInSession.token_sha256)),
        ]
    assert len(stored) == 3
    assert not {link, session} & set(stored)
