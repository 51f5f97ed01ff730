"""Snapshots: the split and the stages asked for, and no damage goes unnoticed."""

import json
from pathlib import Path

import numpy as np
import pytest

from engine.dataset.snapshot import HEADER_FILE, IMAGES_FILE
from engine.errors import InvalidInput
from engine.masks import rle
from engine.training.data.open import open_dataset
from tests.training.data.written import picture, write_snapshot


def test_images_of_a_split_come_with_their_masks(tmp_path: Path) -> None:
    folder = write_snapshot(tmp_path / "snapshot")
    train, validation = open_dataset(folder), open_dataset(folder, split="validation")
    assert [train.read(index).id for index in range(len(train))] == ["first/image-0", "first/image-1"]
    assert [validation.read(index).id for index in range(len(validation))] == ["first/image-2"]
    image, masks = picture(1)
    found = train.read(1)
    assert np.array_equal(found.image, image)
    assert [rle.decode(mask).tolist() for mask in found.masks] == masks.tolist()


def test_only_masks_of_the_wanted_stages_are_seen(tmp_path: Path) -> None:
    folder = write_snapshot(tmp_path / "snapshot")
    manual = open_dataset(folder, stages=("manual", "semi_automatic"))
    assert len(manual) == 1
    assert len(manual.read(0).masks) == 1
    with pytest.raises(InvalidInput, match="no train images with masks of semi_automatic"):
        open_dataset(folder, stages=("semi_automatic",))


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        (b"{", "line 2: not JSON"),
        (b"3", "line 2: not a JSON object"),
        (b"{}", "line 2: id must be text"),
        (b'{"split": "test"}', "line 2: split must be train or validation, not 'test'"),
        (b'{"masks": [{}]}', "line 2: mask 1 has no segmentation"),
        (b'{"masks": [{"segmentation": {}}]}', "line 2: mask 1 has no id or no stage"),
    ],
)
def test_a_line_of_another_form_is_named_when_the_snapshot_is_opened(
    tmp_path: Path, wrong: bytes, complaint: str
) -> None:
    folder = write_snapshot(tmp_path / "snapshot")
    lines = (folder / IMAGES_FILE).read_bytes().splitlines()
    if wrong.startswith(b'{"'):
        wrong = json.dumps({**json.loads(lines[1]), **json.loads(wrong)}).encode()
    (folder / IMAGES_FILE).write_bytes(b"\n".join([lines[0], wrong, lines[2]]))
    with pytest.raises(InvalidInput, match=complaint):
        open_dataset(folder)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"format": "other"}, "format must be"),
        ({"version": 2}, "version 2 of the format is not known"),
        ({"images": 4}, "holds 3 images, snapshot.json says 4: it is not complete"),
        ({"name": 5}, "name must be text"),
    ],
)
def test_headers_that_do_not_fit_are_refused(tmp_path: Path, change: dict[str, object], complaint: str) -> None:
    folder = write_snapshot(tmp_path / "snapshot")
    header = json.loads((folder / HEADER_FILE).read_text())
    (folder / HEADER_FILE).write_text(json.dumps({**header, **change}))
    with pytest.raises(InvalidInput, match=complaint):
        open_dataset(folder)


def test_an_image_that_is_not_the_frozen_one_is_an_error_of_its_line(tmp_path: Path) -> None:
    folder = write_snapshot(tmp_path / "snapshot")
    dataset = open_dataset(folder)
    (folder / "images" / "1.png").write_bytes((folder / "images" / "0.png").read_bytes())
    with pytest.raises(InvalidInput, match=r"line 2: .*sha256 differs"):
        dataset.read(1)
    (folder / "images" / "1.png").unlink()
    with pytest.raises(InvalidInput, match=r"line 2: .*No such file"):
        dataset.read(1)
