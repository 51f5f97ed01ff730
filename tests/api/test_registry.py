"""The registry, the loop's settings and its report over HTTP."""

import uuid
from pathlib import Path

import httpx
import pytest

from engine.flow.registry import list_registry
from engine.flow.sign_in import create_link
from engine.sam import Sam
from engine.store.tables import Model, ModelState, RetrainKind, RetrainRun, RetrainState, Snapshot
from engine.store.unit_of_work import unit_of_work
from tests.api.deployment import Deployment, assert_problem
from tests.fixtures.deployment import make_user, register

MODELS = "/api/v1/models"


@pytest.fixture
def live(deployment: Deployment, tiny_sam: Sam, tmp_path: Path) -> Model:
    with unit_of_work() as uow:
        for entry in list_registry(uow):
            entry.model.state = ModelState.RETIRED
    return register(tiny_sam, tmp_path, f"base {uuid.uuid4().hex[:8]}")


@pytest.fixture
def child(live: Model) -> Model:
    """A candidate that was trained from the live model."""
    with unit_of_work() as uow:
        model = Model(
            name=f"child {uuid.uuid4().hex[:8]}",
            arch=live.arch,
            config=live.config,
            weights_key=live.weights_key,
            weights_sha256=live.weights_sha256,
            parent_id=live.id,
            state=ModelState.CANDIDATE,
        )
        uow.session.add(model)
    return model


@pytest.fixture
def annotator(deployment: Deployment, anyone: httpx.Client) -> httpx.Client:
    user = make_user("Ann")
    with unit_of_work() as uow:
        token = create_link(uow, user)
    assert anyone.post("/api/v1/sign-in", json={"token": token}).status_code == 200
    return anyone


def test_models_are_listed_with_their_lineage(client: httpx.Client, live: Model, child: Model) -> None:
    listed = {each["id"]: each for each in client.get(MODELS).raise_for_status().json()}
    assert listed[str(child.id)]["parent_id"] == str(live.id)
    assert (listed[str(child.id)]["kind"], listed[str(child.id)]["figures"]) == ("promptable", {})
    detail = client.get(f"{MODELS}/{child.id}").raise_for_status().json()
    assert detail["ancestors"] == [str(live.id)]
    assert detail["parameters"] > 0
    assert detail["needed_by"] == []
    base = client.get(f"{MODELS}/{live.id}").raise_for_status().json()
    assert base["children"] == [str(child.id)]
    assert base["needed_by"] == ["It is live.", f"It is where {child.name} came from."]


def test_promoting_and_rolling_back(client: httpx.Client, live: Model, child: Model) -> None:
    promoted = client.post(f"{MODELS}/{child.id}/promote").raise_for_status().json()
    assert (promoted["id"], promoted["state"]) == (str(child.id), "live")
    assert client.get(f"{MODELS}/live").json()["id"] == str(child.id)
    (promotion,) = client.get(f"{MODELS}/{child.id}").json()["promotions"]
    assert (promotion["reason"], promotion["previous_id"], promotion["by_name"]) == ("hand", str(live.id), "Owner")
    assert client.post(f"{MODELS}/rollback").raise_for_status().json()["id"] == str(live.id)
    assert_problem(client.post(f"{MODELS}/rollback"), 409, "replaced no other model")
    assert_problem(client.delete(f"{MODELS}/{child.id}"), 409, "It has been live")


def test_annotators_look_but_change_nothing(annotator: httpx.Client, live: Model, child: Model) -> None:
    assert annotator.get(MODELS).status_code == 200
    for refused in (
        annotator.post(f"{MODELS}/{child.id}/promote"),
        annotator.post(f"{MODELS}/rollback"),
        annotator.delete(f"{MODELS}/{child.id}"),
    ):
        assert refused.status_code in (403, 409)
    assert annotator.get(f"{MODELS}/live").json()["id"] == str(live.id)
    assert annotator.get("/api/v1/me/contribution").raise_for_status().json() == {"latest": None}


