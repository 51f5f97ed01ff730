"""COCO instances: one JSON file with all annotations (https://cocodataset.org/#format-data), images in a folder."""

import os
from array import array
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import InvalidInput, InvalidMask
from engine.masks import rle
from engine.masks.rle import Rle
from engine.training.data.coco_masks import to_rle
from engine.training.data.dataset import MaskedImage, Sources, check_sizes, read_pixels
from engine.training.data.index_file import keep
from engine.training.data.json_elements import Element, elements, read_element

_IMAGE = [("offset", "i8"), ("length", "i4"), ("first", "i8"), ("count", "i4")]
_ANNOTATION = [("offset", "i8"), ("length", "i4")]


class Coco:
    """The images of a COCO instances file that have annotations.

    Twelve bytes are held per annotation: where it stands in the file. Crowd regions (`iscrowd`) mark many objects at
    once with one mask; they are left out unless `crowds`.
    """

    def __init__(self, path: Path, images: Path | None = None, *, crowds: bool = False) -> None:
        """`images` is the folder of the images; without it, it is looked for near the file.

        Raises InvalidInput where the file is not COCO instances, naming the record, or the images cannot be found.
        """
        self.name = path.stem
        self.sources = Sources((self.name,))
        self._path = path
        kind = "coco-crowds" if crowds else "coco"
        indices = keep(path.parent, kind, ("images", "annotations"), [path], lambda: _index(path, crowds=crowds))
        self._index, self._annotations = indices["images"], indices["annotations"]
        if not len(self):
            raise InvalidInput(f"{path} holds no annotations to train on.")
        with path.open("rb") as file:
            first = self._image_record(file, 0)
        self._images = _folder_of_images(path, images, str(first["file_name"]))

    def __len__(self) -> int:
        return len(self._index.rows)

    def read(self, index: int) -> MaskedImage:
        row = self._index.rows[index]
        places = self._annotations.rows[int(row["first"]) : int(row["first"]) + int(row["count"])]
        with self._path.open("rb") as file:
            record = self._image_record(file, index)
            annotations = [read_element(file, int(place["offset"]), int(place["length"])) for place in places]
        path = self._images / str(record["file_name"])
        image = read_pixels(path, str(path))
        height, width = image.shape[:2]
        masks: list[Rle] = []
        for annotation in annotations:
            where = f"{self._path}, annotation {annotation.get('id')}"
            try:
                mask = to_rle(annotation["segmentation"], height, width)
            except InvalidMask as error:
                raise InvalidInput(f"{where}: {error}") from error
            if rle.area(mask):
                masks.append(mask)
        check_sizes(image, masks, str(self._path))
        return MaskedImage(f"{self.name}/{record['file_name']}", self.name, image, masks)

    def _image_record(self, file: Any, index: int) -> dict[str, Any]:
        row = self._index.rows[index]
        return read_element(file, int(row["offset"]), int(row["length"]))


def _index(path: Path, *, crowds: bool) -> dict[str, NDArray[Any]]:
    """Images with annotations in the order of the file, and annotations grouped by image."""
    ids, offsets, lengths = array("q"), array("q"), array("q")
    owners, places, sizes = array("q"), array("q"), array("q")
    for element in elements(path):
        if element.key == "images":
            if "file_name" not in _record(element, path):
                raise InvalidInput(f"{_where(element, path)} has no file_name.")
            ids.append(_id(element, "id", path))
            offsets.append(element.offset)
            lengths.append(element.length)
        elif element.key == "annotations":
            record = _record(element, path)
            if not isinstance(record.get("segmentation"), (list, dict)):
                raise InvalidInput(f"{_where(element, path)} has no segmentation; instances are needed, not boxes.")
            owner = _id(element, "image_id", path)
            if crowds or not record.get("iscrowd"):
                owners.append(owner)
                places.append(element.offset)
                sizes.append(element.length)
    image_ids, owner_ids = np.asarray(ids, np.int64), np.asarray(owners, np.int64)
    order = np.argsort(image_ids, kind="stable")
    found = np.minimum(np.searchsorted(image_ids[order], owner_ids), max(0, len(order) - 1))
    if not len(order):
        raise InvalidInput(f"{path} has no list of images: it is not a COCO instances file.")
    lost = np.flatnonzero(image_ids[order][found] != owner_ids)
    if len(lost):
        raise InvalidInput(f"{path}: an annotation names image {owner_ids[lost[0]]}, which is not in the file.")
    owner = order[found]
    by_image = np.argsort(owner, kind="stable")
    annotations = np.empty(len(owner), _ANNOTATION)
    annotations["offset"], annotations["length"] = np.asarray(places)[by_image], np.asarray(sizes)[by_image]
    counts = np.bincount(owner, minlength=len(image_ids))
    images = np.empty(len(image_ids), _IMAGE)
    images["offset"], images["length"], images["count"] = np.asarray(offsets), np.asarray(lengths), counts
    images["first"] = np.cumsum(counts) - counts
    return {"images": images[counts > 0], "annotations": annotations}


def _where(element: Element, path: Path) -> str:
    return f"{path}: {element.key}[{element.number}] (byte {element.offset})"


def _record(element: Element, path: Path) -> Mapping[str, Any]:
    if not isinstance(element.value, dict):
        raise InvalidInput(f"{_where(element, path)} is not an object.")
    return element.value


def _id(element: Element, key: str, path: Path) -> int:
    value = _record(element, path).get(key)
    if type(value) is not int or abs(value) >= 2**63:
        raise InvalidInput(f"{_where(element, path)}: {key} must be a whole number, not {value!r}.")
    return value


def _folder_of_images(path: Path, images: Path | None, file_name: str) -> Path:
    """Where the first image is: the folder named, the file's own, `images/` beside it, or COCO's own layout.

    COCO unpacks to `annotations/instances_train2017.json` and `train2017/`.
    """
    beside = path.parent
    near = (beside, beside / "images", beside.parent / path.stem.rpartition("_")[2], beside.parent / "images")
    candidates = (images,) if images is not None else near
    for folder in candidates:
        if (folder / file_name).is_file():
            return folder
    looked = ", ".join(os.fspath(folder) for folder in candidates)
    raise InvalidInput(f"{path}: its image {file_name} is not in {looked}. Name the folder: {path.name}:IMAGES.")
