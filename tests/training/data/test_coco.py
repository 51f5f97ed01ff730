"""COCO instances: every way of writing a mask, found again by its place in the file."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.errors import InvalidInput, InvalidMask
from engine.masks import rle
from engine.training.data import json_elements
from engine.training.data.coco import Coco
from engine.training.data.coco_masks import to_rle
from engine.training.data.json_elements import elements, read_element
from engine.training.data.open import open_dataset
from tests.training.data.written import coco_document, picture, write_coco


@pytest.mark.parametrize("chunk", [1, 7, 1 << 20])
def test_polygons_and_runs_become_the_masks_they_stand_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    monkeypatch.setattr(json_elements, "CHUNK", chunk)
    dataset = open_dataset(write_coco(tmp_path / "instances.json", tmp_path / "images"))
    assert len(dataset) == 3  # the image without annotations is left out
    for number in range(3):
        found = dataset.read(number)
        image, masks = picture(number)
        assert found.id == f"instances/é {number}.png"
        assert np.array_equal(found.image, image)
        # In the order of the file, which has them the other way round.
        assert [rle.decode(mask).tolist() for mask in found.masks] == masks[::-1].tolist()


def test_crowds_are_read_where_they_are_wanted(tmp_path: Path) -> None:
    path = write_coco(tmp_path / "instances.json", tmp_path)
    assert len(Coco(path, crowds=True).read(0).masks) == 3
    assert len(Coco(path).read(0).masks) == 2


def test_images_are_found_where_they_usually_are(tmp_path: Path) -> None:
    usual = write_coco(tmp_path / "a" / "annotations" / "instances_train2017.json", tmp_path / "a" / "train2017")
    assert len(open_dataset(usual).read(2).masks) == 2
    elsewhere = write_coco(tmp_path / "b" / "x.json", tmp_path / "photos")
    with pytest.raises(InvalidInput, match=r"Name the folder: x\.json:IMAGES"):
        open_dataset(elsewhere)
    assert len(open_dataset(f"{elsewhere}:{tmp_path / 'photos'}").read(2).masks) == 2


def broken(change: dict[str, Any], key: str = "annotations") -> dict[str, Any]:
    document = coco_document()
    document[key][1].update(change)
    return document


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        (broken({"segmentation": None}), r"annotations\[1\] \(byte \d+\) has no segmentation"),
        (broken({"image_id": "7"}), r"annotations\[1\] \(byte \d+\): image_id must be a whole number, not '7'"),
        (broken({"image_id": 7}), "names image 7, which is not in the file"),
        (broken({"id": None}, "images"), r"images\[1\] \(byte \d+\): id must be"),
        ({"annotations": []}, "no list of images"),
        ({**coco_document(), "annotations": []}, "holds no annotations"),
        ({**coco_document(), "annotations": [3]}, r"annotations\[0\] \(byte \d+\) is not an object"),
    ],
)
def test_a_broken_record_is_named_when_the_file_is_opened(
    tmp_path: Path, document: dict[str, Any], complaint: str
) -> None:
    (tmp_path / "x.json").write_text(json.dumps(document))
    with pytest.raises(InvalidInput, match=complaint):
        open_dataset(tmp_path / "x.json")


@pytest.mark.parametrize(
    "text", ["", "[]", '{"images": [{"id": 1, "file_name": "a"}', '{"images": [{]}', '{"images": "unclosed']
)
def test_a_file_that_is_not_json_is_refused_with_the_place(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(InvalidInput, match=r"x\.json is not a JSON object .*byte \d+"):
        open_dataset(tmp_path / "x.json")


def test_a_mask_that_cannot_be_is_an_error_of_its_annotation(tmp_path: Path) -> None:
    document = coco_document()
    document["annotations"][1]["segmentation"]["counts"][0] += 1
    dataset = open_dataset(write_coco(tmp_path / "x.json", tmp_path, document))
    with pytest.raises(InvalidInput, match=r"annotation 5: its runs must be .* 3072 pixels"):
        dataset.read(2)


@pytest.mark.parametrize("chunk", [1, 3, 64])
def test_elements_are_found_again_whatever_is_read_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    monkeypatch.setattr(json_elements, "CHUNK", chunk)
    values = [1, -12.5e3, 'ü ] } \\" " ', {"a": [1, {"b": None}]}, [], True]
    path = tmp_path / "x.json"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps({"n": 123, "a": values, "empty": [], "z": {}}, indent=2).encode())
    found = list(elements(path))
    assert [(element.key, element.number) for element in found] == [("a", n) for n in range(6)]
    with path.open("rb") as file:
        assert [read_element(file, element.offset, element.length) for element in found] == values


@pytest.mark.parametrize(
    "segmentation",
    [[], [[1, 2, 3, 4]], [[0, 0, 1, 0, 1]], [[0, 0, float("nan"), 1, 2, 2]], [["a"] * 6], {"size": [9, 9]}, "text", 3],
)
def test_segmentations_that_mean_nothing_are_refused(segmentation: Any) -> None:
    with pytest.raises(InvalidMask):
        to_rle(segmentation, 8, 10)


def test_polygons_are_cut_off_at_the_image() -> None:
    mask = rle.decode(to_rle([[-1e9, -1e9, 1e9, -1e9, 1e9, 4, -1e9, 4]], 8, 10))
    assert mask[:4].all()
    assert not mask[4:].any()


def test_compressed_runs_pass_unchanged() -> None:
    mask = picture(3)[1][0]
    assert to_rle(rle.encode(mask), 48, 64) == rle.encode(mask)