def test_weights_and_card_are_downloaded_and_the_model_deleted(client: httpx.Client, child: Model) -> None:
    weights = client.get(f"{MODELS}/{child.id}/weights").raise_for_status()
    assert int.from_bytes(weights.content[:8], "little") < len(weights.content)
    assert "safetensors" in weights.headers["content-disposition"]
    card = client.get(f"{MODELS}/{child.id}/card").raise_for_status()
    assert card.headers["content-type"].startswith("text/markdown")
    assert f"# Model card: `{child.name}`" in card.text
    assert client.delete(f"{MODELS}/{child.id}").status_code == 204
    assert_problem(client.get(f"{MODELS}/{child.id}"), 404, "no model")


def test_settings_of_the_loop(client: httpx.Client, project_id: str, tmp_path: Path) -> None:
    url = f"/api/v1/projects/{project_id}/loop-settings"
    settings = client.get(url).raise_for_status().json()
    assert settings["auto_promote"] is False
    assert (settings["gate"]["better_at"], settings["gate"]["largest_loss"]) == (1, 0.5)
    assert settings["benchmark"]["scenes"] > 0
    settings["gate"]["largest_loss"] = 1.5
    assert client.put(url, json=settings).raise_for_status().json() == settings
    assert client.get(url).json() == settings
    nowhere = settings | {"benchmark": {"folder": str(tmp_path / "nowhere")}}
    assert_problem(client.put(url, json=nowhere), 422, "must hold the folders images/ and annotations/")
    long_name = settings | {"benchmark": {"folder": "a" * 300}}
    assert_problem(client.put(url, json=long_name), 422, "cannot be looked into")
    assert_problem(client.put(url, json=settings | {"benchmark": {"scenes": 0}}), 422, "needs scenes or a folder")
    assert_problem(client.put(url, json=settings | {"gate": {"clicks": [2]}}), 422, "gate.clicks")
    assert_problem(client.put(url, json=settings | {"speed": 1}), 422, "speed")
    assert client.get(url).json() == settings


def test_a_new_projects_report_has_one_round(client: httpx.Client, project_id: str) -> None:
    report = client.get(f"/api/v1/projects/{project_id}/loop-report").raise_for_status().json()
    assert report["reference"] == {"seconds_per_mask": [34, 14], "masks_per_image": [20, 44, 72]}
    (only,) = report["rounds"]
    assert (only["number"], only["masks"], only["ended_at"], only["accepted_share"]) == (0, 0, None, None)
    assert_problem(client.get(f"/api/v1/projects/{uuid.uuid4()}/loop-report"), 404, "project")


def test_a_run_without_evaluation_has_no_comparison(client: httpx.Client, project_id: str, live: Model) -> None:
    me = uuid.UUID(client.get("/api/v1/me").json()["id"])
    with unit_of_work() as uow:
        snapshot = Snapshot(
            number=1,
            name="Birds",
            project_ids=[project_id],
            filters={},
            manifest_key="none",
            manifest_sha256="none",
            counts={},
            authors={},
            created_by=me,
        )
        uow.session.add(snapshot)
        uow.session.flush()
        run = RetrainRun(
            number=1,
            kind=RetrainKind.PROMPTABLE,
            name="Birds",
            snapshot_id=snapshot.id,
            replay_snapshot_ids=[],
            base_model_id=live.id,
            recipe="finetune",
            overrides={},
            state=RetrainState.RUNNING,
            created_by=me,
        )
        uow.session.add(run)
    url = f"/api/v1/retrains/{run.id}/comparison"
    assert_problem(client.get(url), 404, "not evaluated yet")
    assert_problem(client.get(f"{url}/{uuid.uuid4()}"), 404, "not evaluated yet")
    assert_problem(client.get(url, params={"clicks": "2"}), 422, "clicks")
