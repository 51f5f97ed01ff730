"""Synthetic scenes: a seed is a picture, and the masks are exact."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from engine.masks import rle
from engine.training.scenes import Scene, buildings, generate_scene, lighting, simple
from engine.training.scenes.canvas import Canvas, Part
from engine.training.scenes.export import write_scenes
from engine.training.scenes.shapes import placement

SEEDS = range(12)
REPOSITORY = Path(__file__).parents[2]


@cache
def scene_of(seed: int) -> Scene:
    return generate_scene(seed, (256, 320))


def test_a_seed_reproduces_every_pixel() -> None:
    again = generate_scene(3, (256, 320))
    assert np.array_equal(again.image, scene_of(3).image)
    assert np.array_equal(again.leaf_map, scene_of(3).leaf_map)
    assert np.array_equal(again.membership, scene_of(3).membership)
    assert again.level == scene_of(3).level


def test_different_seeds_give_different_scenes() -> None:
    assert not np.array_equal(scene_of(0).image, scene_of(1).image)


@pytest.mark.parametrize("seed", SEEDS)
def test_shapes_and_types_are_as_promised(seed: int) -> None:
    scene = scene_of(seed)
    assert scene.image.shape == (256, 320, 3)
    assert scene.image.dtype == np.uint8
    assert scene.leaf_map.shape == (256, 320)
    assert scene.leaf_map.dtype == np.uint16
    assert scene.membership.dtype == np.bool_
    assert scene.membership.shape == (len(scene.level), int(scene.leaf_map.max()) + 1)
    assert set(scene.level) <= {"whole", "part", "subpart", "background-region"}


@pytest.mark.parametrize("seed", SEEDS)
def test_each_mask_is_the_union_of_its_leaves(seed: int) -> None:
    scene = scene_of(seed)
    for row, mask in zip(scene.membership, scene.masks(), strict=True):
        assert np.array_equal(mask, np.isin(scene.leaf_map, np.flatnonzero(row)))


@pytest.mark.parametrize("seed", SEEDS)
def test_every_leaf_is_visible_and_the_background_is_in_no_mask(seed: int) -> None:
    scene = scene_of(seed)
    assert np.all(np.bincount(scene.leaf_map.ravel(), minlength=scene.membership.shape[1])[1:] > 0)
    assert not scene.membership[:, 0].any()


@pytest.mark.parametrize("seed", SEEDS)
def test_a_part_lies_strictly_inside_its_parent(seed: int) -> None:
    scene = scene_of(seed)
    for row, parent in enumerate(scene.parent):
        if scene.level[row] in ("whole", "background-region"):
            assert parent == -1
        if parent >= 0:
            assert scene.membership[row][~scene.membership[parent]].sum() == 0
            assert scene.membership[row].sum() < scene.membership[parent].sum()


@pytest.mark.parametrize("seed", SEEDS)
def test_masks_are_neither_tiny_nor_repeated(seed: int) -> None:
    scene = scene_of(seed)
    assert 0 < len(scene.level) <= 100
    assert scene.masks().sum((1, 2)).min() >= 16
    assert len({row.tobytes() for row in scene.membership}) == len(scene.level)


@pytest.mark.parametrize("size", [(64, 64), (128, 300), (512, 340), (700, 640)])
def test_any_size_can_be_asked_for(size: tuple[int, int]) -> None:
    scene = generate_scene(5, size)
    assert scene.image.shape == (*size, 3)
    assert scene.leaf_map.shape == size


def test_a_size_too_small_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 64"):
        generate_scene(0, (32, 512))


def test_a_difficulty_out_of_range_is_refused() -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        generate_scene(0, (64, 64), difficulty=2)


@pytest.mark.parametrize("difficulty", [0.0, 1.0])
def test_scenes_of_any_difficulty_have_masks(difficulty: float) -> None:
    assert all(len(generate_scene(seed, (128, 128), difficulty=difficulty).level) > 0 for seed in range(5))


def test_masks_of_many_scenes_are_of_many_sizes_and_levels() -> None:
    shares = np.concatenate([scene_of(seed).masks().mean((1, 2)) for seed in SEEDS])
    assert (shares < 0.002).any()
    assert (shares > 0.1).any()
    assert {level for seed in SEEDS for level in scene_of(seed).level} == {
        "whole",
        "part",
        "subpart",
        "background-region",
    }


def test_written_scenes_can_be_read_as_sa1b_annotations(tmp_path: Path) -> None:
    paths = list(write_scenes(tmp_path, 2, seed=40, size=(96, 128), difficulty=0.5))
    assert [path.name for path in paths] == ["scene_00000040.jpg", "scene_00000041.jpg"]
    scene = generate_scene(40, (96, 128))
    content = json.loads((tmp_path / "annotations" / "scene_00000040.json").read_text(encoding="utf-8"))
    with Image.open(paths[0]) as image:
        assert image.size == (content["image"]["width"], content["image"]["height"]) == (128, 96)
    assert content["image"]["file_name"] == paths[0].name
    assert len(content["annotations"]) == len(scene.level)
    for mask, entry in zip(scene.masks(), content["annotations"], strict=True):
        assert np.array_equal(rle.decode(entry["segmentation"]), mask)
        assert entry["area"] == mask.sum()
        x, y, wide, high = entry["bbox"]
        assert mask[y : y + high, x : x + wide].sum() == entry["area"]


@pytest.mark.parametrize("seed", SEEDS)
def test_any_two_masks_are_nested_or_apart(seed: int) -> None:
    """What is visible of whole, part and subpart forms a tree: no pixel belongs to two things."""
    scene = scene_of(seed)
    sizes = scene.membership.sum(1)
    common = scene.membership.astype(np.int64) @ scene.membership.T
    smaller = np.minimum(sizes[:, None], sizes[None, :])
    assert ((common == 0) | (common == smaller)).all()
    wholes = [row for row, parent in enumerate(scene.parent) if parent < 0]
    assert scene.masks()[wholes].sum(0).max() == 1


def test_subparts_lie_in_parts_and_parts_in_wholes() -> None:
    chains = 0
    for seed in SEEDS:
        scene = scene_of(seed)
        for row, level in enumerate(scene.level):
            above = scene.parent[row]
            if level == "subpart" and above >= 0 and scene.parent[above] >= 0:
                chains += 1
                whole, part, subpart = (scene.masks()[each] for each in (scene.parent[above], above, row))
                assert not (subpart & ~part).any()
                assert not (part & ~whole).any()
                assert subpart.sum() < part.sum() < whole.sum()
    assert chains > 10


def test_another_process_renders_the_same_pixels() -> None:
    """Nothing depends on the hash seed, on the number of threads, or on what was rendered before."""
    program = (
        "import cv2, hashlib; cv2.setNumThreads(1); from engine.training.scenes import generate_scene;"
        "scene = generate_scene(3, (256, 320));"
        "print(hashlib.sha256(scene.image.tobytes() + scene.leaf_map.tobytes()).hexdigest())"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "77", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", program]
    run = subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=True)
    scene = scene_of(3)
    assert run.stdout.strip() == hashlib.sha256(scene.image.tobytes() + scene.leaf_map.tobytes()).hexdigest()


def ink(make: Callable[[np.random.Generator], Part], seed: int) -> NDArray[np.bool_]:
    """What a thing covers on an empty canvas."""
    generator = np.random.default_rng(seed)
    canvas = Canvas(128, 128, generator, lighting.random_light(generator))
    canvas.draw(make(generator).mapped(placement(64, 64, 40)))
    return canvas.leaves > 0


@pytest.mark.parametrize("make", [simple.thin, buildings.fence, buildings.street_lamp], ids=lambda make: make.__name__)
def test_there_are_thin_things(make: Callable[[np.random.Generator], Part]) -> None:
    """Hardly any of their pixels have four covered neighbours two pixels away."""
    cores: list[float] = []
    for seed in range(6):
        covered = ink(make, seed)
        core = covered[2:-2, 2:-2] & covered[4:, 2:-2] & covered[:-4, 2:-2] & covered[2:-2, 4:] & covered[2:-2, :-4]
        cores.append(float(core.sum() / covered.sum()))
    assert min(cores) < 0.35


def test_signs_carry_letters() -> None:
    """Holes and separate strokes inside one board: more leaves than the board alone."""
    counts: list[int] = []
    for seed in range(12):
        generator = np.random.default_rng(seed)
        canvas = Canvas(128, 128, generator, lighting.random_light(generator))
        board = simple.sign(generator)
        counts.append(sum(child.outline is not None and child.outline.holes for child in board.children))
        canvas.draw(board.mapped(placement(64, 64, 40)))
        assert (canvas.leaves > 0).any()
    assert min(counts) >= 1
    assert max(counts) > 3
