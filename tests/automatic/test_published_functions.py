"""The building blocks of the automatic stage against the published package's results."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine.automatic.filters import boxes_of_masks, is_box_near_crop_edge, stability_score
from engine.automatic.grid import generate_crop_boxes, layer_point_grids, point_grid
from engine.masks import rle
from engine.masks.run_regions import remove_small_regions


@pytest.fixture(scope="module")
def vectors(shared_folder: Path) -> dict[str, Any]:
    return json.loads((shared_folder / "parity" / "automatic_functions.json").read_text())


def test_point_grid_is_the_published_one(vectors: dict[str, Any]) -> None:
    np.testing.assert_allclose(point_grid(3), vectors["point_grid_3"])


def test_each_crop_layer_halves_the_points_per_side(vectors: dict[str, Any]) -> None:
    assert [len(grid) for grid in layer_point_grids(32, 2, 2)] == vectors["layer_grids_32_2_2"]


@pytest.mark.parametrize(("height", "width"), [(97, 143), (1500, 2250)])
def test_crop_boxes_are_the_published_ones(vectors: dict[str, Any], height: int, width: int) -> None:
    expected = vectors[f"crop_boxes_{height}x{width}_2_layers"]
    crops = generate_crop_boxes(height, width, layers=2, overlap_ratio=512 / 1500)
    assert [list(crop.box) for crop in crops] == expected["boxes"]
    assert [crop.layer for crop in crops] == expected["layers"]


def test_stability_score_is_the_published_one(vectors: dict[str, Any]) -> None:
    case = vectors["stability"]
    scores = stability_score(torch.tensor(case["logits"]), case["threshold"], case["offset"])
    torch.testing.assert_close(scores, torch.tensor(case["scores"]))


def test_boxes_and_rle_of_masks_are_the_published_ones(vectors: dict[str, Any]) -> None:
    masks = torch.tensor(vectors["stability"]["logits"]) > 0
    assert boxes_of_masks(masks).tolist() == vectors["rle"]["boxes_xyxy"]
    for mask, expected in zip(masks.numpy(), vectors["rle"]["uncompressed"], strict=True):
        encoded = rle.encode(mask)
        assert encoded["size"] == expected["size"]
        assert rle.runs(encoded["counts"]).tolist() == expected["counts"]


@pytest.mark.parametrize(("mode", "result"), [("holes", "holes_filled"), ("islands", "islands_removed")])
def test_small_regions_go_as_published(vectors: dict[str, Any], mode: Any, result: str) -> None:
    case = vectors["small_regions"]
    cleaned, changed = remove_small_regions(rle.encode(np.array(case["mask"], np.bool_)), case["area"], mode)
    assert changed
    assert rle.decode(cleaned).astype(int).tolist() == case[result]


def test_boxes_near_an_inner_crop_edge_are_the_published_ones(vectors: dict[str, Any]) -> None:
    case = vectors["near_crop_edge"]
    near = is_box_near_crop_edge(torch.tensor(case["boxes"]), tuple(case["crop_box"]), tuple(case["orig_box"]))
    assert near.tolist() == case["result"]
