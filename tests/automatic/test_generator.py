"""The generator on a small real model. Its weights are random, so the thresholds are open: the rules are tested."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.automatic.config import AutomaticConfig
from engine.automatic.generator import AutomaticMask, generate_masks
from engine.errors import InvalidSetting
from engine.masks import rle
from engine.masks.run_regions import remove_small_regions
from engine.sam import Sam
from engine.sam.predictor import Predictor

OPEN = AutomaticConfig(
    points_per_side=6,
    points_per_batch=8,
    pred_iou_thresh=0.0,
    stability_score_thresh=0.0,
    box_nms_thresh=1.0,
    min_mask_region_area=4,
)


@pytest.fixture(scope="module")
def predictor(tiny_sam: Sam) -> Predictor:
    return Predictor(tiny_sam)


@pytest.fixture(scope="module")
def image() -> NDArray[np.uint8]:
    rng = np.random.default_rng(3)
    blocks = rng.integers(0, 255, (6, 9, 3), dtype=np.uint8)
    return np.kron(blocks, np.ones((12, 11, 1), np.uint8))


@pytest.fixture(scope="module")
def masks(predictor: Predictor, image: NDArray[np.uint8]) -> list[AutomaticMask]:
    return generate_masks(predictor, image, OPEN)


def test_masks_are_sound_for_their_image(masks: list[AutomaticMask], image: NDArray[np.uint8]) -> None:
    height, width = image.shape[:2]
    assert len(masks) >= 3
    for mask in masks:
        decoded = rle.decode(rle.validate(mask.segmentation, height, width))
        assert mask.area == decoded.sum()
        assert mask.bbox == rle.bbox(mask.segmentation)
        assert mask.crop_box == (0, 0, width, height)
        assert 0 <= mask.point_coords[0] < width
        assert 0 <= mask.point_coords[1] < height
        assert decoded.mean() < 1


def test_masks_come_most_confident_first(masks: list[AutomaticMask]) -> None:
    scores = [mask.predicted_iou for mask in masks]
    assert scores == sorted(scores, reverse=True)


def test_no_two_masks_have_nearly_the_same_box(
    predictor: Predictor, image: NDArray[np.uint8], masks: list[AutomaticMask]
) -> None:
    config = replace(OPEN, box_nms_thresh=0.97)
    kept = generate_masks(predictor, image, config)
    assert 1 < len(kept) < len(masks)
    assert kept[0].point_coords == masks[0].point_coords
    for index, a in enumerate(kept):
        for b in kept[index + 1 :]:
            width = min(a.bbox[0] + a.bbox[2], b.bbox[0] + b.bbox[2]) - max(a.bbox[0], b.bbox[0])
            height = min(a.bbox[1] + a.bbox[3], b.bbox[1] + b.bbox[3]) - max(a.bbox[1], b.bbox[1])
            intersection = max(0, width) * max(0, height)
            union = a.bbox[2] * a.bbox[3] + b.bbox[2] * b.bbox[3] - intersection
            assert intersection <= config.box_nms_thresh * union


def test_small_islands_and_holes_are_gone(masks: list[AutomaticMask]) -> None:
    for mask in masks:
        assert not remove_small_regions(mask.segmentation, OPEN.min_mask_region_area, "holes")[1]
        # A mask that is one small island keeps it.
        if mask.area >= OPEN.min_mask_region_area:
            assert not remove_small_regions(mask.segmentation, OPEN.min_mask_region_area, "islands")[1]


def test_thresholds_hold(predictor: Predictor, image: NDArray[np.uint8], masks: list[AutomaticMask]) -> None:
    predicted = sorted(mask.predicted_iou for mask in masks)[len(masks) // 2]
    stable = sorted(mask.stability_score for mask in masks)[len(masks) // 3]
    strict = replace(OPEN, pred_iou_thresh=predicted, stability_score_thresh=stable)
    chosen = generate_masks(predictor, image, strict)
    assert chosen
    assert all(mask.predicted_iou > predicted and mask.stability_score >= stable for mask in chosen)
    assert generate_masks(predictor, image, replace(OPEN, pred_iou_thresh=1.0)) == []


def test_the_batch_size_changes_nothing(
    predictor: Predictor, image: NDArray[np.uint8], masks: list[AutomaticMask]
) -> None:
    other = generate_masks(predictor, image, replace(OPEN, points_per_batch=36))
    assert [mask.point_coords for mask in other] == [mask.point_coords for mask in masks]
    np.testing.assert_allclose([mask.area for mask in other], [mask.area for mask in masks], rtol=0.01, atol=3)


def test_progress_counts_every_point_once(predictor: Predictor, image: NDArray[np.uint8]) -> None:
    batches: list[int] = []
    generate_masks(predictor, image, AutomaticConfig(points_per_side=3, points_per_batch=4), batches.append)
    assert batches == [4, 4, 1]


@pytest.mark.parametrize(
    "wrong",
    [{"points_per_side": 0}, {"points_per_batch": 0}, {"pred_iou_thresh": 1.5}, {"box_nms_thresh": -0.1}],
)
def test_impossible_settings_fail_when_built(wrong: dict[str, float]) -> None:
    with pytest.raises(InvalidSetting, match="must be"):
        AutomaticConfig(**wrong)  # pyright: ignore[reportArgumentType]
