"""Prefilling a batch's images: what is offered, what is left alone, and what happens without a detector."""

import pytest
import torch

from engine.detector.config import BoxHeadConfig
from engine.detector.head import BoxHead
from engine.errors import InvalidInput, NotFound
from engine.flow.annotate import put_mask
from engine.flow.detectors import add_detector, find_detector, load_stored_detector
from engine.flow.model_thresholds import record_thresholds
from engine.flow.models import detector_of
from engine.flow.run_item import run_item
from engine.masks import rle
from engine.sam import Sam
from engine.store.tables import Image, Job, Mask, Model, ModelState, Project, Stage, User
from engine.store.unit_of_work import unit_of_work
from tests.flow.batching import ids, items, masks_of, start, work_off
from tests.flow.conftest import Outbox
from tests.flow.masks import mask_content

OPEN = {"score_thresh": 0.0, "pred_iou_thresh": 0.0, "stability_score_thresh": 0.0, "box_nms_thresh": 0.9}


@pytest.fixture
def detector(model: Model, tiny_sam: Sam) -> Model:
    """Untrained, so it sees boxes everywhere: what becomes of them is tested."""
    with torch.random.fork_rng():
        torch.manual_seed(2)
        head = BoxHead(BoxHeadConfig.for_model(tiny_sam.config))
    with unit_of_work() as uow:
        return add_detector(uow, head, "boxes-1", model.id, metrics={"ap50": 0.5})


def prefill(owner: User, project: Project, **changes: object) -> Job:
    return start(owner, project, "prefill", settings={**OPEN, **changes})


def overlap(a: Mask, b: Mask) -> float:
    width = min(a.bbox_x + a.bbox_w, b.bbox_x + b.bbox_w) - max(a.bbox_x, b.bbox_x)
    height = min(a.bbox_y + a.bbox_h, b.bbox_y + b.bbox_h) - max(a.bbox_y, b.bbox_y)
    shared = max(0, width) * max(0, height)
    return shared / (a.bbox_w * a.bbox_h + b.bbox_w * b.bbox_h - shared)


def test_images_are_offered_masks_of_the_semi_automatic_stage(
    image: Image, project: Project, owner: User, detector: Model, outbox: Outbox
) -> None:
    job = prefill(owner, project)
    work_off(job)
    masks = masks_of(image)
    assert masks
    for mask in masks:
        assert (mask.stage, mask.model_id, mask.job_id) == (Stage.SEMI_AUTOMATIC, detector.parent_id, job.id)
        assert len(mask.prompts["box"]) == 4
        assert mask.predicted_iou is not None and mask.stability_score is not None
        assert mask.job_settings == job.settings
    assert job.settings["most_boxes"] == 100
    assert all(overlap(a, b) <= 0.9 for a in masks for b in masks if a.id < b.id)


def test_the_same_message_twice_offers_nothing_twice(
    image: Image, project: Project, owner: User, detector: Model, outbox: Outbox
) -> None:
    job = prefill(owner, project)
    work_off(job)
    before = ids(masks_of(image))
    for item in items(job):
        run_item(item.id)
    assert ids(masks_of(image, deleted=True)) == before


def test_what_a_person_drew_stays_and_is_not_offered_again(
    image: Image, project: Project, owner: User, detector: Model, outbox: Outbox
) -> None:
    work_off(prefill(owner, project))
    offered = masks_of(image)[0]
    drawn = rle.Rle(size=[image.height, image.width], counts=offered.counts)
    with unit_of_work() as uow:
        put_mask(uow, owner, image.id, detector.id, mask_content(segmentation=drawn), None)
    again = prefill(owner, project)
    work_off(again)
    masks = {mask.id: mask for mask in masks_of(image)}
    assert masks[detector.id].stage is Stage.MANUAL
    fresh = [mask for mask in masks.values() if mask.job_id == again.id]
    assert all(overlap(masks[detector.id], mask) <= 0.9 for mask in fresh)
    # The untouched ones of the first time gave way to those of the second.
    assert len(masks) == 1 + len(fresh)


def test_filters_hold(image: Image, project: Project, owner: User, detector: Model, outbox: Outbox) -> None:
    work_off(prefill(owner, project))
    scores = sorted(mask.predicted_iou or 0 for mask in masks_of(image))
    middle = scores[len(scores) // 2]
    work_off(prefill(owner, project, pred_iou_thresh=middle))
    assert all((mask.predicted_iou or 0) > middle for mask in masks_of(image))
    work_off(prefill(owner, project, score_thresh=1.0))
    assert masks_of(image) == []


def test_the_models_own_thresholds_say_which_masks_are_good_enough(
    image: Image, project: Project, owner: User, detector: Model, model: Model, outbox: Outbox
) -> None:
    own = {"pred_iou_thresh": 0.45, "stability_score_thresh": 0.0, "box_nms_thresh": 0.5}
    with unit_of_work() as uow:
        record_thresholds(uow, model.name, own)
    job = start(owner, project, "prefill", settings={"score_thresh": 0.0})
    assert (job.settings["pred_iou_thresh"], job.settings["stability_score_thresh"]) == (0.45, 0.0)
    assert job.settings["box_nms_thresh"] == 0.7, "how far objects may overlap is no matter of the model's"
    assert job.settings["calibrated"] == ["pred_iou_thresh", "stability_score_thresh"]
    work_off(job)
    masks = masks_of(image)
    assert masks
    assert all((mask.predicted_iou or 0) > 0.45 for mask in masks)
    by_hand = prefill(owner, project, pred_iou_thresh=0.9)
    assert by_hand.settings["pred_iou_thresh"] == 0.9
    assert "pred_iou_thresh" not in by_hand.settings.get("calibrated", [])


def test_without_a_detector_the_batch_is_refused_with_what_to_do(project: Project, owner: User, model: Model) -> None:
    with pytest.raises(InvalidInput, match="maskloop detector train"):
        prefill(owner, project)


def test_detectors_are_kept_in_the_registry(model: Model, detector: Model) -> None:
    with unit_of_work(read_only=True) as uow:
        assert detector_of(uow, model).id == detector.id
        assert find_detector(uow, "boxes-1").state is ModelState.CANDIDATE
        with pytest.raises(InvalidInput, match="is no detector"):
            find_detector(uow, model.name)
        with pytest.raises(NotFound):
            find_detector(uow, "boxes-2")
    assert load_stored_detector(detector) is not None


def test_the_newest_detector_is_used(model: Model, detector: Model, tiny_sam: Sam) -> None:
    with unit_of_work() as uow:
        newer = add_detector(uow, BoxHead(BoxHeadConfig.for_model(tiny_sam.config)), "boxes-2", model.id, metrics={})
        assert detector_of(uow, model).id == newer.id
