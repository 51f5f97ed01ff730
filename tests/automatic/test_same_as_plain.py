"""The generator against the plain one: the same masks, crops and all.

Thresholds are low, because the models are small: what passes is measured, not how good it is.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from engine.automatic.config import AutomaticConfig
from engine.automatic.generator import generate_masks
from engine.masks import rle
from engine.sam import Sam, load_bundled
from engine.sam.predictor import Predictor
from tests.automatic.masks_in_common import found_in
from tests.automatic.plain_generator import plain_masks

LEAST_IN_COMMON = 0.99
LOW = AutomaticConfig(points_per_side=8, pred_iou_thresh=0.2, stability_score_thresh=0.45)


def compare(sam: Sam, images: list[NDArray[np.uint8]], config: AutomaticConfig) -> tuple[int, float, float]:
    """(masks, share of ours that the plain one has, share of its masks that we have)."""
    predictor = Predictor(sam)
    ours_count = theirs_count = ours_found = theirs_found = 0
    for image in images:
        ours = [rle.decode(each.segmentation) for each in generate_masks(predictor, image, config)]
        theirs = [each.mask for each in plain_masks(sam, image, config)]
        ours_count, theirs_count = ours_count + len(ours), theirs_count + len(theirs)
        ours_found, theirs_found = ours_found + found_in(ours, theirs), theirs_found + found_in(theirs, ours)
    return ours_count, ours_found / max(ours_count, 1), theirs_found / max(theirs_count, 1)


@pytest.mark.parametrize("layers", [0, 2])
def test_the_same_masks_of_noise(tiny_sam: Sam, layers: int) -> None:
    rng = np.random.default_rng(3)
    image = np.kron(rng.integers(0, 255, (13, 19, 3), dtype=np.uint8), np.ones((13, 11, 1), np.uint8))
    config = replace(
        LOW,
        points_per_side=4,
        pred_iou_thresh=0.4,
        stability_score_thresh=0.1,
        box_nms_thresh=1.0,
        crop_nms_thresh=1.0,
        min_mask_region_area=9,
        crop_n_layers=layers,
        crop_n_points_downscale_factor=2,
    )
    masks, ours, theirs = compare(tiny_sam, [image], config)
    assert masks > 5
    assert (ours, theirs) == (1.0, 1.0)


def photographs(shared_folder: Path, count: int) -> list[NDArray[np.uint8]]:
    files = sorted((shared_folder / "images" / "open" / "images").glob("*.jpg"))
    return [np.array(Image.open(file).convert("RGB")) for file in files[:: len(files) // count][:count]]


def test_the_same_masks_of_a_photograph(shared_folder: Path) -> None:
    config = replace(LOW, points_per_side=6, crop_n_layers=1)
    masks, ours, theirs = compare(load_bundled("vit_t"), photographs(shared_folder, 1), config)
    assert masks > 5
    assert min(ours, theirs) >= LEAST_IN_COMMON


@pytest.mark.slow
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("layers", [0, 1])
def test_the_same_masks_of_twenty_photographs(shared_folder: Path, layers: int) -> None:
    config = replace(LOW, points_per_side=16, crop_n_layers=layers, crop_n_points_downscale_factor=2)
    masks, ours, theirs = compare(load_bundled("vit_t"), photographs(shared_folder, 20), config)
    assert masks > 100
    assert min(ours, theirs) >= LEAST_IN_COMMON
