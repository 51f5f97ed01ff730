import hashlib
import io
import uuid
from typing import Any

import httpx
import pytest
from PIL import Image

from tests.api.deployment import Deployment, Upload, assert_problem, mask_body, picture


def test_an_uploaded_image_is_described(image: dict[str, Any], project_id: str) -> None:
    assert image["project_id"] == project_id
    assert image["file_name"] == "bird.png"
    assert (image["width"], image["height"]) == (64, 48)
    assert image["mask_count"] == image["index"] == 0
    assert image["overlay_url"] is None
    assert image["duplicate"] is False
    assert image["created_at"].endswith(("Z", "+00:00"))


def test_sending_a_file_again_stores_nothing_twice(
    client: httpx.Client, deployment: Deployment, image: dict[str, Any], project_id: str
) -> None:
    before = deployment.stored()
    again = client.post(f"/api/v1/projects/{project_id}/images", files={"file": ("other.png", picture())})
    assert again.status_code == 200
    assert again.json()["duplicate"] is True
    assert again.json()["id"] == image["id"]
    assert deployment.stored() == before


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF"])
def test_every_common_format_is_taken_and_given_back_untouched(client: httpx.Client, upload: Upload, kind: str) -> None:
    data = picture(kind=kind)
    image = upload(data, f"bird.{kind.lower()}")
    original = client.get(f"/api/v1/images/{image['id']}/original")
    assert original.content == data
    assert original.headers["content-disposition"] == f"attachment; filename*=UTF-8''bird.{kind.lower()}"
    for part in ("file", "thumbnail"):
        shown = client.get(f"/api/v1/images/{image['id']}/{part}")
        assert Image.open(io.BytesIO(shown.content)).size == (64, 48)
        assert shown.headers["content-type"] in ("image/png", "image/jpeg", "image/webp", "image/gif", "image/bmp")


def test_a_page_of_images_is_listed_in_order_with_its_filter(
    client: httpx.Client, upload: Upload, project_id: str
) -> None:
    images = [upload(picture(seed=seed), f"{seed}.png") for seed in range(5)]
    client.put(
        f"/api/v1/images/{images[3]['id']}/masks/{uuid.uuid4()}", json=mask_body(), headers={"If-None-Match": "*"}
    ).raise_for_status()
    url = f"/api/v1/projects/{project_id}/images"

    page = client.get(url, params={"offset": 1, "limit": 2}).json()
    assert page["total"] == 5
    assert [item["file_name"] for item in page["items"]] == ["1.png", "2.png"]
    assert [item["index"] for item in page["items"]] == [1, 2]
    annotated = client.get(url, params={"filter": "annotated"}).json()
    assert annotated["total"] == 1
    assert [item["id"] for item in annotated["items"]] == [images[3]["id"]]
    assert client.get(url, params={"filter": "unannotated"}).json()["total"] == 4
    assert client.get(url, params={"offset": 99}).json() == {"items": [], "total": 5}


@pytest.mark.parametrize(
    "params", [{"limit": 0}, {"limit": 201}, {"offset": -1}, {"offset": 10**30}, {"filter": "some"}, {"limit": "x"}]
)
def test_a_page_that_cannot_be_is_a_clients_mistake(
    client: httpx.Client, project_id: str, params: dict[str, Any]
) -> None:
    assert client.get(f"/api/v1/projects/{project_id}/images", params=params).status_code == 422


def test_an_image_knows_its_neighbours(client: httpx.Client, upload: Upload) -> None:
    first, second, third = (upload(picture(seed=seed))["id"] for seed in range(3))
    middle = client.get(f"/api/v1/images/{second}").json()
    assert (middle["previous_id"], middle["next_id"], middle["index"]) == (first, third, 1)
    assert client.get(f"/api/v1/images/{first}").json()["previous_id"] is None
    assert client.get(f"/api/v1/images/{third}").json()["next_id"] is None


