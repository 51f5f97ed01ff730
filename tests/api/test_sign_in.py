import uuid
from datetime import timedelta
from http.cookies import SimpleCookie
from pathlib import Path

import httpx
import pytest
from sqlalchemy import update

from api.app import create_app
from api.openapi import openapi_document
from engine.store.tables import SignInLink, SignInSession, utc_now
from engine.store.unit_of_work import unit_of_work
from tests.api.deployment import Deployment, assert_problem, deployed

SOME_ID = "7f1c0f5e-51c5-4bd5-a8f3-0d8a3c1b2e4d"
OPEN = {"/api/v1/health", "/api/v1/sign-in"}


def operations() -> list[tuple[str, str]]:
    document = openapi_document(create_app())
    return [(method.upper(), path) for path, methods in document["paths"].items() for method in methods]


def test_a_link_signs_in_once_only(deployment: Deployment, anyone: httpx.Client) -> None:
    token = deployment.sign_in_token()
    first = anyone.post("/api/v1/sign-in", json={"token": token})
    assert first.status_code == 200
    assert first.json()["role"] == "owner"
    assert anyone.get("/api/v1/me").json() == first.json()

    with httpx.Client(base_url=deployment.url) as another:
        assert_problem(another.post("/api/v1/sign-in", json={"token": token}), 401, "used already")
        assert not another.cookies


def test_an_old_link_is_refused(deployment: Deployment, anyone: httpx.Client) -> None:
    token = deployment.sign_in_token()
    with unit_of_work() as uow:
        uow.session.execute(update(SignInLink).values(expires_at=utc_now() - timedelta(seconds=1)))
    assert_problem(anyone.post("/api/v1/sign-in", json={"token": token}), 401, "too old")


@pytest.mark.parametrize("token", ["", "x" * 513, None, 7])
def test_a_token_that_cannot_be_one_is_a_clients_mistake(anyone: httpx.Client, token: object) -> None:
    assert anyone.post("/api/v1/sign-in", json={"token": token}).status_code == 422


def test_missing_token_is_a_clients_mistake(anyone: httpx.Client) -> None:
    problem = assert_problem(anyone.post("/api/v1/sign-in", json={}), 422, "body.token")
    assert problem["errors"] == [{"field": "body.token", "message": "Field required"}]


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(deployment: Deployment, anyone: httpx.Client) -> None:
    response = anyone.post("/api/v1/sign-in", json={"token": deployment.sign_in_token()})
    cookie = SimpleCookie(response.headers["set-cookie"])["maskloop_session"]
    assert cookie["httponly"] is True
    assert cookie["samesite"] == "strict"
    assert cookie["path"] == "/"
    assert int(cookie["max-age"]) == 30 * 24 * 3600
    assert not cookie["secure"]  # over plain HTTP on this machine a secure cookie would never come back


def test_the_cookie_is_secure_where_people_come_over_https(page: Path, tmp_path: Path) -> None:
    public = {"MASKLOOP_DATA": str(tmp_path / "data"), "MASKLOOP_PUBLIC_URL": "https://masks.example.org"}
    with deployed(page, public) as deployment:
        response = httpx.post(f"{deployment.url}/api/v1/sign-in", json={"token": deployment.sign_in_token()})
    assert SimpleCookie(response.headers["set-cookie"])["maskloop_session"]["secure"] is True


def test_a_session_also_travels_as_bearer_token(client: httpx.Client, deployment: Deployment) -> None:
    token = client.cookies["maskloop_session"]
    with httpx.Client(base_url=deployment.url, headers={"Authorization": f"Bearer {token}"}) as script:
        assert script.get("/api/v1/me").json()["name"] == client.get("/api/v1/me").json()["name"]


def test_signing_out_ends_the_session_everywhere(client: httpx.Client, deployment: Deployment) -> None:
    token = client.cookies["maskloop_session"]
    assert client.post("/api/v1/sign-out").status_code == 204
    assert "maskloop_session" not in client.cookies
    response = httpx.get(f"{deployment.url}/api/v1/me", headers={"Authorization": f"Bearer {token}"})
    assert_problem(response, 401, "session has ended")


def test_an_ended_session_is_refused(client: httpx.Client) -> None:
    with unit_of_work() as uow:
        uow.session.execute(update(SignInSession).values(expires_at=utc_now() - timedelta(seconds=1)))
    assert_problem(client.get("/api/v1/me"), 401, "session has ended")


def test_a_page_of_somebody_else_reads_but_changes_nothing(client: httpx.Client) -> None:
    me = client.get("/api/v1/me").json()
    another = {"X-Maskloop-User": str(uuid.uuid4())}
    assert client.get("/api/v1/me", headers=another).json() == me
    refused = client.post("/api/v1/projects", json={"name": "Not mine"}, headers=another)
    assert_problem(refused, 401, f"{me['name']} has signed in in this browser meanwhile")
    assert "Not mine" not in [project["name"] for project in client.get("/api/v1/projects").json()]
    mine = client.post("/api/v1/projects", json={"name": "Mine"}, headers={"X-Maskloop-User": me["id"]})
    assert mine.status_code == 201


def test_every_route_but_health_and_sign_in_needs_a_session(deployment: Deployment, anyone: httpx.Client) -> None:
    before = deployment.stored()
    checked = 0
    for method, path in operations():
        if path in OPEN:
            continue
        for name in ("project_id", "image_id", "mask_id", "model_id"):
            path = path.replace(f"{{{name}}}", SOME_ID)
        response = anyone.request(method, path)
        assert_problem(response, 401, "not signed in")
        assert response.headers["www-authenticate"] == "Bearer"
        checked += 1
    assert checked > 25
    assert deployment.stored() == before


def test_health_answers_anyone(anyone: httpx.Client) -> None:
    assert anyone.get("/api/v1/health").json()["status"] == "ok"


def test_a_made_up_session_is_refused(anyone: httpx.Client) -> None:
    anyone.cookies["maskloop_session"] = "made-up"
    assert_problem(anyone.get("/api/v1/projects"), 401, "not signed in")
