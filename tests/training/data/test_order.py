"""The sequence of images: whole epochs, exact shares, and nothing remembered."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
import pytest

from engine.errors import InvalidSetting
from engine.training.data.dataset import MaskedImage, Sources
from engine.training.data.order import BLOCK, Order, strata, with_replay
from engine.training.data.scene_dataset import Scenes

ONE_SOURCE = Sources(("a",))


@dataclass
class Numbers:
    """A data set of which only the size and the sources matter."""

    count: int
    sources: Sources = ONE_SOURCE
    name: str = "numbers"

    def __len__(self) -> int:
        return self.count

    def read(self, index: int) -> MaskedImage:
        raise NotImplementedError


def test_an_epoch_holds_every_image_once_in_an_order_of_its_own() -> None:
    order = Order(strata([Numbers(50)], {}, 0.5), seed=3)
    epochs = [[order.image(50 * epoch + turn)[1] for turn in range(50)] for epoch in range(3)]
    assert all(sorted(epoch) == list(range(50)) for epoch in epochs)
    assert epochs[0] != epochs[1]
    assert epochs[0] != [Order(strata([Numbers(50)], {}, 0.5), seed=4).image(turn)[1] for turn in range(50)]


def test_a_position_holds_the_same_image_whatever_was_asked_before() -> None:
    parts = strata([Numbers(50), Numbers(7), Scenes(0)], {}, 0.2)
    positions = np.random.default_rng(0).integers(0, 3 * BLOCK, 200).tolist()
    forward = Order(parts, 1)
    expected = {position: forward.image(position) for position in sorted(positions)}
    anew = Order(parts, 1)
    assert {position: anew.image(position) for position in positions} == expected


def test_data_sets_share_by_their_sizes_and_scenes_come_on_top() -> None:
    order = Order(strata([Numbers(300), Numbers(100), Scenes(0)], {}, 0.2), 0)
    drawn = [order.image(position) for position in range(BLOCK)]
    counts = Counter(dataset for dataset, _ in drawn)
    assert counts[2] == pytest.approx(0.2 * BLOCK, abs=2)
    assert counts[0] == pytest.approx(0.6 * BLOCK, abs=2)
    scenes = sorted(image for dataset, image in drawn if dataset == 2)
    assert scenes == list(range(counts[2]))  # each scene once


def test_sources_share_by_their_weights_across_data_sets() -> None:
    codes = np.array([0] * 90 + [1] * 10, np.uint16)
    mixed = Numbers(100, Sources(("coco", "facade"), codes))
    parts = strata([mixed, Numbers(30, Sources(("coco",)))], {"coco": 1, "facade": 3}, 0.5)
    order = Order(parts, 0)
    drawn = [order.image(position) for position in range(BLOCK)]
    facade = sum(dataset == 0 and image >= 90 for dataset, image in drawn)
    other_coco = sum(dataset == 1 for dataset, _ in drawn)
    assert facade == pytest.approx(0.75 * BLOCK, abs=2)
    assert other_coco == pytest.approx(0.25 * BLOCK * 30 / 120, abs=2)


def test_a_source_without_weight_is_not_drawn() -> None:
    codes = np.array([0, 1, 0, 1], np.uint16)
    parts = strata([Numbers(4, Sources(("coco", "facade"), codes))], {"facade": 0}, 0.5)
    assert {Order(parts, 0).image(position) for position in range(100)} == {(0, 0), (0, 2)}
    with pytest.raises(InvalidSetting, match="weight 0"):
        strata([Numbers(4)], {"a": 0}, 0.5)


def test_scenes_alone_are_all_there_is() -> None:
    assert [part.share for part in strata([Scenes(0)], {}, 0.2)] == [1.0]
    assert [part.share for part in strata([Numbers(3)], {}, 0.2)] == [1.0]


def test_earlier_data_get_their_share() -> None:
    parts = with_replay(strata([Numbers(10), Numbers(10)], {}, 0), strata([Numbers(1000)], {}, 0), 0.25, 2)
    order = Order(parts, 0)
    counts = Counter(order.image(position)[0] for position in range(BLOCK))
    assert counts[2] == pytest.approx(0.25 * BLOCK, abs=2)
    assert counts[0] == pytest.approx(counts[1], abs=2)
