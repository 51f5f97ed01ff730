"""Batches made ahead are the ones that would have been made when asked for."""

import threading
from dataclasses import fields
from pathlib import Path

import pytest
import torch
from torch import Tensor

from engine.errors import InvalidSetting
from engine.training.batch import Batch, Shard, TrainingData
from engine.training.data.ahead import Ahead
from engine.training.data.settings import Augmentation, DataSettings
from engine.training.data.sources import open_training_data
from tests.training.data.written import write_folder

CPU = torch.device("cpu")
ALONE = Shard()


def opened(folder: Path) -> TrainingData:
    settings = DataSettings(augmentation=Augmentation(), smallest_area=1, in_memory=True)
    return open_training_data([folder], settings, side=64, device=CPU)


class Counted:
    """Training data that remembers what it was asked for, and waits for leave to answer from step `slow` on."""

    def __init__(self, data: TrainingData, slow: int | None = None) -> None:
        self._data, self._slow = data, slow
        self.asked: list[tuple[int, int]] = []
        self.go_on = threading.Event()
        self.closed = False

    def batch(self, step: int, images: int, masks: int, window: int, shard: Shard) -> Batch:
        self.asked.append((step, images))
        if self._slow is not None and step >= self._slow:
            assert self.go_on.wait(30)
        return self._data.batch(step, images, masks, window, shard)

    def close(self) -> None:
        self.closed = True
        self._data.close()


def assert_equal(first: Batch, second: Batch) -> None:
    for field in fields(Batch):
        a, b = getattr(first, field.name), getattr(second, field.name)
        assert torch.equal(a, b) if isinstance(a, Tensor) else a == b, field.name


def test_batches_are_the_same_across_a_change_of_phase(tmp_path: Path) -> None:
    folder = write_folder(tmp_path)
    plain, ahead = opened(folder), Ahead(opened(folder), CPU)
    for step, images in enumerate((4, 4, 4, 2, 2)):
        assert_equal(plain.batch(step, images, 3, 32, ALONE), ahead.batch(step, images, 3, 32, ALONE))
    ahead.close()


def test_the_next_batch_is_begun_before_it_is_asked_for(tmp_path: Path) -> None:
    counted = Counted(opened(write_folder(tmp_path)), slow=1)
    ahead = Ahead(counted, CPU)
    ahead.batch(0, 4, 3, 32, ALONE)  # comes back although step 1 is still being made
    counted.go_on.set()
    ahead.batch(1, 4, 3, 32, ALONE)
    ahead.close()
    assert counted.asked[:2] == [(0, 4), (1, 4)]
    assert counted.asked.count((1, 4)) == 1
    assert counted.closed


def test_an_error_reaches_who_asks(tmp_path: Path) -> None:
    ahead = Ahead(opened(write_folder(tmp_path)), CPU)
    with pytest.raises(InvalidSetting, match="multiple of 16"):
        ahead.batch(0, 4, 3, 33, ALONE)
    ahead.close()
