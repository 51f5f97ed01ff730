"""The whole path in a real browser: sign in, upload, click, choose, accept, undo, reload, export."""

import json
import zipfile
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from playwright.sync_api import Page, expect
from pycocotools import mask as coco_mask

from engine.masks import rle
from engine.masks.geometry import intersection_over_union
from engine.sam import load_bundled
from engine.sam.transforms import apply_coords, resized_shape
from tests.conftest import REPOSITORY
from tests.e2e.annotating import new_project, open_image, position, wait_until_ready, wait_until_saved
from tests.e2e.running_maskloop import E2E, RunningMaskloop, until
from tests.e2e.subjects import Subject, photograph, scene

pytestmark = [
    *E2E,
    # pycocotools' own; its boxes are right all the same.
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"),
]

# The bundled model is small and the first click is all it gets; a click that went astray scores near 0.
GOOD_IOU = 0.75
# The browser, the server and torch decode the same embedding to the same mask.
SAME_MASK_IOU = 0.999
SA1B_IMAGE = {"image_id": int, "width": int, "height": int, "file_name": str}
SA1B_ANNOTATION = {
    "id": int,
    "segmentation": dict,
    "bbox": list,
    "area": int,
    "predicted_iou": float,
    "stability_score": float,
    "crop_box": list,
    "point_coords": list,
}


@pytest.fixture(scope="module")
def subject(tmp_path_factory: pytest.TempPathFactory) -> Subject:
    validation = REPOSITORY.parent / "shared" / "images" / "validation"
    return photograph(validation) if validation.is_dir() else scene(tmp_path_factory.mktemp("scene"))


@pytest.mark.parametrize("decoder", ["browser", "server"])
def test_a_click_in_the_browser_becomes_a_stored_mask_that_survives_a_reload_and_is_exported(
    page: Page, deployment: RunningMaskloop, subject: Subject, decoder: str, tmp_path: Path
) -> None:
    project = new_project(page)
    open_image(page, subject, decoder)

    click_object(page, subject, 0)
    expect(page.get_by_test_id("candidate-0")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("object-row")).to_have_count(1)

    click_object(page, subject, 1)
    page.keyboard.press("Tab")
    expect(page.get_by_test_id("candidate-1")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("object-row")).to_have_count(2)

    page.keyboard.press("Control+z")
    expect(page.get_by_test_id("object-row")).to_have_count(1)
    page.keyboard.press("Control+Shift+z")
    expect(page.get_by_test_id("object-row")).to_have_count(2)
    wait_until_saved(page)

    page.reload()
    wait_until_ready(page, decoder)
    expect(page.get_by_test_id("object-row")).to_have_count(2)

    with deployment.client() as client:
        stored = stored_masks(client, project)
        check_provenance(stored, client, subject)
        record = check_export(page, project, client, tmp_path)
    assert [annotation["segmentation"] for annotation in record["annotations"]] == [
        mask["segmentation"] for mask in stored
    ]


def click_object(page: Page, subject: Subject, index: int) -> None:
    """Clicks the centre of an object, and waits for the candidates."""
    x, y = position(page, *subject.centre(index))
    page.mouse.click(x, y)
    expect(page.get_by_test_id("candidate-2")).to_be_visible()


def stored_masks(client: httpx.Client, project: str) -> list[dict[str, Any]]:
    (image,) = client.get(f"/projects/{project}/images").json()["items"]
    return until(lambda: two_of(client.get(f"/images/{image['id']}/masks").json()), "both masks to be stored")


def two_of(masks: list[dict[str, Any]]) -> list[dict[str, Any]] | None:
    return sorted(masks, key=lambda mask: mask["created_at"]) if len(masks) == 2 else None


def check_provenance(stored: list[dict[str, Any]], client: httpx.Client, subject: Subject) -> None:
    """The stored masks fit the objects, and how they came about is stored with them."""
    model = client.get("/models/live").json()["id"]
    for index, mask in enumerate(stored):
        x, y = subject.centre(index)
        (point,) = mask["prompts"]["points"]
        assert point["label"] == 1
        assert abs(point["x"] - x) <= 1.5
        assert abs(point["y"] - y) <= 1.5
        assert mask["candidate_index"] == index
        assert mask["predicted_iou"] == mask["candidates_iou"][index]
        assert mask["candidates_iou"] == sorted(mask["candidates_iou"], reverse=True)
        assert (mask["model_id"], mask["stage"], mask["author_name"]) == (model, "manual", "Owner")
        answer = answer_of_torch(client, mask)
        assert intersection_over_union(rle.decode(mask["segmentation"]), answer) >= SAME_MASK_IOU
    iou = intersection_over_union(rle.decode(stored[0]["segmentation"]), subject.masks[0])
    assert iou >= GOOD_IOU


def answer_of_torch(client: httpx.Client, mask: dict[str, Any]) -> NDArray[np.bool_]:
    """What the bundled model answers in torch to the clicks of a stored mask, on the image's stored embedding."""
    sam = load_bundled("vit_t")
    stored = client.get(f"/images/{mask['image_id']}/embedding", params={"model_id": mask["model_id"]}).content
    side = sam.config.embedding_side
    embedding = np.frombuffer(stored, "<f2").astype(np.float32).reshape(1, -1, side, side)
    size: tuple[int, int] = tuple(mask["segmentation"]["size"])
    points = np.array([[[point["x"], point["y"]] for point in mask["prompts"]["points"]]], np.float64)
    with torch.no_grad():
        coords = torch.from_numpy(apply_coords(points, size, sam.image_size))
        sparse, dense = sam.prompt_encoder((coords, torch.ones(1, 1)), None, None)
        low, iou = sam.mask_decoder(
            torch.from_numpy(embedding), sam.prompt_encoder.get_dense_pe(), sparse, dense, multimask_output=True
        )
        full = sam.postprocess_masks(low, resized_shape(*size, sam.image_size), size)[0] > 0
    return full[iou[0].argsort(descending=True)[mask["candidate_index"]]].numpy()


def check_export(page: Page, project: str, client: httpx.Client, folder: Path) -> dict[str, Any]:
    """Exports as a person would, and checks the one JSON against SA-1B's form and with pycocotools."""
    page.goto(page.url.partition("/images/")[0])
    page.get_by_test_id("export").click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name="SA-1B").click()
    archive = folder / "export.zip"
    download.value.save_as(archive)
    with zipfile.ZipFile(archive) as files:
        (name,) = files.namelist()
        record: dict[str, Any] = json.loads(files.read(name))

    (image,) = client.get(f"/projects/{project}/images").json()["items"]
    assert record.keys() == {"image", "annotations"}
    assert {key: type(value) for key, value in record["image"].items()} == SA1B_IMAGE
    height, width = image["height"], image["width"]
    assert (record["image"]["height"], record["image"]["width"]) == (height, width)
    for annotation in record["annotations"]:
        assert {key: type(value) for key, value in annotation.items()} == SA1B_ANNOTATION
        assert annotation["segmentation"].keys() == {"size", "counts"}
        assert coco_mask.decode(annotation["segmentation"]).shape == (height, width)
        assert int(coco_mask.area(annotation["segmentation"])) == annotation["area"] > 0
        assert coco_mask.toBbox(annotation["segmentation"]).tolist() == annotation["bbox"]
        assert annotation["crop_box"] == [0, 0, width, height]
        assert [len(point) for point in annotation["point_coords"]] == [2]
        assert 0 <= annotation["predicted_iou"] <= 1
        assert 0 <= annotation["stability_score"] <= 1
    return record
