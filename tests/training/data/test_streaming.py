"""Streamed batches are a function of the step: neither workers, processes nor restarts change a pixel."""

import logging
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from engine.errors import InvalidInput, InvalidSetting
from engine.training.batch import Batch, Shard, TrainingData, concatenate
from engine.training.data.settings import NO_AUGMENTATION, Augmentation, DataSettings
from engine.training.data.sources import open_training_data
from engine.training.data.streaming import StreamingData
from tests.training.data.written import png, sa1b_record, write_folder, write_tar

CPU = torch.device("cpu")
ALONE = Shard()
VARIED = DataSettings(augmentation=Augmentation(paste=0.5), smallest_area=1)
PLAIN = DataSettings(smallest_area=1)


def opened(settings: DataSettings, *paths: Path | str, workers: int = 0, seed: int = 0, side: int = 64) -> TrainingData:
    return open_training_data(paths, settings, side=side, device=CPU, seed=seed, workers=workers)


def assert_equal(first: Batch, second: Batch) -> None:
    for field in fields(Batch):
        a, b = getattr(first, field.name), getattr(second, field.name)
        assert torch.equal(a, b) if isinstance(a, Tensor) else a == b, field.name


def test_a_batch_is_as_promised(tmp_path: Path) -> None:
    data = opened(PLAIN, write_folder(tmp_path))
    batch = data.batch(0, 4, 3, 64, ALONE)
    assert batch.images.shape == (4, 3, 64, 64)
    assert batch.valid.shape == (4, 1, 64, 64)
    assert batch.targets.shape == (4, 3, 16, 16)
    assert batch.targets.dtype == batch.present.dtype == torch.bool
    assert batch.present.tolist() == [[True, True, False]] * 4
    assert sorted(batch.ids) == sorted(f"{tmp_path.name}/{name}" for name in ("sa_1", "sa_2", "sa_10", "coco_3"))
    assert float(batch.valid.mean()) == 48 / 64
    bright = F.avg_pool2d(batch.images.mean(1, keepdim=True), 4)[:, 0]
    masked = batch.targets.any(1)
    assert float(bright[masked].min()) > 100
    assert float((bright * batch.valid[:, 0, ::4, ::4])[~masked].max()) < 140


@pytest.mark.parametrize("settings", [VARIED, replace(VARIED, large_scale_jitter=(0.1, 2.0))])
def test_processes_together_see_the_batch_that_one_would(tmp_path: Path, settings: DataSettings) -> None:
    folder = write_folder(tmp_path)
    whole = opened(settings, folder).batch(5, 6, 3, 64, ALONE)
    parts = [opened(settings, folder).batch(5, 6, 3, 64, Shard(rank, 3)) for rank in range(3)]
    assert_equal(concatenate(parts), whole)


def test_workers_restarts_and_other_sizes_in_between_change_nothing(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "folder")
    shard = write_tar(tmp_path / "sa.tar", range(5))
    alone, helped = opened(VARIED, folder, shard), opened(VARIED, folder, shard, workers=2)
    try:
        first = [alone.batch(step, 3, 2, 32, ALONE) for step in range(3)]
        for step in (0, 1, 2):
            assert_equal(helped.batch(step, 3, 2, 32, ALONE), first[step])
        other = helped.batch(3, 2, 3, 64, ALONE)  # the next phase
        assert_equal(other, opened(VARIED, folder, shard).batch(3, 2, 3, 64, ALONE))
        assert_equal(helped.batch(1, 3, 2, 32, ALONE), first[1])
    finally:
        helped.close()
    assert not torch.equal(first[0].images, opened(VARIED, folder, shard, seed=1).batch(0, 3, 2, 32, ALONE).images)


def test_the_same_image_looks_different_in_the_next_epoch(tmp_path: Path) -> None:
    data = opened(VARIED, write_folder(tmp_path, names=("only",)))
    assert not torch.equal(data.batch(0, 1, 2, 64, ALONE).images, data.batch(1, 1, 2, 64, ALONE).images)


def test_scenes_are_mixed_in_by_their_share(tmp_path: Path) -> None:
    mixed = replace(PLAIN, scene_fraction=0.5)
    ids = opened(mixed, write_folder(tmp_path), "scenes").batch(0, 7, 2, 64, ALONE).ids
    scenes = [name for name in ids if name.startswith("scene ")]
    assert 1 < len(scenes) < 6
    assert len(set(scenes)) == len(scenes)


