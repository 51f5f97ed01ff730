"""Tags over HTTP, and batches of the images that have one."""

import httpx

from tests.api.deployment import Upload, assert_problem, picture


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
