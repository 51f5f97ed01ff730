"""Batches of points in threads of their own: the same masks as with one thread, and nothing is left behind."""

from collections.abc import Iterator
from concurrent.futures import CancelledError

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from engine.automatic.config import AutomaticConfig
from engine.automatic.generator import generate_masks
from engine.automatic.side_by_side import side_by_side
from engine.masks import rle
from engine.sam import Sam
from engine.sam.predictor import Predictor
from tests.automatic.masks_in_common import found_in

CONFIG = AutomaticConfig(
    points_per_side=6,
    points_per_batch=2,
    pred_iou_thresh=0.3,
    stability_score_thresh=0.1,
    box_nms_thresh=1.0,
    crop_nms_thresh=1.0,
    crop_n_layers=1,
)


@pytest.fixture
def image() -> NDArray[np.uint8]:
    noise = np.random.default_rng(5).integers(0, 255, (11, 15, 3), dtype=np.uint8)
    return np.kron(noise, np.ones((12, 10, 1), np.uint8))


@pytest.fixture
def threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("threads")
def test_many_threads_find_what_one_finds(tiny_sam: Sam, image: NDArray[np.uint8]) -> None:
    found: list[list[NDArray[np.bool_]]] = []
    for count in (1, 3):
        torch.set_num_threads(count)
        asked: list[int] = []
        masks = generate_masks(Predictor(tiny_sam), image, CONFIG, asked.append)
        found.append([rle.decode(mask.segmentation) for mask in masks])
        assert sum(asked) == CONFIG.points
        assert torch.get_num_threads() == count
    one, many = found
    assert len(one) > 3
    assert found_in(one, many) == found_in(many, one) == len(one) == len(many)


@pytest.mark.usefixtures("threads")
def test_an_error_gives_the_rest_up(tiny_sam: Sam, image: NDArray[np.uint8]) -> None:
    torch.set_num_threads(2)
    told: list[int] = []

    def stop(points: int) -> None:
        told.append(points)
        raise CancelledError

    with pytest.raises(CancelledError):
        generate_masks(Predictor(tiny_sam), image, CONFIG, stop)
    assert len(told) == 1
    assert torch.get_num_threads() == 2


@pytest.mark.usefixtures("threads")
def test_threads_share_the_cores_out() -> None:
    torch.set_num_threads(2)
    with side_by_side(torch.device("cpu")) as pool:
        assert pool is not None
        assert list(pool.map(lambda _: torch.get_num_threads(), range(8))) == [1] * 8
        assert torch.get_num_threads() == 2
    torch.set_num_threads(19)
    with side_by_side(torch.device("cpu")) as pool:
        assert pool is not None
        assert set(pool.map(lambda _: torch.get_num_threads(), range(20))) == {2}
    torch.set_num_threads(1)
    with side_by_side(torch.device("cpu")) as pool:
        assert pool is None
    with side_by_side(torch.device("cuda")) as pool:
        assert pool is None
