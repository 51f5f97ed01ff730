"""Batches over HTTP: started, steered, followed by events, refused with a sentence."""

import json
import uuid
from typing import Any

import httpx
import pytest

from engine.sam import Sam
from engine.store.tables import ItemState, Job, JobItem
from engine.store.unit_of_work import unit_of_work
from tests.api.deployment import Deployment, Upload, assert_problem, picture
from tests.fixtures.deployment import register


@pytest.fixture(scope="module", autouse=True)
def model(deployment: Deployment, tiny_sam: Sam, tmp_path_factory: pytest.TempPathFactory) -> None:
    register(tiny_sam, tmp_path_factory.mktemp("model"))


@pytest.fixture
def images(upload: Upload) -> list[dict[str, Any]]:
    return [upload(picture(seed=seed), f"bird-{seed}.png") for seed in range(3)]


@pytest.fixture
def batches(project_id: str) -> str:
    return f"/api/v1/projects/{project_id}/batches"


def test_a_batch_is_started_listed_and_steered(
    client: httpx.Client, batches: str, images: list[dict[str, Any]]
) -> None:
    started = client.post(batches, json={"kind": "automatic", "name": "First", "settings": {"preset": "fast"}})
    assert started.status_code == 201, started.text
    batch = started.json()
    assert (batch["state"], batch["counts"]["left"], batch["settings"]["points_per_side"]) == ("running", 3, 16)
    assert [each["id"] for each in client.get(batches).json()] == [batch["id"]]
    url = f"/api/v1/batches/{batch['id']}"
    assert client.post(f"{url}/pause").json()["state"] == "paused"
    assert client.patch(url, json={"priority": "high", "concurrency": 2}).json()["priority"] == "high"
    assert client.post(f"{url}/resume").json()["state"] == "running"
    cancelled = client.post(f"{url}/cancel").json()
    assert (cancelled["state"], cancelled["counts"]["cancelled"]) == ("cancelled", 3)
    assert client.get(f"{url}/failures").json() == []
    assert client.get(url).json()["seconds_left"] is None


def test_events_tell_what_changes(client: httpx.Client, batches: str, images: list[dict[str, Any]]) -> None:
    batch_id = client.post(batches, json={"kind": "automatic"}).json()["id"]
    with client.stream("GET", f"/api/v1/batches/{batch_id}/events") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        events = (json.loads(line[6:]) for line in stream.iter_lines() if line.startswith("data: "))
        assert next(events)["batch"]["state"] == "running"
        with unit_of_work() as uow:
            job = uow.session.get_one(Job, uuid.UUID(batch_id))
            item = uow.session.query(JobItem).filter_by(job_id=job.id).first()
            assert item is not None
            item.state, item.error = ItemState.FAILED, "The image is damaged."
        assert next(events)["batch"]["counts"]["failed"] == 1
    assert_problem(client.get(f"/api/v1/batches/{uuid.uuid4()}/events"), 404, "no batch")


def test_an_estimate_starts_nothing(client: httpx.Client, batches: str, images: list[dict[str, Any]]) -> None:
    order = {"kind": "automatic", "selection": {"limit": 2}}
    estimate = client.post(f"{batches}/estimate", json=order).json()
    settings = estimate.pop("settings")
    assert (settings["preset"], settings["pred_iou_thresh"]) == ("custom", 0.88), "what would be done, written out"
    assert estimate == {
        "images": 2,
        "seconds_per_image": None,
        "seconds": None,
        "measured_images": 0,
        "same_settings": False,
        "precision": None,
    }
    assert client.get(batches).json() == []


@pytest.mark.parametrize(
    ("order", "says"),
    [
        ({"kind": "fly"}, "kind"),
        ({"kind": "automatic", "settings": {"points": 1}}, "no setting 'points'"),
        ({"kind": "automatic", "settings": {"preset": ["fast"]}}, "no preset"),
        ({"kind": "automatic", "selection": {"colour": "x"}}, "colour"),
        ({"kind": "automatic", "selection": {"tag": "x"}}, "No image"),
        ({"kind": "automatic", "selection": {"name_contains": "owl"}}, "No image"),
        ({"kind": "export", "settings": {"points": 1}}, "has no settings"),
        ({"kind": "prefill"}, "detector"),
    ],
)
def test_a_bad_order_gets_a_sentence(
    client: httpx.Client, batches: str, images: list[dict[str, Any]], order: dict[str, Any], says: str
) -> None:
    assert_problem(client.post(batches, json=order), 422, says)


def test_schedules_are_made_listed_and_removed(
    client: httpx.Client, project_id: str, images: list[dict[str, Any]]
) -> None:
    url = f"/api/v1/projects/{project_id}/schedules"
    order = {"kind": "automatic"}
    made = client.post(url, json={"order": order, "cron": "0 2 * * *", "zone": "Europe/Berlin"})
    assert made.status_code == 201, made.text
    assert made.json()["when"] == "At 02:00 every day (Europe/Berlin)"
    assert_problem(client.post(url, json={"order": order}), 422, "in one way")
    assert_problem(client.post(url, json={"order": order, "cron": "never"}), 422, "no cron expression")
    assert [each["id"] for each in client.get(url).json()] == [made.json()["id"]]
    assert client.delete(f"/api/v1/schedules/{made.json()['id']}").status_code == 204
    assert client.get(url).json() == []


def test_review_says_what_waits(client: httpx.Client, project_id: str, images: list[dict[str, Any]]) -> None:
    url = f"/api/v1/projects/{project_id}/review"
    assert client.get(url).json() == {"items": [], "images": 0, "masks": 0, "review_batches": False}
    assert client.put(f"{url}/setting", json={"review_batches": True}).json() == {"review_batches": True}
    assert client.post(f"/api/v1/projects/{project_id}/batches", json={"kind": "automatic"}).json()["review"]
    body = {"mask_ids": [str(uuid.uuid4())], "decision": "accept"}
    assert_problem(client.post(url, json=body), 404, "no mask to review")
    assert_problem(client.get(url, params={"min_size": 2}), 422, "min_size")
    decided = client.post(f"{url}/all", json={"decision": "reject"}, params={"max_predicted_iou": 0.5})
    assert decided.json() == {"changed": 0, "left": 0}
