import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.errors import InvalidInput
from engine.masks import rle
from engine.simulation.ground_truth import read_domain


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Six images, four of them named `a_…`, each with a large mask, a small one and a speck."""
    (tmp_path / "images").mkdir()
    (tmp_path / "annotations").mkdir()
    masks = np.zeros((3, 48, 64), np.bool_)
    masks[0, 40:45, 5:10] = True
    masks[1, 5:35, 5:50] = True
    masks[2, 46, 60] = True
    annotations = [{"segmentation": rle.encode(mask)} for mask in masks]
    for name in ("a_1", "a_2", "a_3", "a_4", "b_1", "b_2"):
        Image.new("RGB", (64, 48)).save(tmp_path / "images" / f"{name}.png")
        (tmp_path / "annotations" / f"{name}.json").write_text(json.dumps({"annotations": annotations}))
    return tmp_path


def test_what_is_held_out_is_never_annotated(folder: Path) -> None:
    domain = read_domain(folder, "a", pool=2, held_out=2)
    assert (len(domain.pool), len(domain.held_out)) == (2, 2)
    assert {*domain.pool.images} | {*domain.held_out.images} == {"a_1.png", "a_2.png", "a_3.png", "a_4.png"}


def test_a_larger_pool_leaves_the_held_out_images_as_they_are(folder: Path) -> None:
    small, large = (read_domain(folder, None, pool, held_out=2) for pool in (1, 4))
    assert [*small.held_out.images] == [*large.held_out.images]
    assert [*small.pool.images] == [*large.pool.images][:1]


def test_the_largest_object_comes_first_and_specks_never(folder: Path) -> None:
    domain = read_domain(folder, "b", pool=1, held_out=1)
    (name,) = domain.pool.images
    assert domain.pool.masks(name).sum(axis=(1, 2)).tolist() == [30 * 45, 25]


def test_too_few_images_are_told(folder: Path) -> None:
    with pytest.raises(InvalidInput, match="has 2 images of b; this simulation needs 3 to annotate and 1 held out"):
        read_domain(folder, "b", pool=3, held_out=1)
