import http.client
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.api.deployment import Deployment, assert_problem, serving


def get_exactly(url: str, path: str) -> tuple[int, bytes]:
    """GET of a path that no client library has tidied up."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
    try:
        connection.putrequest("GET", path)
        connection.endheaders()
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


@pytest.mark.parametrize(
    "path", ["/", "/sign-in?token=abc", "/projects/7", "/projects/7/images/8/annotate", "/index.html"]
)
def test_every_page_of_the_application_is_served(anyone: httpx.Client, path: str) -> None:
    response = anyone.get(path)
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/html")
    assert response.headers["cache-control"] == "no-cache"
    assert "<title>maskloop" in response.text


def test_hashed_assets_are_kept_for_ever(anyone: httpx.Client) -> None:
    response = anyone.get("/assets/index-4f2a.js")
    assert response.headers["content-type"].startswith("text/javascript")
    assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert response.headers["content-encoding"] == "gzip"
    again = anyone.get("/assets/index-4f2a.js", headers={"If-None-Match": response.headers["etag"]})
    assert again.status_code == 304
    assert again.content == b""


def test_a_missing_asset_is_not_answered_with_the_page(anyone: httpx.Client) -> None:
    response = anyone.get("/assets/index-0000.js")
    assert_problem(response, 404, "/assets/index-0000.js")
    assert "immutable" not in response.headers.get("cache-control", "")


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt",
        "/assets/../../secret.txt",
        "/%2e%2e/secret.txt",
        "/assets/%2e%2e/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/..%5csecret.txt",
        "//etc/passwd",
        "/%2fetc%2fpasswd",
        "/assets/%00/secret.txt",
        "/" + "a" * 5000,
        "/assets/link.txt",
    ],
)
def test_nothing_outside_the_page_can_be_read(deployment: Deployment, page: Path, path: str) -> None:
    status, body = get_exactly(deployment.url, path)
    assert status in (200, 404)
    assert b"not for everyone" not in body
    assert b"root:" not in body


def test_a_page_that_is_not_built_says_how_to_build_it(deployment: Deployment, tmp_path: Path) -> None:
    with serving(tmp_path / "nowhere") as url:
        assert_problem(httpx.get(f"{url}/projects"), 404, "make setup")


@pytest.mark.parametrize("path", ["/", "/assets/index-4f2a.js", "/api/v1/health", "/api/v1/me", "/api/v1/nothing"])
def test_every_answer_is_isolated_and_sniff_proof(anyone: httpx.Client, path: str) -> None:
    headers = anyone.get(path).headers
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cross-origin-embedder-policy"] == "require-corp"
    assert headers["x-content-type-options"] == "nosniff"
    assert "default-src 'self'" in headers["content-security-policy"]
    assert "unsafe-eval'" not in headers["content-security-policy"].replace("'wasm-unsafe-eval'", "")
    assert headers["referrer-policy"] == "no-referrer"


def test_what_the_api_answers_is_not_kept(anyone: httpx.Client) -> None:
    assert anyone.get("/api/v1/health").headers["cache-control"] == "no-store"
