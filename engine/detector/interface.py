"""What a detector is given and what it answers, whichever one it is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class DetectorInput:
    """One image. What a detector does not ask for is never read.

    `size`: (height, width) of the image. `embedding`: gives the image encoder's output C×S×S. `pixels`: gives the
    image, H×W×3 RGB.
    """

    size: tuple[int, int]
    embedding: Callable[[], NDArray[np.float16]]
    pixels: Callable[[], NDArray[np.uint8]]


class Detections(NamedTuple):
    """Objects, most confident first."""

    boxes: NDArray[np.float32]
    """N×4 (x0, y0, x1, y1) in the image frame."""
    scores: NDArray[np.float32]
    """N, in [0, 1]."""


class BoxDetector(Protocol):
    """Finds objects of any kind."""

    def detect(self, image: DetectorInput, most: int = 100) -> Detections:
        """At most `most` boxes."""
        ...
