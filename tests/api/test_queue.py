"""The queue, the labels and one's own figures, as a page asks for them."""

import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from engine.flow.sign_in import create_link
from engine.store.unit_of_work import unit_of_work
from tests.api.deployment import Deployment, Upload, assert_problem, mask_body, picture
from tests.fixtures.deployment import make_user


@pytest.fixture
def images(upload: Upload) -> list[dict[str, Any]]:
    return [upload(picture(seed=seed)) for seed in range(4)]


@pytest.fixture
def anna(deployment: Deployment) -> Iterator[httpx.Client]:
    """Another person's client, an annotator's."""
    with unit_of_work() as uow:
        token = create_link(uow, make_user("Anna"))
    with httpx.Client(base_url=deployment.url, timeout=60) as client:
        client.post("/api/v1/sign-in", json={"token": token}).raise_for_status()
        yield client


def next_image(client: httpx.Client, project_id: str, after: str | None = None) -> dict[str, Any]:
    response = client.post(f"/api/v1/projects/{project_id}/queue/next", json={"after": after})
    assert response.status_code == 200, response.text
    return response.json()


def test_an_image_goes_through_the_queue(
    client: httpx.Client, anna: httpx.Client, project_id: str, images: list[dict[str, Any]]
) -> None:
    ids = [image["id"] for image in images]
    assert images[0]["assignment"] == {"state": "waiting", "user_id": None, "user_name": None, "reason": None}
    turn = next_image(client, project_id)
    assert turn == {"image_id": ids[0], "ahead": ids[1:3], "left": 4, "elsewhere": 0}
    assert next_image(anna, project_id)["image_id"] == ids[3]

    held = anna.put(f"/api/v1/images/{ids[0]}/assignment").json()
    assert (held["assignment"]["state"], held["assignment"]["user_name"], held["ahead"]) == ("working", "Owner", [])
    assert_problem(anna.post(f"/api/v1/images/{ids[0]}/finish"), 409, "Owner is working")
    assert client.post(f"/api/v1/images/{ids[0]}/finish").json()["state"] == "finished"
    assert client.get(f"/api/v1/images/{ids[0]}").json()["assignment"]["state"] == "finished"

    assert_problem(client.post(f"/api/v1/images/{ids[1]}/skip", json={"reason": " "}), 422, "reason")
    skipped = client.post(f"/api/v1/images/{ids[1]}/skip", json={"reason": "blurred"}).json()
    assert (skipped["state"], skipped["reason"]) == ("skipped", "blurred")
    listed = client.get(f"/api/v1/projects/{project_id}/images", params={"filter": "skipped"}).json()
    assert [item["id"] for item in listed["items"]] == [ids[1]]
    summary = client.get(f"/api/v1/projects/{project_id}").json()
    assert (summary["finished_image_count"], summary["skipped_image_count"]) == (1, 1)

    assert client.post(f"/api/v1/images/{ids[1]}/reopen").json()["state"] == "working"
    assert client.delete(f"/api/v1/images/{ids[1]}/assignment").status_code == 204
    assert client.get(f"/api/v1/images/{ids[1]}").json()["assignment"]["state"] == "waiting"


def test_the_order_of_images_is_chosen_by_a_manager(
    client: httpx.Client, anna: httpx.Client, project_id: str, images: list[dict[str, Any]]
) -> None:
    url = f"/api/v1/projects/{project_id}"
    assert client.patch(url, json={"image_order": "shuffled"}).json()["image_order"] == "shuffled"
    assert client.get(url).json()["name"] == "Birds"
    assert_problem(client.patch(url, json={"image_order": "random"}), 422, "image_order")
    assert_problem(anna.patch(url, json={"image_order": "name"}), 403, "manager")


def test_a_project_offers_labels(client: httpx.Client, anna: httpx.Client, project_id: str) -> None:
    url = f"/api/v1/projects/{project_id}/labels"
    labels = [{"name": "gull", "colour": "#56b4e9"}, {"name": "tern", "colour": "#e69f00"}]
    assert client.get(url).json() == []
    assert client.put(url, json=labels).json() == labels
    assert anna.get(url).json() == labels
    assert_problem(anna.put(url, json=[]), 403, "manager")
    assert_problem(client.put(url, json=[labels[0], labels[0]]), 422, "twice")
    assert_problem(client.put(url, json=[{"name": "gull", "colour": "red"}]), 422, "colour")
    assert client.get(url).json() == labels


def test_ones_own_figures_follow_the_masks(client: httpx.Client, project_id: str, images: list[dict[str, Any]]) -> None:
    url = f"/api/v1/projects/{project_id}/own-figures"
    since = {"since": "2020-01-01T00:00:00+02:00"}
    assert client.get(url, params=since).json() == {"masks": 0, "images": 0, "seconds": None, "clicks": None}
    mask = f"/api/v1/images/{images[0]['id']}/masks/{uuid.uuid4()}"
    client.put(mask, json=mask_body(active_ms=2500), headers={"If-None-Match": "*"}).raise_for_status()
    assert client.get(url, params=since).json() == {"masks": 1, "images": 1, "seconds": 2.5, "clicks": 1.0}
    assert_problem(client.get(url, params={"since": "2020-01-01T00:00:00"}), 422, "since")
    assert_problem(client.get(url), 422, "since")


def test_what_is_not_there_is_not_found(client: httpx.Client) -> None:
    nowhere = uuid.uuid4()
    assert_problem(client.post(f"/api/v1/projects/{nowhere}/queue/next", json={}), 404, "no project")
    assert_problem(client.get(f"/api/v1/projects/{nowhere}/labels"), 404, "no project")
    for answer in (
        client.put(f"/api/v1/images/{nowhere}/assignment"),
        client.delete(f"/api/v1/images/{nowhere}/assignment"),
        client.post(f"/api/v1/images/{nowhere}/finish"),
        client.post(f"/api/v1/images/{nowhere}/skip", json={"reason": "blurred"}),
        client.post(f"/api/v1/images/{nowhere}/reopen"),
    ):
        assert_problem(answer, 404, "no image")
