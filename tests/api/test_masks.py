import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import numpy as np
import pytest

from engine.masks import rle
from tests.api.deployment import Deployment, Upload, assert_problem, mask_body, picture

CREATE = {"If-None-Match": "*"}


def replacing(version: int) -> dict[str, str]:
    return {"If-Match": f'"{version}"'}


def test_a_mask_is_created_and_comes_back_whole(client: httpx.Client, image: dict[str, Any], mask_url: str) -> None:
    body = mask_body(
        label="owl",
        predicted_iou=0.93,
        stability_score=0.97,
        crop_box=[0, 0, 64, 48],
        prompts={
            "points": [{"x": 15.5, "y": 10, "label": 1}, {"x": 1, "y": 2.25, "label": 0}],
            "box": [9, 4, 21, 31],
            "strokes": 2,
        },
        candidate_index=1,
        candidates_iou=[0.93, 0.9, 0.4],
    )
    response = client.put(mask_url, json=body, headers=CREATE)
    assert response.status_code == 201
    assert response.headers["etag"] == '"1"'
    mask = response.json()
    for name in set(body) - {"crop_box"}:
        assert mask[name] == body[name], name
    assert mask["crop_box"] == [0, 0, 64, 48]
    assert mask["bbox"] == [10, 5, 10, 25]
    assert mask["area"] == 250
    assert mask["version"] == 1
    assert mask["author_name"] == client.get("/api/v1/me").json()["name"]
    assert mask["deleted_at"] is None
    assert client.get(f"/api/v1/images/{image['id']}/masks").json() == [mask]


def test_a_repeated_put_is_harmless(client: httpx.Client, deployment: Deployment, mask_url: str) -> None:
    first = client.put(mask_url, json=mask_body(), headers=CREATE)
    stored = deployment.stored()
    again = client.put(mask_url, json=mask_body(), headers=CREATE)
    assert again.status_code == 200
    assert again.json() == first.json()
    assert deployment.stored() == stored

    changed = mask_body(columns=slice(30, 40))
    second = client.put(mask_url, json=changed, headers=replacing(1))
    assert (second.status_code, second.headers["etag"], second.json()["version"]) == (200, '"2"', 2)
    stored = deployment.stored()
    assert client.put(mask_url, json=changed, headers=replacing(1)).json() == second.json()
    assert deployment.stored() == stored


def test_a_stale_version_gets_the_stored_mask_and_changes_nothing(
    client: httpx.Client, deployment: Deployment, mask_url: str
) -> None:
    client.put(mask_url, json=mask_body(), headers=CREATE).raise_for_status()
    stored_mask = client.put(mask_url, json=mask_body(columns=slice(30, 40)), headers=replacing(1)).json()
    stored = deployment.stored()
    late = mask_body(columns=slice(50, 60))
    for response in (
        client.put(mask_url, json=late, headers=replacing(1)),
        client.put(mask_url, json=late, headers=replacing(7)),
        client.put(mask_url, json=late, headers=CREATE),
        client.delete(mask_url, headers=replacing(1)),
    ):
        problem = assert_problem(response, 409, "changed by someone else")
        assert problem["type"] == "urn:maskloop:problem:stale-mask"
        assert problem["stored"] == stored_mask
    assert deployment.stored() == stored


def test_a_write_that_does_not_say_what_it_starts_from_is_refused(
    client: httpx.Client, deployment: Deployment, mask_url: str
) -> None:
    before = deployment.stored()
    assert_problem(client.put(mask_url, json=mask_body()), 428, "If-None-Match")
    assert_problem(client.delete(mask_url), 428, "If-Match")
    assert_problem(client.post(f"{mask_url}/restore"), 428, "If-Match")
    assert deployment.stored() == before


@pytest.mark.parametrize(
    "headers",
    [
        {"If-Match": "3"},
        {"If-Match": '"three"'},
        {"If-Match": '"0"'},
        {"If-Match": '"-1"'},
        {"If-Match": '"99999999999"'},
        {"If-Match": '"4294967296"'},
        {"If-Match": "*"},
        {"If-Match": '"1", "2"'},
        {"If-None-Match": '"1"'},
    ],
)
def test_a_precondition_that_cannot_be_read_is_a_clients_mistake(
    client: httpx.Client, mask_url: str, headers: dict[str, str]
) -> None:
    assert client.put(mask_url, json=mask_body(), headers=headers).status_code == 422