def test_masks_over_nine_tenths_of_the_image_are_dropped(tmp_path: Path) -> None:
    write_folder(tmp_path, names=("a",))
    masks = np.zeros((3, 48, 64), np.bool_)
    masks[0] = True
    masks[1, :46, :62] = True  # 0.93
    masks[2, :40] = True  # 0.83
    (tmp_path / "annotations" / "a.json").write_bytes(sa1b_record("a", masks))
    batch = opened(PLAIN, tmp_path).batch(0, 1, 4, 64, ALONE)
    assert batch.present.sum() == 1
    assert float(batch.targets[0, 0].float().mean()) == pytest.approx(0.75 * 40 / 48, abs=0.02)


def test_large_masks_are_likelier_where_that_is_wanted(tmp_path: Path) -> None:
    write_folder(tmp_path, names=("a",))
    masks = np.zeros((2, 48, 64), np.bool_)
    masks[0, :8, :8] = True
    masks[1, 16:, 32:] = True
    (tmp_path / "annotations" / "a.json").write_bytes(sa1b_record("a", masks))

    def share_of_large(exponent: float) -> float:
        batch = opened(replace(PLAIN, area_exponent=exponent), tmp_path).batch(0, 100, 1, 64, ALONE)
        return float((batch.targets.sum((-2, -1)) > 10).float().mean())

    assert 0.35 < share_of_large(0) < 0.65
    assert share_of_large(0.5) == pytest.approx(4 / 5, abs=0.1)  # the areas are as 1 to 16


def test_pasted_objects_bring_their_pixels_and_their_mask(tmp_path: Path) -> None:
    """The receiving image is dark all over, so whatever is bright was pasted."""
    write_folder(tmp_path / "donors")
    write_folder(tmp_path / "dark", names=("dark_1",))
    image = np.full((48, 64, 3), 20, np.uint8)
    masks = np.zeros((1, 48, 64), np.bool_)
    masks[0, 10:40, 5:60] = True
    (tmp_path / "dark" / "annotations" / "dark_1.json").write_bytes(sa1b_record("dark_1", masks))
    (tmp_path / "dark" / "images" / "dark_1.png").write_bytes(png(image))
    always = replace(PLAIN, augmentation=replace(NO_AUGMENTATION, paste=1.0))
    batch = opened(always, tmp_path / "donors", tmp_path / "dark").batch(0, 40, 4, 64, ALONE)
    received = [row for row, name in enumerate(batch.ids) if name == "dark/dark_1"]
    pasted = 0
    for row in received:
        cells = F.avg_pool2d(batch.images[row].mean(0)[None, None], 4)[0, 0]
        own = batch.targets[row, 0]
        for slot in range(1, int(batch.present[row].sum())):
            pasted += 1
            assert float(cells[batch.targets[row, slot]].min()) > 100
            assert not (own & batch.targets[row, slot]).any()  # what is covered is no longer its
        assert float(cells[own].max()) < 120
    assert pasted >= len(received) / 2 > 0


def test_a_broken_image_is_passed_over_and_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write_folder(tmp_path)
    (tmp_path / "images" / "sa_2.png").write_bytes(b"not an image")
    data = opened(PLAIN, tmp_path)
    assert isinstance(data, StreamingData)
    with caplog.at_level(logging.WARNING):
        batch = data.batch(0, 8, 2, 64, ALONE)
    assert f"{tmp_path.name}/sa_2" not in batch.ids
    assert bool(batch.present.all())
    assert data.skipped >= 2
    assert len([record for record in caplog.records if "sa_2.png" in record.message]) == 1  # said once
    assert_equal(batch, opened(PLAIN, tmp_path).batch(0, 8, 2, 64, ALONE))


@pytest.mark.parametrize("workers", [0, 1])
def test_where_all_images_are_broken_training_ends_with_a_sentence(tmp_path: Path, workers: int) -> None:
    write_folder(tmp_path)
    for image in (tmp_path / "images").iterdir():
        image.write_bytes(b"not an image")
    data = opened(PLAIN, tmp_path, workers=workers)
    with pytest.raises(InvalidInput, match=r"16 images of .* in a row .*\.png"):
        data.batch(0, 2, 2, 64, ALONE)
    data.close()


@pytest.mark.parametrize("window", [24, 128, 0])
def test_windows_that_do_not_fit_are_refused(tmp_path: Path, window: int) -> None:
    with pytest.raises(InvalidSetting, match="multiple of 16"):
        opened(PLAIN, write_folder(tmp_path)).batch(0, 1, 1, window, ALONE)


@pytest.mark.parametrize(
    "change",
    [
        {"scene_fraction": 1.5},
        {"largest_mask": 0},
        {"smallest_area": -1},
        {"source_weights": {"a": -1}},
        {"large_scale_jitter": (2, 1)},
        {"large_scale_jitter": (0.1, 2), "in_memory": True},
        {"scenes_held": 0},
    ],
    ids=str,
)
def test_impossible_settings_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(InvalidSetting):
        replace(PLAIN, **change)
    with pytest.raises(InvalidSetting):
        Augmentation(flip=2)
