"""SA-1B as folders and as tar shards: the same pictures and masks come back, and what is broken is named."""

import json
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest

from engine.errors import InvalidInput
from engine.masks import rle
from engine.training.data import sa1b_tar
from engine.training.data.dataset import MaskDataset
from engine.training.data.index_file import FOLDER
from engine.training.data.open import open_dataset
from tests.training.data.written import picture, sa1b_record, write_folder, write_tar


def assert_holds(dataset: MaskDataset, index: int, number: int) -> None:
    found = dataset.read(index)
    image, masks = picture(number)
    assert np.array_equal(found.image, image)
    assert [rle.decode(mask).tolist() for mask in found.masks] == masks.tolist()


@pytest.mark.parametrize("nested", [True, False])
def test_both_layouts_of_a_folder_are_read(tmp_path: Path, nested: bool) -> None:
    dataset = open_dataset(write_folder(tmp_path / "data", nested=nested))
    assert [dataset.read(index).id for index in range(4)] == ["data/coco_3", "data/sa_1", "data/sa_10", "data/sa_2"]
    assert [dataset.read(index).source for index in range(4)] == ["coco", "sa", "sa", "sa"]
    assert dataset.sources.names == ("coco", "sa")
    assert_holds(dataset, 1, 0)
    assert_holds(dataset, 2, 2)


def test_images_without_annotations_are_left_out_and_names_without_a_prefix_are_one_source(tmp_path: Path) -> None:
    write_folder(tmp_path / "data", names=("a", "b_1", "é"))
    (tmp_path / "data" / "annotations" / "a.json").unlink()
    dataset = open_dataset(tmp_path / "data")
    assert [dataset.read(index).id for index in range(len(dataset))] == ["data/b_1", "data/é"]
    assert dataset.sources.names == ("data",)


def test_an_annotation_without_an_image_is_named(tmp_path: Path) -> None:
    write_folder(tmp_path)
    (tmp_path / "images" / "sa_2.png").unlink()
    with pytest.raises(InvalidInput, match=r"1 of 4 annotations .* have no image .*: sa_2\."):
        open_dataset(tmp_path)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"{", r"sa_10\.json: not JSON"),
        (b"[]", r"sa_10\.json: not an SA-1B annotation file"),
        (b'{"annotations": [{"segmentation": [[1, 2]]}]}', r"sa_10\.json: annotation 1 has no segmentation"),
        (b'{"annotations": [{"segmentation": {"size": [2, 2], "counts": "~"}}]}', r"sa_10\.json: annotation 1: "),
    ],
)
def test_an_annotation_of_another_form_is_noticed_when_the_folder_is_opened(
    tmp_path: Path, content: bytes, complaint: str
) -> None:
    write_folder(tmp_path)
    (tmp_path / "annotations" / "sa_10.json").write_bytes(content)
    with pytest.raises(InvalidInput, match=complaint):
        open_dataset(tmp_path)


@pytest.mark.parametrize("path", ["nothing", "empty", "notes.txt"])
def test_what_is_no_data_set_is_refused_with_a_sentence(tmp_path: Path, path: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").touch()
    with pytest.raises(InvalidInput, match=path):
        open_dataset(tmp_path / path)


def test_a_mask_of_another_size_and_a_damaged_image_are_errors_of_that_record(tmp_path: Path) -> None:
    dataset = open_dataset(write_folder(tmp_path))
    (tmp_path / "annotations" / "sa_1.json").write_bytes(sa1b_record("sa_1", np.ones((1, 10, 10), np.bool_)))
    with pytest.raises(InvalidInput, match=r"sa_1\.json: mask 1 is 10×10 pixels, the image 64×48"):
        dataset.read(1)
    image = tmp_path / "images" / "sa_2.png"
    image.write_bytes(image.read_bytes()[:60])
    with pytest.raises(InvalidInput, match=r"sa_2\.png: .*damaged"):
        dataset.read(3)


def test_empty_masks_are_passed_over(tmp_path: Path) -> None:
    write_folder(tmp_path)
    _, masks = picture(0)
    masks[0] = False
    (tmp_path / "annotations" / "sa_1.json").write_bytes(sa1b_record("sa_1", masks))
    assert len(open_dataset(tmp_path).read(1).masks) == 1


def test_shards_are_read_in_any_order(tmp_path: Path) -> None:
    write_tar(tmp_path / "sa" / "sa_000001.tar", range(3, 5))
    write_tar(tmp_path / "sa" / "sa_000000.tar", range(3))
    dataset = open_dataset(tmp_path / "sa")
    assert len(dataset) == 5
    for index in (4, 0, 3, 1, 2):
        assert_holds(dataset, index, index)
    assert dataset.read(4).id == "sa_000001/sa_4"
    assert_holds(open_dataset(tmp_path / "sa" / "sa_000001.tar"), 0, 3)


def test_an_index_is_built_once_and_anew_when_a_shard_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shard = write_tar(tmp_path / "a.tar", range(3))
    open_dataset(shard)
    with monkeypatch.context() as patched:
        patched.setattr(sa1b_tar, "_index", lambda _: pytest.fail("built again"))
        kept = open_dataset(shard)
    # Mapped from its file, so a copy for another process carries no rows.
    assert len(pickle.dumps(kept)) < 1000
    assert_holds(pickle.loads(pickle.dumps(kept)), 2, 2)  # noqa: S301 - our own object
    write_tar(shard, range(4))
    assert len(open_dataset(shard)) == 4


def test_where_nothing_can_be_written_the_index_stays_in_memory(tmp_path: Path) -> None:
    shard = write_tar(tmp_path / "a.tar", range(3))
    (tmp_path / FOLDER).touch()  # a file where the folder would be
    dataset = open_dataset(shard)
    assert_holds(pickle.loads(pickle.dumps(dataset)), 2, 2)  # noqa: S301 - our own object


def test_damaged_shards_are_named(tmp_path: Path) -> None:
    shard = write_tar(tmp_path / "cut.tar", range(3))
    content = shard.read_bytes()
    shard.write_bytes(content[: content.rindex(b"counts")])
    with pytest.raises(InvalidInput, match=r"cut\.tar"):
        open_dataset(shard)
    (tmp_path / "text.tar").write_text("not a tar file" * 100)
    with pytest.raises(InvalidInput, match=r"text\.tar cannot be read as a tar file"):
        open_dataset(tmp_path / "text.tar")


def test_a_shard_with_an_annotation_alone_is_refused(tmp_path: Path) -> None:
    (tmp_path / "sa_9.json").write_text(json.dumps({"annotations": []}))
    shutil.make_archive(str(tmp_path / "lonely"), "tar", tmp_path, "sa_9.json")
    with pytest.raises(InvalidInput, match=r"sa_9\.json has no image beside it"):
        open_dataset(tmp_path / "lonely.tar")
