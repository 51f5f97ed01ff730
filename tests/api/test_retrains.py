"""Snapshots and retraining over HTTP: made, started, steered, followed by events, refused with a sentence."""

import json
import uuid
from typing import Any

import httpx
import pytest

from engine.flow.sign_in import create_link
from engine.sam import Sam
from engine.store.tables import RetrainPoint, RetrainRun, RetrainState, Role
from engine.store.unit_of_work import unit_of_work
from tests.api.deployment import Deployment, Upload, assert_problem, mask_body, picture
from tests.fixtures.deployment import make_user, register


@pytest.fixture(scope="module", autouse=True)
def model(deployment: Deployment, tiny_sam: Sam, tmp_path_factory: pytest.TempPathFactory) -> None:
    register(tiny_sam, tmp_path_factory.mktemp("model"))


@pytest.fixture
def patient(client: httpx.Client) -> httpx.Client:
    """The same client, for orders whose recipe is checked first: a busy machine may load torch for minutes."""
    client.timeout = httpx.Timeout(300)
    return client


@pytest.fixture
def annotated(client: httpx.Client, upload: Upload, project_id: str) -> str:
    """A project of three images with a mask each."""
    for seed in range(3):
        image = upload(picture(seed=seed), f"bird-{seed}.png")
        url = f"/api/v1/images/{image['id']}/masks/{uuid.uuid4()}"
        assert client.put(url, json=mask_body(), headers={"If-None-Match": "*"}).is_success
    return project_id


def test_snapshots_are_made_compared_and_read(client: httpx.Client, annotated: str) -> None:
    made = client.post("/api/v1/snapshots", json={"project_ids": [annotated], "filters": {"stages": ["manual"]}})
    assert made.status_code == 201, made.text
    snapshot = made.json()
    assert sum(snapshot["counts"][side]["masks"] for side in ("train", "validation")) == 3
    assert [author["masks"] for author in snapshot["authors"]] == [3]
    again = client.post("/api/v1/snapshots", json={"project_ids": [annotated]}).json()
    assert again["manifest_sha256"] == snapshot["manifest_sha256"]
    assert again["previous_id"] == snapshot["id"]
    url = f"/api/v1/snapshots/{snapshot['id']}"
    assert client.get(url).json() == snapshot
    assert [each["id"] for each in client.get("/api/v1/snapshots", params={"project_id": annotated}).json()] == [
        again["id"],
        snapshot["id"],
    ]
    assert client.get(f"{url}/diff", params={"to": again["id"]}).json()["masks_same"] == 3
    lines = client.get(f"{url}/manifest").text.splitlines()
    assert len(lines) == 3 and all(json.loads(line)["masks"] for line in lines)


def test_a_run_is_started_followed_stopped_and_resumed(patient: httpx.Client, annotated: str) -> None:
    client = patient
    order = {"project_ids": [annotated], "overrides": {"steps": 7, "phases.0.images": 2}}
    started = client.post("/api/v1/retrains", json=order)
    assert started.status_code == 201, started.text
    run = started.json()
    assert (run["state"], run["base_model_name"], run["overrides"]) == ("queued", "tiny", order["overrides"])
    again = {"project_ids": [annotated]}
    assert_problem(client.post("/api/v1/retrains", json=again), 409, f"Run {run['number']} for this project is queued")
    url = f"/api/v1/retrains/{run['id']}"
    with client.stream("GET", f"{url}/events") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        events = (json.loads(line[6:]) for line in stream.iter_lines() if line.startswith("data: "))
        assert next(events)["points"] == []
        with unit_of_work() as uow:
            row = uow.session.get_one(RetrainRun, uuid.UUID(run["id"]))
            row.state, row.step = RetrainState.RUNNING, 1
            uow.session.add(RetrainPoint(run_id=row.id, step=0, values={"loss": 0.5, "iou": [0.4]}))
        told = next(events)
        assert (told["run"]["state"], told["points"]) == (
            "running",
            [{"step": 0, "values": {"loss": 0.5, "iou": [0.4]}}],
        )
    assert client.post(f"{url}/stop").json()["state"] == "stopping"
    assert_problem(client.post(f"{url}/resume"), 409, "still stopping")
    with unit_of_work() as uow:
        uow.session.get_one(RetrainRun, uuid.UUID(run["id"])).state = RetrainState.STOPPED
    assert client.post(f"{url}/resume").json()["state"] == "queued"
    assert client.post(f"{url}/stop").json()["state"] == "stopped"
    detail = client.get(url).json()
    assert (detail["run"]["id"], len(detail["points"]), detail["evaluation"]) == (run["id"], 1, None)
    listed = client.get("/api/v1/retrains", params={"project_id": annotated}).json()
    assert [each["id"] for each in listed] == [run["id"]]


@pytest.mark.parametrize(
    ("order", "status", "says"),
    [
        ({"overrides": {"schedule.learning_rate": "much"}}, 422, "schedule.learning_rate cannot be 'much'"),
        ({"kind": "detector", "overrides": {"colour": 3}}, 422, "There is no colour."),
        ({"minimum_new_masks": 50}, 422, "50 are needed"),
        ({"base_model_id": str(uuid.uuid4())}, 404, "There is no model"),
        ({"filters": {"labels": ["fish"]}}, 422, "No mask passes"),
        ({"colour": "red"}, 422, "colour"),
    ],
)
def test_what_cannot_be_started_is_a_sentence(
    patient: httpx.Client, annotated: str, order: dict[str, Any], status: int, says: str
) -> None:
    assert_problem(patient.post("/api/v1/retrains", json={"project_ids": [annotated], **order}), status, says)
    assert patient.get("/api/v1/retrains", params={"project_id": annotated}).json() == []


def test_retraining_is_planned_and_taken_off_the_plan(client: httpx.Client, annotated: str) -> None:
    url = f"/api/v1/projects/{annotated}/retrain-schedules"
    planned = client.post(url, json={"cron": "0 2 * * *", "zone": "Europe/Berlin", "minimum_new_masks": 5})
    assert planned.status_code == 201, planned.text
    assert planned.json()["when"] == "At 02:00 every day (Europe/Berlin), with 5 new masks at least"
    every = client.post(url, json={"order": {"kind": "detector"}, "new_masks": 1000}).json()
    assert (every["every_new_masks"], every["new_masks"]) == (1000, 0)
    assert_problem(client.post(url, json={"cron": "nightly"}), 422, "no cron expression")
    assert client.delete(f"/api/v1/retrain-schedules/{every['id']}").status_code == 204
    assert [each["id"] for each in client.get(url).json()] == [planned.json()["id"]]


def test_annotators_look_but_do_not_start(deployment: Deployment, client: httpx.Client, annotated: str) -> None:
    helper = make_user("Ada", Role.ANNOTATOR)
    with unit_of_work() as uow:
        token = create_link(uow, helper)
    with httpx.Client(base_url=deployment.url, timeout=60) as annotator:
        assert annotator.post("/api/v1/sign-in", json={"token": token}).status_code == 200
        assert annotator.get("/api/v1/retrains").status_code == 200
        for path in ("snapshots", "retrains"):
            refused = annotator.post(f"/api/v1/{path}", json={"project_ids": [annotated]})
            assert_problem(refused, 403, "Only an owner or a manager")
