"""Views are a function of the seed and the position; a broken file is passed over."""

from pathlib import Path

import numpy as np
import pytest
import torch

from engine.errors import InvalidInput
from engine.training.batch import Shard
from engine.training.mae.pictures import ImageFolder, Pictures, open_pictures, random_view
from tests.training.mae.shapes import write_pictures


def pictures(folder: Path, seed: int = 0, workers: int = 0) -> Pictures:
    return Pictures([open_pictures(folder)], side=32, smallest_crop=0.2, seed=seed, workers=workers)


def test_batches_are_a_function_of_the_step(tmp_path: Path) -> None:
    write_pictures(tmp_path)
    one, other = pictures(tmp_path), pictures(tmp_path)
    in_order = [one.batch(step, 4, Shard()) for step in range(4)]
    assert in_order[0].shape == (4, 3, 32, 32)
    assert in_order[0].dtype == torch.uint8
    for step in (2, 0, 3):
        assert torch.equal(other.batch(step, 4, Shard()), in_order[step])
    shares = [pictures(tmp_path).batch(1, 4, Shard(rank, 2)) for rank in range(2)]
    assert torch.equal(torch.cat(shares), in_order[1])
    assert not torch.equal(pictures(tmp_path, seed=1).batch(0, 4, Shard()), in_order[0])


def test_loading_processes_change_no_pixel(tmp_path: Path) -> None:
    write_pictures(tmp_path)
    assert torch.equal(pictures(tmp_path, workers=1).batch(3, 4, Shard()), pictures(tmp_path).batch(3, 4, Shard()))


def test_a_broken_file_is_passed_over_and_a_folder_of_them_is_not(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_pictures(tmp_path / "good", count=3)
    (tmp_path / "good" / "broken.jpg").write_bytes(b"nothing")
    assert pictures(tmp_path / "good").batch(0, 8, Shard()).shape[0] == 8
    assert "broken.jpg" in caplog.text
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "broken.jpg").write_bytes(b"nothing")
    with pytest.raises(InvalidInput, match=r"broken\.jpg"):
        pictures(tmp_path / "bad").batch(0, 1, Shard())


def test_a_folder_without_images_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="holds no images"):
        ImageFolder(tmp_path)


def test_views_are_parts_of_the_asked_size() -> None:
    image = np.zeros((60, 100, 3), np.uint8)
    image[..., 0] = np.arange(100)
    widths = []
    for seed in range(50):
        view = random_view(image, 32, 0.2, np.random.default_rng(seed))
        assert view.shape == (32, 32, 3)
        widths.append(abs(int(view[0, -1, 0]) - int(view[0, 0, 0])))
    # At least √(0.2 · 6000 · 3/4) = 30 pixels wide, at most √(6000 · 4/3) = 89.
    assert 25 <= min(widths) <= 40
    assert 70 <= max(widths) <= 90
