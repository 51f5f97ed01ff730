"""Thresholds for the automatic stage, chosen by what a small real model finds."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.automatic.config import AutomaticConfig, config_of
from engine.automatic.generator import AutomaticMask, generate_masks
from engine.automatic.nms import non_maximum_suppression
from engine.errors import InvalidInput
from engine.evaluation.calibrate_thresholds import calibrate_thresholds, choose_thresholds
from engine.evaluation.read_folder import read_folder
from engine.evaluation.threshold_tally import BOX_OVERLAPS, PREDICTED_IOUS, STABILITIES, Tally, tally
from engine.masks import rle
from engine.sam import Sam
from engine.sam.predictor import Predictor

POINTS = 5


def square(left: int, top: int, side: int) -> rle.Rle:
    mask = np.zeros((60, 80), np.bool_)
    mask[top : top + side, left : left + side] = True
    return rle.encode(mask)


def found(segmentation: rle.Rle, predicted_iou: float, stability: float = 0.9) -> AutomaticMask:
    box, area = rle.bbox(segmentation), rle.area(segmentation)
    return AutomaticMask(segmentation, box, area, predicted_iou, stability, (0, 0, 80, 60), (0.0, 0.0))


def place(predicted_iou: float, stability: float = 0.5, overlap: float = 0.7) -> tuple[int, int, int]:
    arrays = (BOX_OVERLAPS, STABILITIES, PREDICTED_IOUS)
    o, s, p = (
        int(np.abs(array - each).argmin())
        for array, each in zip(arrays, (overlap, stability, predicted_iou), strict=True)
    )
    return o, s, p


def test_a_mask_is_right_once_and_what_nobody_labelled_counts_neither_way() -> None:
    true = [square(0, 0, 20), square(40, 0, 20)]
    counts = tally(
        [
            found(square(0, 0, 20), 0.8),
            found(square(3, 0, 19), 0.7),  # the same thing again, and just not suppressed
            found(square(40, 40, 20), 0.6),  # where there are no labels
            found(square(40, 0, 9), 0.5),  # a part of something labelled
            found(square(40, 0, 19), 0.4),
        ],
        true,
    )
    expected = {0.75: (1, 1, 1), 0.65: (2, 2, 1), 0.55: (3, 2, 1), 0.45: (4, 3, 1), 0.35: (5, 4, 2)}
    for threshold, (kept, judged, right) in expected.items():
        at = place(threshold, overlap=0.8)
        assert (counts.kept[at], counts.judged[at], counts.right[at]) == (kept, judged, right)
    assert (counts.true, counts.images) == (2, 1)
    assert counts.precision[place(0.35, overlap=0.8)] == pytest.approx(2 / 4)
    assert counts.f1[place(0.35, overlap=0.8)] == pytest.approx(4 / 6)


def test_every_choice_of_thresholds_is_counted_as_if_it_were_applied() -> None:
    rng = np.random.default_rng(0)
    masks = [
        found(
            square(int(rng.integers(0, 30)), int(rng.integers(0, 20)), int(rng.integers(10, 35))),
            float(rng.random()),
            float(rng.random()),
        )
        for _ in range(60)
    ]
    counts = tally(masks, [square(5, 5, 25)])
    for at in [place(0.2, 0.4, 0.5), place(0.5, 0.6, 0.6), place(0.0, 0.3, 0.8)]:
        overlap, stability, predicted = (
            array[i] for array, i in zip((BOX_OVERLAPS, STABILITIES, PREDICTED_IOUS), at, strict=True)
        )
        passing = [m for m in masks if m.predicted_iou > predicted and m.stability_score >= stability]
        assert counts.kept[at] == len(suppressed(passing, float(overlap)))


def suppressed(masks: Sequence[AutomaticMask], overlap: float) -> list[int]:
    corners = np.array([(x, y, x + w - 1, y + h - 1) for x, y, w, h in (mask.bbox for mask in masks)], np.float64)
    return non_maximum_suppression(corners, np.array([mask.predicted_iou for mask in masks]), overlap).tolist()


@pytest.fixture(scope="module")
def predictor(tiny_sam: Sam) -> Predictor:
    return Predictor(tiny_sam)


@pytest.fixture
def folder(predictor: Predictor, tmp_path: Path) -> Path:
    """Three images whose known masks are what the model finds at thresholds of their own."""
    config = AutomaticConfig(POINTS, None, 0.55, 0.4, box_nms_thresh=0.6, min_mask_region_area=0)
    for part in ("images", "annotations"):
        (tmp_path / "set" / part).mkdir(parents=True)
    for number in range(3):
        blocks = np.random.default_rng(number).integers(0, 255, (6, 8, 3), np.uint8)
        pixels = np.kron(blocks, np.ones((10, 10, 1), np.uint8))
        Image.fromarray(pixels).save(tmp_path / "set" / "images" / f"blocks_{number}.png")
        annotations = [{"segmentation": mask.segmentation} for mask in generate_masks(predictor, pixels, config)]
        document = {"image": {}, "annotations": annotations}
        (tmp_path / "set" / "annotations" / f"blocks_{number}.json").write_text(json.dumps(document))
    return tmp_path / "set"


def test_calibrated_thresholds_keep_what_was_counted(predictor: Predictor, folder: Path) -> None:
    seen: list[tuple[int, int]] = []
    result = calibrate_thresholds(
        predictor, folder, points_per_side=POINTS, on_image=lambda done, total: seen.append((done, total))
    )
    assert seen == [(1, 3), (2, 3), (3, 3)]
    assert result.quality.f1 > 0.9
    assert (result.with_sa_1b.f1, result.with_sa_1b.masks_per_image) == (0, 0)
    own = result.thresholds.to_settings()
    config = config_of("custom", {"points_per_side": POINTS, "min_mask_region_area": 0, **own})
    kept = [len(generate_masks(predictor, image.load().image, config)) for image in read_folder(folder)]
    assert result.quality.masks_per_image == pytest.approx(sum(kept) / 3)


def test_a_precision_can_be_asked_for(predictor: Predictor, folder: Path) -> None:
    result = calibrate_thresholds(predictor, folder, points_per_side=POINTS, least_precision=1.0)
    assert result.quality.precision == 1


def test_what_cannot_be_reached_is_said() -> None:
    wrong = tally([found(square(0, 0, 9), 0.5)], [square(0, 0, 30)])
    with pytest.raises(InvalidInput, match="none of these masks"):
        choose_thresholds({"a": wrong}, None, POINTS)
    half = tally([found(square(0, 0, 30), 0.5), found(square(0, 0, 9), 0.9)], [square(0, 0, 30)])
    with pytest.raises(InvalidInput, match=r"precision of 0.9; the highest is 0.50"):
        choose_thresholds({"a": half}, 0.9, POINTS)
    assert choose_thresholds({"a": half, "b": Tally.empty() + half}, 0.5, POINTS).images == 2
