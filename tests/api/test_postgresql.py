"""The main path and the mistakes that databases take differently, on PostgreSQL."""

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.api.deployment import Deployment, Upload, assert_problem, deployed, mask_body, picture


@pytest.fixture
def deployment(page: Path, postgresql_url: str, tmp_path: Path) -> Iterator[Deployment]:
    with deployed(
        page, {"MASKLOOP_DATABASE_URL": postgresql_url, "MASKLOOP_DATA": str(tmp_path / "data")}
    ) as deployment:
        yield deployment


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("no-page")


def test_masks_are_stored_changed_and_refused(
    client: Any, deployment: Deployment, image: dict[str, Any], mask_url: str, upload: Upload
) -> None:
    assert upload()["duplicate"] is True
    created = client.put(mask_url, json=mask_body(), headers={"If-None-Match": "*"})
    assert created.status_code == 201
    assert client.put(mask_url, json=mask_body(), headers={"If-None-Match": "*"}).json() == created.json()
    updated = client.put(mask_url, json=mask_body(label="owl"), headers={"If-Match": '"1"'})
    assert updated.json()["version"] == 2
    before = deployment.stored()
    stale = client.put(mask_url, json=mask_body(label="hawk"), headers={"If-Match": '"1"'})
    assert assert_problem(stale, 409, "changed by someone else")["stored"] == updated.json()
    nul = client.put(mask_url, json=mask_body(label="a\x00b"), headers={"If-Match": '"2"'})
    assert_problem(nul, 422, "label")
    wrong = client.put(f"{mask_url[:-1]}z", json=mask_body(), headers={"If-None-Match": "*"})
    assert_problem(wrong, 422, "mask_id")
    for data in (b"", b"text", picture(kind="JPEG")[:1000]):
        response = client.post(f"/api/v1/projects/{image['project_id']}/images", files={"file": ("a.jpg", data)})
        assert_problem(response, 415, "")
    assert deployment.stored() == before
    listed = client.get(f"/api/v1/projects/{image['project_id']}/images", params={"filter": "annotated"}).json()
    assert [item["id"] for item in listed["items"]] == [image["id"]]
    assert client.get(listed["items"][0]["overlay_url"]).status_code == 200
    assert client.get(f"/api/v1/images/{uuid.uuid4()}").status_code == 404
    assert client.delete(f"/api/v1/projects/{image['project_id']}").status_code == 204
