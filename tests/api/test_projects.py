import uuid
from collections.abc import Iterator

import httpx
import pytest
from sqlalchemy import event, update
from sqlalchemy.orm import Session

from engine.store.tables import Role, User
from engine.store.unit_of_work import unit_of_work
from tests.api.deployment import Deployment, Upload, assert_problem, mask_body, picture


def test_a_project_is_made_renamed_and_deleted(client: httpx.Client) -> None:
    made = client.post("/api/v1/projects", json={"name": "  Birds  of prey "})
    assert made.status_code == 201
    project = made.json()
    assert project["name"] == "Birds of prey"
    assert project["image_count"] == project["mask_count"] == 0
    assert project["cover_image_ids"] == []
    url = f"/api/v1/projects/{project['id']}"
    assert client.get(url).json() == project
    assert project in client.get("/api/v1/projects").json()

    assert client.patch(url, json={"name": "Owls"}).json()["name"] == "Owls"
    assert client.delete(url).status_code == 204
    assert_problem(client.get(url), 404, "no project")
    assert_problem(client.delete(url), 404, "no project")


def test_a_summary_counts_images_and_masks(client: httpx.Client, project_id: str, upload: Upload) -> None:
    first, second = (upload(picture(seed=seed)) for seed in range(2))
    for _ in range(2):
        client.put(
            f"/api/v1/images/{first['id']}/masks/{uuid.uuid4()}", json=mask_body(), headers={"If-None-Match": "*"}
        ).raise_for_status()
    summary = client.get(f"/api/v1/projects/{project_id}").json()
    assert summary["image_count"] == 2
    assert summary["annotated_image_count"] == 1
    assert summary["mask_count"] == 2
    assert summary["embedded_count"] == 0
    assert summary["cover_image_ids"] == [first["id"], second["id"]]


@pytest.mark.parametrize("name", ["", "   ", "x" * 201, "a\x00b", "a\nb", 7, None, ["a"]])
def test_a_name_that_cannot_be_one_is_refused(client: httpx.Client, deployment: Deployment, name: object) -> None:
    before = deployment.rows()
    response = client.post("/api/v1/projects", json={"name": name})
    assert response.status_code == 422
    assert "name" in response.json()["detail"]
    assert deployment.rows() == before


def test_an_unknown_field_is_refused(client: httpx.Client) -> None:
    assert_problem(client.post("/api/v1/projects", json={"name": "Birds", "colour": "red"}), 422, "body.colour")


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b"null", b"\xff", b'{"name": NaN}', b'{"name": "\\ud800"}', b"[" * 10_000]
)
def test_a_body_that_is_not_the_json_asked_for_is_refused(client: httpx.Client, body: bytes) -> None:
    response = client.post("/api/v1/projects", content=body, headers={"Content-Type": "application/json"})
    assert response.status_code in (400, 422)
    assert response.headers["content-type"] == "application/problem+json"


def test_a_body_that_is_not_sent_as_json_says_how(client: httpx.Client) -> None:
    for body in (b'{"name": "Birds"}', b""):
        response = client.post("/api/v1/projects", content=body, headers={"Content-Type": "text/plain"})
        assert_problem(response, 422, "application/json")


@pytest.fixture
def annotator(project_id: str) -> Iterator[None]:
    """The person signed in is an annotator meanwhile."""
    with unit_of_work() as uow:
        uow.session.execute(update(User).values(role=Role.ANNOTATOR))
    yield
    with unit_of_work() as uow:
        uow.session.execute(update(User).values(role=Role.OWNER))


@pytest.mark.usefixtures("annotator")
def test_an_annotator_cannot_make_or_delete_a_project(client: httpx.Client, project_id: str) -> None:
    assert_problem(client.post("/api/v1/projects", json={"name": "Birds"}), 403, "only an owner or a manager")
    assert_problem(client.delete(f"/api/v1/projects/{project_id}"), 403, "only an owner or a manager")


@pytest.mark.parametrize("wrong", ["7", "not-a-uuid", "%00", "..%2f..%2fetc"])
def test_what_is_no_id_names_nothing_and_makes_nothing(client: httpx.Client, wrong: str) -> None:
    for path in (f"projects/{wrong}", f"images/{wrong}", f"images/{wrong}/masks", f"images/{wrong}/thumbnail"):
        assert_problem(client.get(f"/api/v1/{path}"), 404, "nothing at")
    body = {"segmentation": {"size": [1, 1], "counts": "01"}, "stage": "manual", "prompts": {"points": []}}
    made = client.put(
        f"/api/v1/images/{uuid.uuid4()}/masks/7",
        json={**body, "active_ms": 0, "idle_ms": 0},
        headers={"If-None-Match": "*"},
    )
    assert_problem(made, 422, "mask_id")


def test_an_unknown_address_and_a_wrong_method_say_so(client: httpx.Client) -> None:
    assert_problem(client.get("/api/v1/nothing"), 404, "nothing at /api/v1/nothing")
    assert_problem(client.get("/api"), 404, "nothing at /api")
    response = client.put("/api/v1/projects", json={})
    assert_problem(response, 405, "PUT is not possible at /api/v1/projects")
    assert "GET" in response.headers["allow"]


def test_a_commit_that_fails_reaches_the_client(client: httpx.Client, deployment: Deployment) -> None:
    before = deployment.rows()

    def disk_full(_: Session) -> None:
        raise OSError("The disk is full.")

    event.listen(Session, "before_commit", disk_full)
    try:
        response = client.post("/api/v1/projects", json={"name": "Lost"})
    finally:
        event.remove(Session, "before_commit", disk_full)
    assert_problem(response, 500, "went wrong on the server")
    assert response.headers["x-content-type-options"] == "nosniff"
    assert "disk" not in response.text
    assert deployment.rows() == before
