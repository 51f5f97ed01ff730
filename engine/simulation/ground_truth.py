"""The true masks that the simulated annotator sees where a person sees objects."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.errors import InvalidInput
from engine.evaluation.read_folder import AnnotatedImage, read_folder
from engine.masks import rle

SMALLEST_AREA = 16
"""Pixels: a speck that nobody would click on is not asked for."""


@dataclass(frozen=True)
class GroundTruth:
    """Images of one domain by file name. Masks are numbered from the largest, the most prominent, down."""

    images: dict[str, AnnotatedImage]

    def __len__(self) -> int:
        return len(self.images)

    def files(self) -> Iterator[Path]:
        """The image files, in the order they are uploaded in."""
        return (image.image_path for image in self.images.values())

    def masks(self, file_name: str) -> NDArray[np.bool_]:
        """M×H×W, the largest first. Raises InvalidInput when a file cannot be read."""
        return _masks(self.images[file_name])


@dataclass(frozen=True)
class Domain:
    """A folder of annotated images in two parts that share no image: to annotate, and held out to measure on."""

    pool: GroundTruth
    held_out: GroundTruth


def read_domain(folder: Path, source: str | None, pool: int, held_out: int) -> Domain:
    """`held_out` and then `pool` images of `folder`, drawn by the hash of their names: the same ones every time.

    `source` keeps to the images whose name begins with it and an underscore. Raises InvalidInput when there are too
    few.
    """
    found = [image for image in read_folder(folder) if source in (None, image.source)]
    if len(found) < pool + held_out:
        where = f"{folder} has {len(found)} images" + (f" of {source}" if source else "")
        raise InvalidInput(f"{where}; this simulation needs {pool} to annotate and {held_out} held out.")
    drawn = sorted(found, key=lambda image: hashlib.sha256(image.name.encode()).digest())
    return Domain(ground_truth(drawn[held_out : held_out + pool]), ground_truth(drawn[:held_out]))


def ground_truth(images: list[AnnotatedImage]) -> GroundTruth:
    """Those images in that order."""
    return GroundTruth({image.image_path.name: image for image in images})


def encode_all(masks: NDArray[np.bool_]) -> list[rle.Rle]:
    """M×H×W as run lengths, to be matched."""
    return [rle.encode(mask) for mask in masks]


@lru_cache(maxsize=2)
def _masks(image: AnnotatedImage) -> NDArray[np.bool_]:
    masks = image.load().masks
    areas = masks.reshape(len(masks), -1).sum(axis=1)
    order = np.argsort(-areas, kind="stable")
    return masks[order[areas[order] >= SMALLEST_AREA]]