def test_a_deleted_image_is_gone_with_its_masks(client: httpx.Client, image: dict[str, Any], mask_url: str) -> None:
    client.put(mask_url, json=mask_body(), headers={"If-None-Match": "*"}).raise_for_status()
    assert client.delete(f"/api/v1/images/{image['id']}").status_code == 204
    for path in ("", "/file", "/original", "/thumbnail", "/overlay", "/masks"):
        assert_problem(client.get(f"/api/v1/images/{image['id']}{path}"), 404, "no image")


@pytest.mark.parametrize("part", ["file", "original", "thumbnail"])
def test_image_files_are_kept_for_ever_and_revalidate(client: httpx.Client, image: dict[str, Any], part: str) -> None:
    url = f"/api/v1/images/{image['id']}/{part}"
    first = client.get(url)
    assert first.status_code == 200
    assert first.headers["cache-control"] == "private, max-age=31536000, immutable"
    assert first.headers["etag"] == f'"{hashlib.sha256(first.content).hexdigest()}"'
    assert "content-encoding" not in first.headers
    for known in (first.headers["etag"], f"W/{first.headers['etag']}", f'"other", {first.headers["etag"]}', "*"):
        again = client.get(url, headers={"If-None-Match": known})
        assert again.status_code == 304
        assert again.content == b""
        assert again.headers["etag"] == first.headers["etag"]
    assert client.get(url, headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize(
    ("wanted", "start", "end"), [("bytes=0-9", 0, 10), ("bytes=10-", 10, None), ("bytes=-5", -5, None)]
)
def test_a_range_of_a_file_is_served(
    client: httpx.Client, image: dict[str, Any], wanted: str, start: int, end: int | None
) -> None:
    data = picture()
    part = client.get(f"/api/v1/images/{image['id']}/original", headers={"Range": wanted})
    assert part.status_code == 206
    assert part.content == data[start:end]
    first = start % len(data)
    assert part.headers["content-range"] == f"bytes {first}-{first + len(part.content) - 1}/{len(data)}"


def test_ranges_that_cannot_be_served_are_told_apart(client: httpx.Client, image: dict[str, Any]) -> None:
    url, size = f"/api/v1/images/{image['id']}/original", len(picture())
    outside = client.get(url, headers={"Range": f"bytes={size}-"})
    assert_problem(outside, 416, "outside")
    assert outside.headers["content-range"] == f"bytes */{size}"
    for odd in ("bytes=0-1,4-5", "lines=1-2", "bytes=-", "bytes"):
        assert client.get(url, headers={"Range": odd}).status_code == 200
    changed = client.get(url, headers={"Range": "bytes=0-9", "If-Range": '"older"'})
    assert changed.status_code == 200


def test_the_overlay_is_kept_for_ever_at_its_revision_only(
    client: httpx.Client, image: dict[str, Any], mask_url: str
) -> None:
    client.put(mask_url, json=mask_body(), headers={"If-None-Match": "*"}).raise_for_status()
    listed = client.get(f"/api/v1/images/{image['id']}").json()
    assert listed["mask_count"] == 1
    assert listed["masks_revision"] != image["masks_revision"]
    first = client.get(listed["overlay_url"])
    assert first.headers["content-type"] == "image/png"
    assert "immutable" in first.headers["cache-control"]
    assert client.get(listed["overlay_url"], headers={"If-None-Match": first.headers["etag"]}).status_code == 304
    assert Image.open(io.BytesIO(first.content)).mode in ("RGBA", "P")

    client.put(mask_url, json=mask_body(columns=slice(30, 60)), headers={"If-Match": '"1"'}).raise_for_status()
    stale = client.get(listed["overlay_url"])
    assert stale.headers["cache-control"] == "private, no-cache"
    assert stale.content != first.content


def test_json_is_compressed_and_pictures_are_not(client: httpx.Client, upload: Upload, project_id: str) -> None:
    for seed in range(4):
        upload(picture(seed=seed))
    listed = client.get(f"/api/v1/projects/{project_id}/images")
    assert listed.headers["content-encoding"] == "gzip"
    image = listed.json()["items"][0]
    assert "content-encoding" not in client.get(image["display_url"]).headers
