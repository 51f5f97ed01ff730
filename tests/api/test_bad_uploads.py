"""What people send by mistake, and what others send on purpose: a sentence, and nothing stored."""

import http.client
import io
import json
import struct
import zlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from PIL import Image

from engine.settings import get_settings
from tests.api.deployment import Deployment, assert_problem, picture


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims to be that large and holds next to nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


def truncated_jpeg() -> bytes:
    data = picture(640, 480, kind="JPEG")
    return data[: len(data) // 2]


@pytest.mark.parametrize(
    ("name", "data", "status", "says"),
    [
        ("empty.jpg", b"", 415, "empty"),
        ("text.jpg", b"This is no image.\n" * 50, 415, "not an image"),
        ("truncated.jpg", truncated_jpeg(), 415, "cut off"),
        ("huge.png", png_header(40_000, 40_000), 413, "1,600,000,000 pixels"),
        ("drawing.svg", b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>", 415, "not an image"),
        ("nothing.png", png_header(0, 10), 415, "image"),
        ("header-only.png", png_header(64, 48), 415, ""),
        ("page.pdf", b"%PDF-1.7\n%\xe2\xe3\n1 0 obj\n<<>>\nendobj\n", 415, "not an image"),
        ("a.zip", b"PK\x03\x04" + b"\0" * 100, 415, "not an image"),
    ],
)
def test_a_file_that_is_no_usable_image_is_refused_and_nothing_is_stored(
    client: httpx.Client, deployment: Deployment, project_id: str, name: str, data: bytes, status: int, says: str
) -> None:
    before = deployment.stored()
    response = client.post(f"/api/v1/projects/{project_id}/images", files={"file": (name, data, "image/jpeg")})
    problem = assert_problem(response, status, says)
    if status == 413:
        assert (problem["got"], problem["unit"]) == (1_600_000_000, "pixels")
        assert problem["limit"] == 200_000_000
    assert deployment.stored() == before


def test_an_image_for_a_project_that_is_not_there_is_refused(client: httpx.Client, deployment: Deployment) -> None:
    before = deployment.stored()
    url = "/api/v1/projects/7f1c0f5e-51c5-4bd5-a8f3-0d8a3c1b2e4d/images"
    assert_problem(client.post(url, files={"file": ("bird.png", picture())}), 404, "no project")
    assert deployment.stored() == before


def test_an_upload_without_its_field_says_which(client: httpx.Client, project_id: str) -> None:
    url = f"/api/v1/projects/{project_id}/images"
    for response in (
        client.post(url),
        client.post(url, files={"picture": ("bird.png", picture())}),
        client.post(url, data={"file": "text"}),
        client.post(url, json={"file": "text"}),
        client.post(url, content=picture(), headers={"Content-Type": "image/png"}),
    ):
        assert_problem(response, 422, "field `file`")


def test_a_broken_multipart_body_is_a_clients_mistake(client: httpx.Client, project_id: str) -> None:
    url = f"/api/v1/projects/{project_id}/images"
    two = [("file", ("a.png", picture())), ("file", ("b.png", picture()))]
    assert client.post(url, files=two).status_code in (400, 422)
    for kind, body in [
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=b", b"--c\r\n"),
        ("multipart/form-data; boundary=b", b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--"),
    ]:
        response = client.post(url, content=body, headers={"Content-Type": kind})
        assert 400 <= response.status_code < 500, response.text
        assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "..\\..\\boot.ini", "a/b/c.png", "x" * 300 + ".png", "é中🦅.png", "\r\n.png"]
)
def test_a_file_name_cannot_lead_anywhere(
    client: httpx.Client, deployment: Deployment, project_id: str, name: str
) -> None:
    response = client.post(f"/api/v1/projects/{project_id}/images", files={"file": (name, picture())})
    assert response.status_code == 201, response.text
    stored = response.json()["file_name"]
    assert 0 < len(stored) <= 255
    assert not set(stored) & set("/\\\r\n\0")
    original = client.get(f"/api/v1/images/{response.json()['id']}/original")
    assert original.content == picture()


def test_an_upload_longer_than_allowed_is_refused_before_it_is_read(
    client: httpx.Client, deployment: Deployment, project_id: str
) -> None:
    before = deployment.stored()
    limit = get_settings().max_upload_bytes + 64 * 2**10
    url = f"{deployment.url}/api/v1/projects/{project_id}/images"
    status, problem = announce(url, limit + 1, client.cookies["maskloop_session"])
    assert status == 413
    assert (problem["limit"], problem["got"], problem["unit"]) == (limit, limit + 1, "bytes")
    assert deployment.stored() == before


def test_someone_not_signed_in_cannot_make_the_server_read_an_upload(deployment: Deployment) -> None:
    url = f"{deployment.url}/api/v1/projects/7f1c0f5e-51c5-4bd5-a8f3-0d8a3c1b2e4d/images"
    status, problem = announce(url, 2**28, "made-up")
    assert status == 401
    assert "not signed in" in problem["detail"]


def announce(url: str, length: int, token: str) -> tuple[int, dict[str, Any]]:
    """POST a form of that length without ever sending it: the answer has to come from the headers alone."""
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.netloc, timeout=10)
    try:
        connection.putrequest("POST", address.path)
        connection.putheader("Content-Type", "multipart/form-data; boundary=b")
        connection.putheader("Content-Length", str(length))
        connection.putheader("Authorization", f"Bearer {token}")
        connection.endheaders()
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


def test_a_body_of_unknown_length_is_cut_at_the_limit(client: httpx.Client, deployment: Deployment) -> None:
    before = deployment.stored()
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        while sent < 2**27:
            sent += 2**18
            yield b" " * 2**18

    headers = {"Content-Type": "application/json"}
    try:
        response = client.post("/api/v1/projects", content=endless(), headers=headers)
    except httpx.TransportError:
        pass  # The server hung up on a client that would not stop, as it should.
    else:
        assert_problem(response, 413, "longer than")
    assert 2**24 <= sent < 2**27
    assert deployment.stored() == before


def sixteen_bit() -> bytes:
    file = io.BytesIO()
    Image.new("I;16", (64, 48), 40_000).save(file, "PNG")
    return file.getvalue()


def in_mode(mode: str, kind: str) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (64, 48), (200, 30, 60)).convert(mode).save(file, kind)
    return file.getvalue()


def rotated() -> bytes:
    file = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (48, 64), (200, 30, 60)).save(file, "JPEG", exif=exif)
    return file.getvalue()


def animated() -> bytes:
    file = io.BytesIO()
    frames = [Image.new("RGB", (64, 48), colour) for colour in ("red", "green", "blue")]
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:])
    return file.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        sixteen_bit(),
        in_mode("CMYK", "JPEG"),
        in_mode("P", "PNG"),
        in_mode("L", "JPEG"),
        in_mode("RGBA", "PNG"),
        rotated(),
        animated(),
    ],
    ids=["16-bit", "CMYK", "palette", "gray", "alpha", "rotated by EXIF", "animated GIF"],
)
def test_unusual_images_are_taken_upright(client: httpx.Client, project_id: str, data: bytes) -> None:
    response = client.post(f"/api/v1/projects/{project_id}/images", files={"file": ("image", data)})
    assert response.status_code == 201, response.text
    assert (response.json()["width"], response.json()["height"]) == (64, 48)
    shown = Image.open(io.BytesIO(client.get(response.json()["thumbnail_url"]).content))
    assert shown.size == (64, 48)
