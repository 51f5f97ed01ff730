"""What a reader of any format offers: images by number, each with its masks as run-length encodings."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from engine.dataset.read_image import read_image
from engine.errors import InvalidInput, InvalidMask
from engine.masks.rle import Rle

MAX_PIXELS = 200_000_000
"""Of one training image; what announces more is a broken file rather than a photograph."""


@dataclass(frozen=True)
class MaskedImage:
    """An image (RGB H×W×3, upright) and its masks; `id` says where to look it up, `source` where it comes from."""

    id: str
    source: str
    image: NDArray[np.uint8]
    masks: Sequence[Rle]


@dataclass(frozen=True)
class Sources:
    """Where images come from: `codes` holds, per image, a position in `names`; None is the first for all."""

    names: tuple[str, ...]
    codes: NDArray[np.uint16] | None = None


class MaskDataset(Protocol):
    """Random access to annotated images. What is held per annotation is an offset, never the annotation.

    Data sets are sent to loading processes, so they can be pickled, and cheaply so.
    """

    @property
    def name(self) -> str:
        """What to call the data set in messages."""
        ...

    @property
    def sources(self) -> Sources:
        """The sources that the images come from."""
        ...

    def __len__(self) -> int:
        """How many images there are."""
        ...

    def read(self, index: int) -> MaskedImage:
        """Image `index` with its masks, none of them empty. Raises InvalidInput, naming a broken record."""
        ...


def read_pixels(file: bytes | Path, where: str) -> NDArray[np.uint8]:
    """Decode an image file. Raises InvalidInput, beginning with `where`, when it is missing or damaged."""
    try:
        if isinstance(file, bytes):
            return read_image(file, MAX_PIXELS)
        with file.open("rb") as opened:
            return read_image(opened, MAX_PIXELS)
    except FileNotFoundError as error:
        raise InvalidInput(f"{where}: the image file is missing.") from error
    except OSError as error:
        raise InvalidInput(f"{where}: {error}.") from error
    except InvalidInput as error:
        raise InvalidInput(f"{where}: {error}") from error


def check_sizes(image: NDArray[np.uint8], masks: Sequence[Rle], where: str) -> None:
    """Raise InvalidMask unless every mask has the image's size."""
    height, width = image.shape[:2]
    for number, mask in enumerate(masks, 1):
        if mask["size"] != [height, width]:
            raise InvalidMask(
                f"{where}: mask {number} is {mask['size'][1]}×{mask['size'][0]} pixels, the image {width}×{height}."
            )
