import io
import json
import uuid
import zipfile
from typing import Any

import httpx
from pycocotools import mask as coco_mask

from tests.api.deployment import assert_problem, mask_body, picture


def archive(client: httpx.Client, project_id: str, **params: Any) -> zipfile.ZipFile:
    response = client.get(f"/api/v1/projects/{project_id}/export", params=params)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/zip"
    assert "attachment" in response.headers["content-disposition"]
    return zipfile.ZipFile(io.BytesIO(response.content))


def test_an_export_holds_sa1b_records(
    client: httpx.Client, project_id: str, image: dict[str, Any], mask_url: str
) -> None:
    client.put(mask_url, json=mask_body(), headers={"If-None-Match": "*"}).raise_for_status()
    files = archive(client, project_id)
    assert files.testzip() is None
    (name,) = files.namelist()
    record = json.loads(files.read(name))
    assert (record["image"]["width"], record["image"]["height"]) == (64, 48)
    (annotation,) = record["annotations"]
    assert int(coco_mask.area(annotation["segmentation"])) == annotation["area"] == 250


def test_an_export_includes_images_on_request(client: httpx.Client, project_id: str, image: dict[str, Any]) -> None:
    files = archive(client, project_id, format="sa1b", images=1)
    assert picture() in [files.read(name) for name in files.namelist()]


def test_an_empty_project_exports_an_empty_archive(client: httpx.Client, project_id: str) -> None:
    assert archive(client, project_id).namelist() == []


def test_an_export_that_cannot_be_is_a_clients_mistake(client: httpx.Client, project_id: str) -> None:
    assert_problem(client.get(f"/api/v1/projects/{uuid.uuid4()}/export"), 404, "no project")
    assert_problem(client.get(f"/api/v1/projects/{project_id}/export", params={"format": "yolo"}), 422, "format")
