"""Tags over HTTP: of one image and of many, and what chooses images by them."""

import uuid
from typing import Any

import httpx

from engine.flow.sign_in import create_link
from engine.store.unit_of_work import unit_of_work
from tests.api.deployment import Deployment, Upload, assert_problem, picture
from tests.fixtures.deployment import make_user


def test_images_are_tagged_and_chosen(client: httpx.Client, project_id: str, upload: Upload) -> None:
    night, _ = (upload(picture(seed=seed), f"bird-{seed}.png") for seed in range(2))
    tags, project = f"/api/v1/images/{night['id']}/tags", f"/api/v1/projects/{project_id}"
    assert client.put(tags, json=["Night", "rain"]).json() == ["night", "rain"]
    assert client.get(tags).json() == ["night", "rain"]
    assert client.get(f"{project}/tags").json() == [{"tag": "night", "images": 1}, {"tag": "rain", "images": 1}]
    order = {"kind": "export", "selection": {"tag": "NIGHT"}}
    assert client.post(f"{project}/batches/estimate", json=order).json()["images"] == 1
    assert client.post(f"{project}/batches", json=order).json()["selection"] == {"tag": "NIGHT"}
    assert_problem(client.put(tags, json=["x" * 60]), 422, "50 printable characters")
    assert_problem(client.put(tags.replace(night["id"], project_id), json=["night"]), 404, "no image")


def test_many_images_are_tagged_in_one_request(
    client: httpx.Client, deployment: Deployment, project_id: str, upload: Upload
) -> None:
    first, second, third = (upload(picture(seed=seed), f"bird-{seed}.png")["id"] for seed in range(3))
    project = f"/api/v1/projects/{project_id}"

    def change(**body: Any) -> httpx.Response:
        return client.post(f"{project}/tags", json=body)

    assert change(image_ids=[first, third], add=["Night", "rain"]).json() == {"changed": 2}
    assert change(image_ids=[first, second], add=["night"], remove=["rain"]).json() == {"changed": 2}
    listed = client.get(f"{project}/images").json()["items"]
    assert [image["tags"] for image in listed] == [["night"], ["night"], ["night", "rain"]]
    rainy = client.get(f"{project}/images", params={"tag": "Rain"}).json()
    assert (rainy["total"], [image["id"] for image in rainy["items"]]) == (1, [third])
    assert client.get(f"/api/v1/images/{third}").json()["tags"] == ["night", "rain"]

    before = deployment.stored()
    assert_problem(change(image_ids=[first, str(uuid.uuid4())], add=["fog"]), 404, "no image")
    assert_problem(change(image_ids=[first], add=[str(number) for number in range(50)]), 422, "at most 50 tags")
    assert_problem(change(image_ids=[first]), 422, "at least one tag")
    assert_problem(change(image_ids=[], add=["fog"]), 422, "image_ids")
    assert_problem(change(image_ids=[first], ad=["fog"]), 422, "ad")
    assert_problem(client.get(f"{project}/images", params={"tag": ""}), 422, "A tag is")
    assert deployment.stored() == before


def test_annotators_see_tags_and_change_none(
    client: httpx.Client, anyone: httpx.Client, project_id: str, upload: Upload
) -> None:
    image = upload()["id"]
    with unit_of_work() as uow:
        token = create_link(uow, make_user("Ann"))
    # A client keeps the cookie of whoever signed in last.
    anyone.post("/api/v1/sign-in", json={"token": token}).raise_for_status()
    project = f"/api/v1/projects/{project_id}"
    assert client.get(f"{project}/images").json()["items"][0]["tags"] == []
    body = {"image_ids": [image], "add": ["night"]}
    assert_problem(client.post(f"{project}/tags", json=body), 403, "Only an owner or a manager can tag images.")
