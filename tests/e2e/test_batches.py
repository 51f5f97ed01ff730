"""A manager's way through the page: start and plan automatic batches, watch one finish, review, reject, see figures."""

from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from engine.training.scenes import generate_scene
from tests.conftest import REPOSITORY
from tests.e2e.annotating import new_project
from tests.e2e.running_maskloop import E2E, PATIENCE, RunningMaskloop, until

pytestmark = E2E
LENIENT = {"Predicted IoU above": "0.1", "Stability at least": "0.3", "Points per side": "6"}


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Three photographs, or generated scenes where there are none."""
    validation = REPOSITORY.parent / "shared" / "images" / "validation" / "images"
    if validation.is_dir():
        return sorted(validation.iterdir(), key=lambda file: (file.stat().st_size, file.name))[:3]
    folder = tmp_path_factory.mktemp("scenes")
    for seed in range(3):
        Image.fromarray(generate_scene(200 + seed, (240, 320)).image).save(folder / f"scene-{seed}.png")
    return sorted(folder.iterdir())


def test_an_automatic_batch_is_started_watched_and_reviewed(
    page: Page, deployment: RunningMaskloop, pictures: list[Path]
) -> None:
    with deployment.client() as client:
        until(lambda: client.get("/models/live").status_code == 200, "the live model")
    project = new_project(page)
    page.get_by_test_id("upload-input").set_input_files(pictures)
    expect(page.get_by_test_id("image-card")).to_have_count(len(pictures))

    page.get_by_role("link", name="Batches").click()
    page.get_by_role("button", name="New batch").click()
    for label, value in LENIENT.items():
        page.get_by_label(label).fill(value)
    page.get_by_label("Masks wait for review").check()
    expect(page.get_by_test_id("estimate")).to_contain_text(f"{len(pictures)} image")
    page.get_by_role("button", name="Start batch").click()

    progress = page.get_by_test_id("batch-progress")
    expect(progress).to_have_attribute("data-state", "finished", timeout=1000 * PATIENCE)
    expect(progress).to_contain_text(f"{len(pictures)} / {len(pictures)}")
    expect(page.get_by_test_id("latest").get_by_role("link")).to_have_count(len(pictures))

    with deployment.client() as client:
        (batch,) = client.get(f"/projects/{project}/batches").json()
        waiting = client.get(f"/projects/{project}/review").json()["items"]
    first, second, *_ = (len(image["masks"]) for image in waiting)
    assert batch["settings"]["pred_iou_thresh"] == 0.1
    masks = batch["counts"]["masks"]
    assert masks == batch["waiting_for_review"] > 3

    page.get_by_role("link", name=f"Review {masks} mask").click()
    cards = page.get_by_test_id("review-card")
    expect(cards).to_have_count(len(pictures))
    # One mask by click, taken back and rejected again; the rest of the image accepted by key, another image rejected.
    smallest = cards.first.get_by_role("button", name="Mask ").last
    smallest.dispatch_event("click")
    expect(smallest).to_have_attribute("data-state", "rejected")
    page.keyboard.press("z")
    expect(smallest).not_to_have_attribute("data-state", "rejected")
    smallest.dispatch_event("click")
    page.keyboard.press("a")
    # Offline, a decision waits and is made all the same.
    page.context.set_offline(True)
    page.keyboard.press("x")
    expect(page.get_by_role("alert")).to_contain_text("Offline: your decisions are sent")
    page.context.set_offline(False)
    expect(page.get_by_role("alert")).to_have_count(0)

    made = f"SELECT review, count(*) FROM mask WHERE job_id = '{batch['id'].replace('-', '')}' GROUP BY review"

    def reviewed() -> dict[str, int]:
        return dict(deployment.query(made))

    until(lambda: reviewed().get("accepted") == first - 1, "the first image's masks to be accepted")
    until(lambda: reviewed().get("rejected") == 1 + second, "the second image's masks to be rejected")

    page.get_by_role("link", name="Images", exact=True).click()
    # What still waits is not annotation.
    expect(page.get_by_text(f"1 of {len(pictures)} annotated · {first - 1} masks")).to_be_visible()
    page.get_by_role("link", name="Batches").click()
    expect(page.get_by_test_id("batches")).to_contain_text("Finished")


def test_a_batch_is_planned_and_the_plan_removed(page: Page) -> None:
    new_project(page)
    page.get_by_role("link", name="Batches").click()
    page.get_by_role("button", name="New batch").click()
    page.get_by_text("Embeddings").click()
    page.get_by_text("Repeatedly").click()
    cron = page.get_by_label("Cron expression")
    cron.fill("not at all")
    page.get_by_role("button", name="Plan batch").click()
    expect(page.get_by_role("alert")).to_contain_text("no cron expression")
    cron.fill("0 2 * * 1-5")
    page.get_by_role("button", name="Plan batch").click()
    plans = page.get_by_test_id("schedules")
    expect(plans).to_contain_text("At 02:00 on Monday through Friday")
    plans.get_by_role("button", name="Remove this plan").click()
    expect(plans).to_have_count(0)
