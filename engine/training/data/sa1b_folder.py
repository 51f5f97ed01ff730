"""SA-1B as files in a folder: `images/NAME.jpg` and `annotations/NAME.json`, or both side by side as published."""

import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.errors import InvalidInput
from engine.training.data import sa1b_records
from engine.training.data.dataset import MaskedImage, Sources, check_sizes, read_pixels

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff")
MOST_SOURCES = 64
"""With more prefixes than this, the part of a name before `_` does not say where an image comes from."""
CHECKED = 16
"""Annotation files that are parsed when a folder is opened: a folder of the wrong kind is noticed at once."""

Names = NDArray[np.bytes_]


class Sa1bFolder:
    """An SA-1B folder. Only file names are held."""

    def __init__(self, folder: Path) -> None:
        """Raises InvalidInput where there are no annotations, one has no image, or one is not of SA-1B's form."""
        self.name = folder.name
        nested = (folder / "annotations").is_dir()
        self._images, self._annotations = (folder / "images", folder / "annotations") if nested else (folder, folder)
        if not self._images.is_dir():
            raise InvalidInput(f"{folder} has annotations/ but no images/.")
        stems = _stems(_listed(self._annotations, (".json",)))
        if not len(stems):
            raise InvalidInput(f"{self._annotations} holds no annotation files (NAME.json) to train on.")
        self._names = _paired(stems, _listed(self._images, IMAGE_SUFFIXES), self._annotations, self._images)
        self.sources = sources_of(stems, self.name)
        for index in np.linspace(0, len(self) - 1, min(CHECKED, len(self))).astype(int):
            path = self._annotation_path(int(index))
            sa1b_records.masks(sa1b_records.parse(path.read_bytes(), str(path))["annotations"], str(path))

    def __len__(self) -> int:
        return len(self._names)

    def read(self, index: int) -> MaskedImage:
        path = self._images / os.fsdecode(bytes(self._names[index]))
        annotation_path = self._annotation_path(index)
        try:
            content = annotation_path.read_bytes()
        except OSError as error:
            raise InvalidInput(f"{annotation_path}: {error}.") from error
        record = sa1b_records.parse(content, str(annotation_path))
        masks = sa1b_records.masks(record["annotations"], str(annotation_path))
        image = read_pixels(path, str(path))
        check_sizes(image, masks, str(annotation_path))
        return MaskedImage(f"{self.name}/{path.stem}", source_of(self.sources, index), image, masks)

    def _annotation_path(self, index: int) -> Path:
        return self._annotations / f"{Path(os.fsdecode(bytes(self._names[index]))).stem}.json"


def source_of(sources: Sources, index: int) -> str:
    """The name of an image's source."""
    return sources.names[0 if sources.codes is None else int(sources.codes[index])]


def sources_of(stems: Names, name: str) -> Sources:
    """Sources by the part of file names before the first `_`; just one, called `name`, where that says nothing."""
    prefix, mark, _ = (np.asarray(part) for part in np.strings.partition(stems, b"_"))
    if not (mark == b"_").all():
        return Sources((name,))
    unique, codes = np.unique(prefix, return_inverse=True)
    if len(unique) > MOST_SOURCES:
        return Sources((name,))
    return Sources(tuple(os.fsdecode(bytes(each)) for each in unique), codes.astype(np.uint16))


def _listed(folder: Path, suffixes: tuple[str, ...]) -> Names:
    """Sorted names of the files with one of these endings; never more than a few thousand of them as strings."""
    parts: list[Names] = []
    chunk: list[bytes] = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.lower().endswith(suffixes) and not entry.name.startswith("."):
                chunk.append(os.fsencode(entry.name))
            if len(chunk) == 4096:
                parts.append(np.array(chunk))
                chunk = []
    if chunk:
        parts.append(np.array(chunk))
    return np.sort(np.concatenate(parts)) if parts else np.zeros(0, "S1")


def _stems(names: Names) -> Names:
    return np.asarray(np.strings.rpartition(names, b".")[0]) if len(names) else names


def _paired(stems: Names, images: Names, annotations_folder: Path, images_folder: Path) -> Names:
    """The image of each annotation; images without one are left out."""
    image_stems = _stems(images)
    order = np.argsort(image_stems, kind="stable")
    place = np.minimum(np.searchsorted(image_stems[order], stems), max(0, len(images) - 1))
    missing = np.flatnonzero(image_stems[order][place] != stems) if len(images) else np.arange(len(stems))
    if len(missing):
        names: Iterable[str] = (os.fsdecode(bytes(stems[each])) for each in missing[:3])
        raise InvalidInput(
            f"{len(missing)} of {len(stems)} annotations in {annotations_folder} have no image in {images_folder}: "
            f"{', '.join(names)}{', …' if len(missing) > 3 else ''}."
        )
    return images[order][place]
