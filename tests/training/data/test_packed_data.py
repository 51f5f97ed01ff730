"""Batches of images in memory: pixels and masks together, and a function of the step alone."""

import logging
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from engine.errors import InvalidInput, InvalidSetting
from engine.masks import rle
from engine.training.batch import Batch, Shard, concatenate
from engine.training.data import packed_data, scene_dataset
from engine.training.data.dataset import MaskedImage
from engine.training.data.packed import PackedImages, Packing
from engine.training.data.packed_data import PackedData
from engine.training.data.settings import NO_AUGMENTATION, Augmentation, DataSettings
from engine.training.data.sources import open_training_data
from tests.training.data.written import picture, sa1b_record, write_folder

CPU = torch.device("cpu")
ALONE = Shard()
MOVING = Augmentation(colour=0, grayscale=0, noise=0, blur=0, paste=0)


@pytest.fixture(autouse=True)
def _small_scenes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scene_dataset, "SCENE_SHAPES", ((64, 64),))


def opened(
    *paths: Path | str, augmentation: Augmentation = MOVING, workers: int = 0, seed: int = 0, **settings: object
) -> PackedData:
    asked = replace(DataSettings(augmentation=augmentation, smallest_area=1, in_memory=True), **settings)
    data = open_training_data(paths, asked, side=64, device=CPU, seed=seed, workers=workers)
    assert isinstance(data, PackedData)
    return data


def assert_equal(first: Batch, second: Batch) -> None:
    for field in fields(Batch):
        a, b = getattr(first, field.name), getattr(second, field.name)
        assert torch.equal(a, b) if isinstance(a, Tensor) else a == b, field.name


@pytest.mark.parametrize("window", [32, 64])
def test_views_move_pixels_and_masks_together(tmp_path: Path, window: int) -> None:
    data = opened(write_folder(tmp_path))
    for step in range(10):
        batch = data.batch(step, 6, 3, window, ALONE)
        bright = F.avg_pool2d((batch.images * batch.valid).mean(1, keepdim=True), 4)[:, 0]
        covered = (batch.targets & batch.present[..., None, None]).any(1)
        core = F.avg_pool2d(covered.float()[:, None], 3, 1, 1)[:, 0] == 1
        around = F.max_pool2d(covered.float()[:, None], 3, 1, 1)[:, 0] > 0
        assert bool((bright[core] > 120).all())
        whole = (batch.present[:, :2].all(1) | (batch.targets.sum((-3, -2, -1)) == 0))[:, None, None]
        dark = bright[~around & whole]
        assert int((dark > 120).sum()) <= 0.03 * len(dark)
        assert bool((batch.origin % 16 == 0).all())
        assert bool((batch.origin >= 0).all() and (batch.origin <= 64 - window).all())


def test_pasted_objects_bring_their_mask(tmp_path: Path) -> None:
    data = opened(write_folder(tmp_path), augmentation=replace(NO_AUGMENTATION, paste=1.0))
    pasted = 0
    for step in range(4):
        batch = data.batch(step, 6, 3, 64, ALONE)
        bright = F.avg_pool2d(batch.images.mean(1, keepdim=True), 4)[:, 0]
        for row in range(6):
            if bool(batch.present[row, 2]):  # each picture has two masks of its own
                pasted += 1
                assert float(bright[row][batch.targets[row, 2]].median()) > 150
    assert pasted > 4


@pytest.mark.parametrize("paths", [("folder", "scenes"), ("folder",)])
def test_processes_together_see_the_batch_that_one_would(tmp_path: Path, paths: tuple[str, ...]) -> None:
    write_folder(tmp_path / "folder")
    named = [name if name == "scenes" else tmp_path / name for name in paths]
    data = opened(*named, augmentation=Augmentation(), scenes_held=4)
    parts = [data.batch(7, 6, 4, 32, Shard(rank, 3)) for rank in range(3)]
    assert_equal(concatenate(parts), data.batch(7, 6, 4, 32, ALONE))


def test_a_resumed_run_sees_the_same_scenes_and_views(tmp_path: Path) -> None:
    folder = write_folder(tmp_path)
    settings = {"scenes_held": 2, "scenes_per_step": 1.0, "augmentation": Augmentation()}
    unbroken = opened(folder, "scenes", **settings)
    batches = [unbroken.batch(step, 4, 4, 64, ALONE) for step in range(4)]
    resumed = opened(folder, "scenes", **settings)
    for step in (2, 3):
        assert_equal(resumed.batch(step, 4, 4, 64, ALONE), batches[step])
    scenes = [{name for name in batch.ids if name.startswith("scene ")} for batch in batches]
    assert all(scenes)
    assert scenes[0].isdisjoint(scenes[3])  # the window has moved on
    other = opened(folder, "scenes", seed=1, **settings)
    assert not torch.equal(other.batch(0, 4, 4, 64, ALONE).images, batches[0].images)


