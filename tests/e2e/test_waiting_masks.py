"""What a batch found, on the annotation page: offered, kept and rejected one by one or all at once, and taken back."""

from collections import Counter

import httpx
from playwright.sync_api import Page, expect

from tests.e2e.annotating import new_project, wait_until_saved
from tests.e2e.running_maskloop import E2E, PATIENCE, RunningMaskloop, until
from tests.fixtures.pictures import picture

pytestmark = E2E
LENIENT = {"pred_iou_thresh": 0.0, "stability_score_thresh": 0.0, "points_per_side": 4, "box_nms_thresh": 0.5}


def test_masks_that_wait_are_kept_and_rejected_by_key_and_at_once(page: Page, deployment: RunningMaskloop) -> None:
    project = new_project(page)
    with deployment.client() as client:
        until(lambda: client.get("/models/live").status_code == 200, "the live model")
        image, found = made_by_a_batch(client, project)
        page.goto(f"{deployment.url}/projects/{project}")
        expect(page.get_by_test_id("image-card")).to_contain_text(f"{found} to review")
        page.goto(f"{deployment.url}/projects/{project}/images/{image}")
        strip = page.get_by_test_id("waiting-masks")
        expect(strip).to_contain_text(f"{found} to review")

        # The first Y goes to the first mask, the second keeps it; Delete rejects the one after it.
        for key in ("y", "y", "Delete"):
            page.keyboard.press(key)
        expect(strip).to_contain_text(f"{found - 2} to review")
        wait_until_saved(page)
        assert reviews(client, image) == {"accepted": 1, "waiting": found - 2}
        page.keyboard.press("Control+z")
        page.keyboard.press("Control+z")
        expect(strip).to_contain_text(f"{found} to review")
        wait_until_saved(page)
        assert reviews(client, image) == {"waiting": found}

        # Undo goes back to what it brought back: the next key means that one.
        page.keyboard.press("y")
        expect(strip).to_contain_text(f"{found - 1} to review")
        page.keyboard.press("Control+z")
        page.keyboard.press("Control+Shift+z")
        strip.get_by_role("button", name="Delete all").click()
        expect(strip).to_have_count(0)
        expect(page.get_by_test_id("object-row")).to_have_count(1)
        page.keyboard.press("Control+z")
        expect(strip).to_contain_text(f"{found - 1} to review")
        wait_until_saved(page)
        page.reload()
        expect(strip).to_contain_text(f"{found - 1} to review")
        strip.get_by_role("button", name="Keep all").click()
        expect(strip).to_have_count(0)
        wait_until_saved(page)
        assert reviews(client, image) == {"accepted": found}


def made_by_a_batch(client: httpx.Client, project: str) -> tuple[str, int]:
    """(id of an image, how many masks a batch that waits for review has found on it), at least 4."""
    files = {"file": ("shapes.png", picture(320, 240, seed=5), "image/png")}
    image = client.post(f"/projects/{project}/images", files=files).json()["id"]
    order = {"kind": "automatic", "settings": LENIENT, "review": True}
    batch = client.post(f"/projects/{project}/batches", json=order).json()["id"]

    def finished() -> dict[str, int] | None:
        now = client.get(f"/batches/{batch}").json()["batch"]
        return now["counts"] if now["state"] == "finished" else None

    counts = until(finished, "the batch", PATIENCE)
    assert counts["masks"] >= 4, counts
    return image, counts["masks"]


def reviews(client: httpx.Client, image: str) -> dict[str, int]:
    return dict(Counter(mask["review"] for mask in client.get(f"/images/{image}/masks").json()))
