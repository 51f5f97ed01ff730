"""An engineer's way through the loop: retrain, watch the curve, read the verdict, compare, promote, roll back."""

import json
import uuid
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.annotating import new_project
from tests.e2e.running_maskloop import E2E, PATIENCE, RunningMaskloop, until
from tests.evaluation.drawn import write_image

pytestmark = E2E

IMAGES = 4
QUICK = """phases.0.images=1
phases.0.masks=2
phases.0.window=256
phases.0.simulation.rounds_without_point=0"""


@pytest.fixture
def project(page: Page, deployment: RunningMaskloop, tmp_path: Path) -> str:
    """A small annotated project, whose benchmark is as small."""
    with deployment.client() as client:
        until(lambda: client.get("/models/live").status_code == 200, "the live model")
        project = new_project(page)
        for seed in range(IMAGES):
            _annotated(client, project, tmp_path / "images", seed)
        benchmark = tmp_path / "benchmark"
        for seed in range(2):
            write_image(benchmark, f"drawn-{seed}", masks=1, seed=100 + seed)
        settings = {"benchmark": {"scenes": 0, "folder": str(benchmark), "noc": False}}
        client.put(f"/projects/{project}/loop-settings", json=settings).raise_for_status()
    return project


def test_an_engineer_retrains_watches_compares_promotes_and_rolls_back(
    page: Page, deployment: RunningMaskloop, project: str
) -> None:
    with deployment.client() as client:
        before = client.get("/models/live").json()
    page.get_by_role("link", name="Train", exact=True).click()
    let_everything_pass(page)
    start_quick_run(page)
    watch_until_judged(page)
    compare(page)
    with deployment.client() as client:
        live = promote(page, client, before)
        look_at_model(page, before, live)
        roll_back(page, client, before)
    page.goto(f"{deployment.url}/projects/{project}/loop")
    # A round in which nobody did anything is left out.
    expect(page.get_by_test_id("rounds").get_by_role("link", name=before["name"])).not_to_have_count(0)
    expect(page.get_by_test_id("loop-charts")).to_contain_text("paper: 34 s at first")


def let_everything_pass(page: Page) -> None:
    """Two steps make no model better: the gate is told not to mind."""
    page.get_by_role("button", name="Gate and benchmark").click()
    page.get_by_label("Points lost at most").fill("100")
    page.get_by_label("Better at so many figures").fill("0")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("dialog")).to_have_count(0)


def start_quick_run(page: Page) -> None:
    page.get_by_role("button", name="Retrain", exact=True).click()
    page.get_by_text("More", exact=True).click()
    page.get_by_label("Steps").fill("2")
    page.get_by_label("Train on generated scenes").uncheck()
    page.get_by_label("Values of the recipe").fill(QUICK)
    page.get_by_role("button", name="Start retraining").click()


def watch_until_judged(page: Page) -> None:
    """The stream alone moves the page: nothing reloads it."""
    curves = page.get_by_test_id("curves")
    expect(curves).to_have_attribute("data-points", "2", timeout=2000 * PATIENCE)
    progress = page.get_by_test_id("run-progress")
    expect(progress).to_have_attribute("data-state", "finished", timeout=2000 * PATIENCE)
    expect(page.get_by_role("img", name="Loss. Loss:")).to_be_visible()
    verdict = page.get_by_test_id("verdict")
    expect(verdict).to_contain_text("The gate lets it pass")
    expect(verdict).to_contain_text("The project leaves promotions to people.")
    expect(verdict.get_by_role("table")).to_have_count(2)


def compare(page: Page) -> None:
    page.get_by_role("link", name="Compare the masks").click()
    cards = page.get_by_test_id("compared")
    expect(cards.first).to_contain_text("IoU")
    expect(cards.first.get_by_role("img")).to_have_count(2)
    page.get_by_text("What got better").click()
    expect(cards.first.get_by_role("img")).to_have_count(2)


def promote(page: Page, client: httpx.Client, before: dict[str, Any]) -> dict[str, Any]:
    """Promotes the candidate that is looked at; returns it once it is live."""
    page.get_by_role("button", name="Promote").click()
    page.get_by_role("dialog").get_by_role("button", name="Promote").click()
    live = until(lambda: other_than(before, client.get("/models/live").json()), "the candidate to be live")
    assert client.get(f"/models/{live['id']}").json()["model"]["parent_id"] == before["id"]
    return live


def look_at_model(page: Page, before: dict[str, Any], live: dict[str, Any]) -> None:
    page.get_by_role("link", name="Models", exact=True).click()
    row = page.get_by_test_id("model-row").filter(has_text=live["name"])
    expect(row).to_have_attribute("data-state", "live")
    row.get_by_role("link").click()
    expect(page.get_by_test_id("lineage")).to_contain_text(f"{before['name']}→{live['name']}")
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("dialog")).to_contain_text("It cannot be deleted")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def roll_back(page: Page, client: httpx.Client, before: dict[str, Any]) -> None:
    page.get_by_role("button", name="Roll back").click()
    page.get_by_role("dialog").get_by_role("button", name="Roll back").click()
    until(lambda: client.get("/models/live").json()["id"] == before["id"], "the model before to be live again")
    expect(page.get_by_test_id("promotions").get_by_role("listitem")).to_have_count(1)
    expect(page.get_by_role("button", name="Promote")).to_be_visible()


def test_retraining_is_planned_and_the_plan_removed(page: Page, project: str) -> None:
    page.get_by_role("link", name="Train", exact=True).click()
    page.get_by_role("button", name="Retrain", exact=True).click()
    page.get_by_text("On new masks").click()
    page.get_by_label("Whenever there are so many new masks").fill("500")
    page.get_by_role("button", name="Plan retraining").click()
    plans = page.get_by_test_id("retrain-schedules")
    expect(plans).to_contain_text("Every 500 new masks")
    plans.get_by_role("button", name="Remove this plan").click()
    expect(plans).to_have_count(0)


def other_than(before: dict[str, Any], live: dict[str, Any]) -> dict[str, Any] | None:
    return live if live["id"] != before["id"] else None


def _annotated(client: httpx.Client, project: str, folder: Path, seed: int) -> None:
    """Uploads an image with one drawn object and stores its mask."""
    write_image(folder, f"image-{seed}", masks=1, seed=seed)
    file = folder / "images" / f"image-{seed}.png"
    (annotation,) = json.loads((folder / "annotations" / f"image-{seed}.json").read_text())["annotations"]
    uploaded = client.post(f"/projects/{project}/images", files={"file": (file.name, file.read_bytes())})
    image = uploaded.raise_for_status().json()
    body = {"segmentation": annotation["segmentation"], "stage": "manual", "prompts": {"points": []}}
    body |= {"active_ms": 14_000, "idle_ms": 0}
    address = f"/images/{image['id']}/masks/{uuid.uuid4()}"
    client.put(address, json=body, headers={"If-None-Match": "*"}).raise_for_status()
