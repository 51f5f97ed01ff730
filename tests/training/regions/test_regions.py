"""Stable regions of pictures become an SA-1B folder that training reads."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from engine.errors import InvalidInput
from engine.masks import rle
from engine.masks.geometry import intersection_over_union
from engine.training.data.sa1b_folder import Sa1bFolder
from engine.training.regions.stable import stable_regions
from engine.training.regions.write import write_regions

SHAPE = (240, 320)


def scene() -> tuple[NDArray[np.uint8], list[NDArray[np.bool_]]]:
    """Three plain things on a plain ground, with a little noise."""
    y, x = np.indices(SHAPE)
    things = [
        (x - 80) ** 2 + (y - 120) ** 2 < 50**2,
        (abs(x - 220) < 40) & (abs(y - 80) < 30),
        (abs(x - 220) < 50) & (abs(y - 180) < 24),
    ]
    image = np.full((*SHAPE, 3), 60, np.uint8)
    for thing, colour in zip(things, ((220, 40, 40), (40, 200, 40), (60, 60, 230)), strict=True):
        image[thing] = colour
    noise = np.random.default_rng(0).integers(0, 8, image.shape, dtype=np.uint8)
    return image + noise, things


def write_scene(folder: Path, name: str, labelled: list[NDArray[np.bool_]]) -> None:
    for part in ("images", "annotations"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    Image.fromarray(scene()[0]).save(folder / "images" / f"{name}.png")
    annotations = [{"segmentation": rle.encode(mask)} for mask in labelled]
    (folder / "annotations" / f"{name}.json").write_text(json.dumps({"annotations": annotations}))


def best(mask: NDArray[np.bool_], found: list[NDArray[np.bool_]]) -> float:
    return max(float(intersection_over_union(mask, other)) for other in found)


def test_things_are_found_once_and_not_where_masks_are() -> None:
    image, things = scene()
    found = stable_regions(image, np.zeros(SHAPE, np.bool_))
    assert all(best(thing, found) > 0.85 for thing in things)
    for thing in things:
        assert sum(float(intersection_over_union(thing, region)) > 0.5 for region in found) == 1
    without_first = stable_regions(image, things[0])
    assert best(things[0], without_first) < 0.1
    assert best(things[1], without_first) > 0.85


def test_no_more_than_wanted() -> None:
    assert len(stable_regions(scene()[0], np.zeros(SHAPE, np.bool_), most=2)) == 2


def test_folder_is_read_by_training(tmp_path: Path) -> None:
    things = scene()[1]
    write_scene(tmp_path / "photos", "coco_1", things[:1])
    write_scene(tmp_path / "photos", "dsb_1", [])
    images, masks = write_regions(tmp_path / "photos", tmp_path / "out", leave_out=("dsb",))
    folder = Sa1bFolder(tmp_path / "out")
    assert (images, len(folder), folder.sources.names) == (1, 1, ("regions",))
    read = folder.read(0)
    assert len(read.masks) == masks
    assert best(things[2], [rle.decode(mask) for mask in read.masks]) > 0.85
    assert np.array_equal(read.image, scene()[0])


def test_what_is_there_is_not_made_again(tmp_path: Path) -> None:
    for name in ("a_1", "a_2"):
        write_scene(tmp_path / "photos", name, [])
    whole = write_regions(tmp_path / "photos", tmp_path / "out")
    kept, lost = (tmp_path / "out" / "annotations" / f"regions_a_{number}.json" for number in (1, 2))
    before, expected = kept.stat().st_mtime_ns, lost.read_text()
    lost.unlink()  # as if the run had ended between the two
    assert write_regions(tmp_path / "photos", tmp_path / "out") == whole
    assert kept.stat().st_mtime_ns == before
    assert lost.read_text() == expected


def test_broken_input_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="must hold the folders"):
        write_regions(tmp_path, tmp_path / "out")
    write_scene(tmp_path, "a_1", [np.ones((3, 3), np.bool_)])
    with pytest.raises(InvalidInput, match=r"a_1\.json holds a mask of another size than a_1\.png"):
        write_regions(tmp_path, tmp_path / "out")
    with pytest.raises(InvalidInput, match="no image with annotations"):
        write_regions(tmp_path, tmp_path / "out", leave_out=("a",))


def test_command_line(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "engine.training.regions"]
    for name in ("a_1", "a_2"):
        write_scene(tmp_path / "photos", name, [])
    done = subprocess.run(
        [*command, tmp_path / "photos", tmp_path / "out", "--workers", "2"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "regions of 2 images are in" in done.stderr
    wrong = subprocess.run([*command, tmp_path / "none", tmp_path], capture_output=True, text=True, check=False)
    assert (wrong.returncode, wrong.stderr.count("\n")) == (2, 1)