def test_a_weakened_etag_is_understood(client: httpx.Client, mask_url: str) -> None:
    client.put(mask_url, json=mask_body(), headers=CREATE).raise_for_status()
    response = client.put(mask_url, json=mask_body(label="owl"), headers={"If-Match": 'W/"1"'})
    assert response.json()["version"] == 2


def empty_mask() -> dict[str, Any]:
    return dict(rle.encode(np.zeros((48, 64), dtype=bool)))


@pytest.mark.parametrize(
    ("segmentation", "says"),
    [
        (mask_body(width=48, height=64)["segmentation"], "size"),
        (mask_body()["segmentation"] | {"size": [64, 48]}, "size"),
        (mask_body()["segmentation"] | {"size": [47, 64]}, "size"),
        (mask_body()["segmentation"] | {"size": [48]}, "size"),
        (mask_body()["segmentation"] | {"size": [0, 64]}, "size"),
        (mask_body()["segmentation"] | {"size": [2**40, 64]}, "size"),
        (mask_body()["segmentation"] | {"counts": ""}, "counts"),
        (mask_body()["segmentation"] | {"counts": "not rle!"}, "counts"),
        (mask_body()["segmentation"] | {"counts": "oooooooooooooooo"}, "counts"),
        (mask_body()["segmentation"] | {"counts": "0" * 5000}, "counts"),
        (mask_body()["segmentation"] | {"counts": "1"}, "cover"),
        (mask_body()["segmentation"] | {"counts": "\u00e9\u0000"}, "counts"),
        (mask_body()["segmentation"] | {"counts": [1, 2, 3]}, "counts"),
        (empty_mask(), "empty"),
        ({}, "segmentation"),
        (None, "segmentation"),
    ],
)
def test_a_mask_that_does_not_fit_its_image_is_refused_and_nothing_is_stored(
    client: httpx.Client, deployment: Deployment, mask_url: str, segmentation: object, says: str
) -> None:
    before = deployment.stored()
    response = client.put(mask_url, json=mask_body(segmentation=segmentation), headers=CREATE)
    assert_problem(response, 422, says)
    assert deployment.stored() == before


@pytest.mark.parametrize(
    "changes",
    [
        {"stage": "by hand"},
        {"label": ""},
        {"label": "a\x00b"},
        {"active_ms": -1},
        {"active_ms": 2**63},
        {"active_ms": 1.5},
        {"idle_ms": None},
        {"predicted_iou": 1e300},
        {"predicted_iou": "high"},
        {"candidate_index": 4},
        {"candidates_iou": [0.1] * 5},
        {"crop_box": [0, 0, 64]},
        {"crop_box": [0, 0, -1, 5]},
        {"prompts": {"points": [{"x": 1, "y": 2, "label": 3}]}},
        {"prompts": {"points": [{"x": 1, "y": 2}]}},
        {"prompts": {"points": [{"x": 1, "y": 2, "label": 1}] * 1025}},
        {"prompts": {"points": [], "box": [1, 2, 3]}},
        {"prompts": None},
        {"model_id": "7"},
        {"model_id": "7f1c0f5e-51c5-4bd5-a8f3-0d8a3c1b2e4d"},
        {"version": 7},
        {"author_id": "7f1c0f5e-51c5-4bd5-a8f3-0d8a3c1b2e4d"},
    ],
)
def test_a_field_that_makes_no_sense_is_refused_and_nothing_is_stored(
    client: httpx.Client, deployment: Deployment, mask_url: str, changes: dict[str, Any]
) -> None:
    before = deployment.stored()
    response = client.put(mask_url, json=mask_body(**changes), headers=CREATE)
    assert response.status_code == 422, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert deployment.stored() == before


