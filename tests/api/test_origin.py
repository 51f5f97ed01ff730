import httpx
import pytest

from tests.api.deployment import Deployment, assert_problem


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
    ],
)
def test_another_site_cannot_change_anything(
    client: httpx.Client, deployment: Deployment, headers: dict[str, str]
) -> None:
    before = deployment.rows()
    response = client.post("/api/v1/projects", json={"name": "Planted"}, headers=headers)
    assert_problem(response, 403, "another site")
    assert deployment.rows() == before


def test_our_own_page_may_change_things(client: httpx.Client, deployment: Deployment) -> None:
    headers = {"Origin": deployment.url, "Sec-Fetch-Site": "same-origin"}
    assert client.post("/api/v1/projects", json={"name": "Birds"}, headers=headers).status_code == 201


def test_another_site_cannot_sign_its_visitor_in(deployment: Deployment, anyone: httpx.Client) -> None:
    response = anyone.post(
        "/api/v1/sign-in", json={"token": deployment.sign_in_token()}, headers={"Origin": "https://evil.example"}
    )
    assert_problem(response, 403, "another site")


def test_reading_is_not_affected(client: httpx.Client) -> None:
    assert client.get("/api/v1/me", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 200
