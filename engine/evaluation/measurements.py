"""What a model reached on every mask: the table all figures are computed from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from engine.evaluation.clicks import Click

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class MeasuredImage:
    """An image of which masks were measured. `source` is its name's prefix before the first underscore."""

    name: str
    source: str
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class MaskTrace:
    """How a mask came about: the clicks on it, in order, and the answer after some numbers of them.

    `counts` are the compressed runs of COCO's run-length encoding, by number of clicks; the size is the image's.
    """

    clicks: tuple[Click, ...]
    counts: Mapping[int, str]


@dataclass(frozen=True)
class ImageMeasurements:
    """The M masks of one image after each of R clicks; the fields are those of `Measurements`.

    `traces` are M, or none where the protocol asks for none.
    """

    image: MeasuredImage
    relative_size: Floats
    iou: Floats
    predicted_iou: Floats
    oracle_iou: Floats
    traces: tuple[MaskTrace, ...] = ()

    def __len__(self) -> int:
        return len(self.iou)


@dataclass(frozen=True)
class Measurements:
    """M masks on N images after each of R clicks, in the order of the images' names."""

    images: tuple[MeasuredImage, ...]
    image: NDArray[np.intp]
    """M: the mask's image, as an index into `images`."""
    relative_size: Floats
    """M: √(mask area / image area), the paper's relative mask size."""
    iou: Floats
    """M×R: measured IoU of the mask the model is most confident in; NaN where a mask needed no further click."""
    predicted_iou: Floats
    """M×R: the IoU the model predicted for that mask; NaN where `iou` is."""
    oracle_iou: Floats
    """M: measured IoU of the best of the three candidates after one click."""

    def __len__(self) -> int:
        return len(self.image)

    @property
    def sources(self) -> list[str]:
        """The sources, by name."""
        return sorted({image.source for image in self.images})

    @property
    def tags(self) -> list[str]:
        """The tags that an image carries, by name."""
        return sorted(set(chain.from_iterable(image.tags for image in self.images)))

    def of_source(self, source: str) -> NDArray[np.bool_]:
        """M: which masks belong to a source."""
        return np.array([image.source == source for image in self.images])[self.image]

    def of_tag(self, tag: str) -> NDArray[np.bool_]:
        """M: which masks lie on an image with a tag."""
        return np.array([tag in image.tags for image in self.images])[self.image]

    def same_masks(self, other: "Measurements") -> bool:
        """Whether `other` measured the same masks of the same images, so that they can be paired."""
        return (
            [image.name for image in self.images] == [image.name for image in other.images]
            and np.array_equal(self.image, other.image)
            and np.array_equal(self.relative_size, other.relative_size)
        )


def gather(parts: Sequence[ImageMeasurements]) -> Measurements:
    """The measurements of several images (at least one, each with masks) as one table."""
    return Measurements(
        images=tuple(part.image for part in parts),
        image=np.repeat(np.arange(len(parts)), [len(part) for part in parts]),
        relative_size=np.concatenate([part.relative_size for part in parts]),
        iou=np.concatenate([part.iou for part in parts]),
        predicted_iou=np.concatenate([part.predicted_iou for part in parts]),
        oracle_iou=np.concatenate([part.oracle_iou for part in parts]),
    )