def test_a_number_that_is_not_one_is_refused(client: httpx.Client, deployment: Deployment, mask_url: str) -> None:
    before = deployment.stored()
    for number in ("NaN", "Infinity", "-Infinity", "1e999"):
        text = httpx.Request("PUT", "http://x", json=mask_body(predicted_iou=12345)).content
        response = client.put(
            mask_url,
            content=text.replace(b"12345", number.encode()),
            headers=CREATE | {"Content-Type": "application/json"},
        )
        assert_problem(response, 422, "predicted_iou")
    assert deployment.stored() == before


def test_a_mask_is_deleted_and_restored(client: httpx.Client, image: dict[str, Any], mask_url: str) -> None:
    client.put(mask_url, json=mask_body(), headers=CREATE).raise_for_status()
    gone = client.delete(mask_url, headers=replacing(1))
    assert gone.headers["etag"] == '"2"'
    assert gone.json()["deleted_at"] is not None
    assert client.delete(mask_url, headers=replacing(1)).json() == gone.json()
    assert client.get(f"/api/v1/images/{image['id']}/masks").json() == []
    assert client.get(f"/api/v1/images/{image['id']}/masks/deleted").json() == [gone.json()]
    assert_problem(client.put(mask_url, json=mask_body(label="owl"), headers=replacing(2)), 409, "deleted")

    back = client.post(f"{mask_url}/restore", headers=replacing(2))
    assert back.json()["version"] == 3
    assert back.json()["deleted_at"] is None
    assert client.get(f"/api/v1/images/{image['id']}/masks").json() == [back.json()]
    assert client.get(f"/api/v1/images/{image['id']}/masks/deleted").json() == []


def test_the_history_keeps_every_version(client: httpx.Client, mask_url: str) -> None:
    client.put(mask_url, json=mask_body(), headers=CREATE).raise_for_status()
    client.put(mask_url, json=mask_body(label="owl"), headers=replacing(1)).raise_for_status()
    client.delete(mask_url, headers=replacing(2)).raise_for_status()
    history = client.get(f"{mask_url}/history").json()
    assert [entry["version"] for entry in history] == [1, 2, 3]
    assert [entry["content"]["label"] for entry in history] == [None, "owl", "owl"]
    assert [entry["content"]["deleted"] for entry in history] == [False, False, True]
    assert history[0]["content"]["segmentation"] == mask_body()["segmentation"]


def test_masks_that_are_not_there_are_not_found(client: httpx.Client, image: dict[str, Any], mask_url: str) -> None:
    assert_problem(client.put(mask_url, json=mask_body(), headers=replacing(1)), 404, "no mask")
    assert_problem(client.delete(mask_url, headers=replacing(1)), 404, "no mask")
    assert_problem(client.post(f"{mask_url}/restore", headers=replacing(1)), 404, "no mask")
    assert_problem(client.get(f"{mask_url}/history"), 404, "no mask")
    nowhere = f"/api/v1/images/{uuid.uuid4()}/masks"
    assert_problem(client.get(nowhere), 404, "no image")
    assert_problem(client.put(f"{nowhere}/{uuid.uuid4()}", json=mask_body(), headers=CREATE), 404, "no image")


def test_a_mask_stays_with_its_image(client: httpx.Client, upload: Upload, mask_url: str) -> None:
    client.put(mask_url, json=mask_body(), headers=CREATE).raise_for_status()
    other = upload(picture(seed=1))["id"]
    elsewhere = f"/api/v1/images/{other}/masks/{mask_url.rsplit('/', 1)[1]}"
    assert_problem(client.put(elsewhere, json=mask_body(), headers=CREATE), 409, "another image")
    assert_problem(client.delete(elsewhere, headers=replacing(1)), 404, "no mask")


def test_requests_at_the_same_time_store_one_mask(client: httpx.Client, image: dict[str, Any], mask_url: str) -> None:
    def save(_: int) -> int:
        return client.put(mask_url, json=mask_body(), headers=CREATE).status_code

    with ThreadPoolExecutor(16) as pool:
        statuses = list(pool.map(save, range(64)))
    assert sorted(set(statuses)) == [200, 201]
    assert statuses.count(201) == 1
    assert [mask["version"] for mask in client.get(f"/api/v1/images/{image['id']}/masks").json()] == [1]