def test_processes_that_load_and_generate_change_nothing(tmp_path: Path) -> None:
    folder = write_folder(tmp_path)
    alone = opened(folder, "scenes", scenes_held=2).batch(0, 4, 4, 64, ALONE)
    helped = opened(folder, "scenes", scenes_held=2, workers=1)
    try:
        assert_equal(helped.batch(0, 4, 4, 64, ALONE), alone)
    finally:
        helped.close()


def test_a_weight_for_a_source_that_is_not_there_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    opened(write_folder(tmp_path), source_weights={"cocoo": 1.0})
    assert "data.source_weights names cocoo, and no image is from there. The sources are: " in caplog.text


def test_scenes_alone_fill_the_batch() -> None:
    batch = opened("scenes", scenes_held=2).batch(0, 3, 4, 64, ALONE)
    assert all(name.startswith("scene ") for name in batch.ids)
    assert bool(batch.present.any(1).all())


def test_large_masks_are_chosen_more_often_where_that_is_wanted() -> None:
    masks = np.zeros((2, 64, 64), np.bool_)
    masks[0, :4, :8] = True
    masks[1, 32:] = True
    held = PackedImages(1, 2, 64, CPU)
    image = MaskedImage("a", "a", np.zeros((64, 64, 3), np.uint8), [rle.encode(mask) for mask in masks])
    held.put(0, Packing(64, 2, 0.9).pack(image, 0))
    generator, everything = np.random.default_rng(0), np.array([0, 0, 64, 64], np.float32)
    for exponent, expected in ((0.5, 8 / 9), (0.0, 1 / 2)):  # the areas are as 1 to 64
        chosen = [int(held.choose(0, 1, exponent, everything, generator)[0]) for _ in range(500)]
        assert float(np.mean(chosen)) == pytest.approx(expected, abs=0.06)


def test_masks_are_chosen_from_what_the_window_sees(tmp_path: Path) -> None:
    masks = np.zeros((3, 64, 64), np.bool_)
    masks[0, 8:24, 8:24] = True
    masks[1, 8:24, 24:56] = True  # half of it in the window
    masks[2, 40:56, 40:56] = True
    held = PackedImages(1, 3, 64, CPU)
    image = MaskedImage("a", "a", np.zeros((64, 64, 3), np.uint8), [rle.encode(mask) for mask in masks])
    held.put(0, Packing(64, 3, 0.9).pack(image, 0))
    generator, seen = np.random.default_rng(0), np.array([0, 0, 40, 32], np.float32)
    assert set(held.choose(0, 3, 0.0, seen, generator).tolist()) == {0, 1}
    firsts = [int(held.choose(0, 1, 0.0, seen, generator)[0]) for _ in range(500)]
    assert float(np.mean(firsts)) == pytest.approx(1 / 5, abs=0.06)  # rates as 1 to 1/4


def test_packing_shrinks_images_and_keeps_masks_that_may_be_kept() -> None:
    image, masks = picture(1, 96, 128)
    whole = np.ones((1, 96, 128), np.bool_)
    encoded = [rle.encode(mask) for mask in np.concatenate([whole, masks])]
    packed = Packing(64, 8, 0.9).pack(MaskedImage("a", "s", image, encoded), 0)
    assert packed.size == (48, 64)
    assert len(packed.bits) == 2
    assert np.array_equal(
        np.unpackbits(packed.bits, axis=-1)[:, :48, :64], masks.reshape(2, 48, 2, 64, 2).mean((2, 4)) >= 0.5
    )
    assert len(Packing(64, 1, 1.0).pack(MaskedImage("a", "s", image, encoded), 0).bits) == 1


def test_a_broken_image_is_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write_folder(tmp_path)
    (tmp_path / "images" / "sa_2.png").write_bytes(b"not an image")
    with caplog.at_level(logging.WARNING):
        ids = {name for step in range(9) for name in opened(tmp_path).batch(step, 4, 2, 64, ALONE).ids}
    assert "sa_2.png" in caplog.text
    assert ids == {f"{tmp_path.name}/{name}" for name in ("sa_1", "sa_10", "coco_3")}
    for image in (tmp_path / "images").iterdir():
        image.write_bytes(b"not an image")
    with pytest.raises(InvalidInput, match=r"None of the 4 images can be read .* problem: .*coco_3\.png"):
        opened(tmp_path)


def test_images_without_masks_are_never_drawn(tmp_path: Path) -> None:
    write_folder(tmp_path)
    (tmp_path / "annotations" / "sa_1.json").write_bytes(sa1b_record("sa_1", np.zeros((1, 48, 64), np.bool_)))
    ids = {name for step in range(9) for name in opened(tmp_path).batch(step, 4, 2, 64, ALONE).ids}
    assert f"{tmp_path.name}/sa_1" not in ids


def test_too_many_images_to_hold_are_refused_before_they_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packed_data, "MOST_BYTES", 100_000)
    with pytest.raises(InvalidSetting, match="in_memory=false"):
        opened(write_folder(tmp_path))
