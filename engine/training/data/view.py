"""Views: which part of an image is seen, how large, turned or mirrored; the same for its pixels and its masks.

A view is framed as inference frames an image: it fills the model input from the top left, and the rest is padding.
Coordinates are continuous, a pixel's centre lies at half past its index.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.masks import rle
from engine.masks.rle import Rle
from engine.training.data.settings import Augmentation

STRIDE = 16
"""Pixels of the model input per position of its embedding: where a window may start."""

WHOLE = 0.25
"""Share of cropping views that show the whole image all the same: that is what inference sees."""

TURNED = 0.3
"""Share of views that are turned, where they may be."""


@dataclass(frozen=True)
class View:
    """`matrix` (2×3) takes a point of the view to one of the image (x, y); `size` is the (height, width) of the view
    that shows the image; `origin` is where the view starts in the model input (x, y)."""

    matrix: NDArray[np.float64]
    size: tuple[int, int]
    origin: tuple[int, int] = (0, 0)

    def window(self, side: int, generator: np.random.Generator) -> "View":
        """A random `side`×`side` part, starting on an embedding position, not beyond the image if that can be."""
        height, width = self.size
        y = STRIDE * int(generator.integers(max(0, height - side) // STRIDE + 1))
        x = STRIDE * int(generator.integers(max(0, width - side) // STRIDE + 1))
        matrix = self.matrix @ _affine(np.eye(2), (x, y))
        return replace(self, matrix=matrix, size=(min(side, height - y), min(side, width - x)), origin=(x, y))


def cropped(size: tuple[int, int], side: int, augmentation: Augmentation, generator: np.random.Generator) -> View:
    """A random crop of an image of `size` (height, width), its longest side `side`; whole images a quarter of the time.

    Without augmentation always the whole image.
    """
    height, width = size
    whole, fraction, stretch, across, down = generator.random(5).tolist()
    longest = max(size) * (augmentation.smallest_crop + (1 - augmentation.smallest_crop) * fraction)
    shape = augmentation.aspect ** (2 * stretch - 1)
    crop = min(longest / shape**0.5, height), min(longest * shape**0.5, width)
    if whole < WHOLE:
        crop = float(height), float(width)
    scale = side / max(crop)
    seen = max(1, round(crop[0] * scale)), max(1, round(crop[1] * scale))
    corner = across * (width - crop[1]), down * (height - crop[0])
    zoom = _affine(np.diag([crop[1] / seen[1], crop[0] / seen[0]]), corner)
    return _turned(View(zoom[:2], seen), augmentation, generator)


def jittered(
    size: tuple[int, int],
    side: int,
    reach: tuple[float, float],
    augmentation: Augmentation,
    generator: np.random.Generator,
) -> View:
    """Large-scale jitter (Ghiasi et al., 2021): the image at a random size, `reach` relative to one that fills `side`.

    A larger one is cut at random, a smaller one padded.
    """
    amount, across, down = generator.random(3).tolist()
    scale = side / max(size) * (reach[0] + (reach[1] - reach[0]) * amount)
    height, width = max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
    corner = round(across * max(0, width - side)), round(down * max(0, height - side))
    zoom = np.diag([size[1] / width, size[0] / height])
    view = View(_affine(zoom, tuple(zoom @ corner))[:2], (min(side, height), min(side, width)))
    return _turned(view, augmentation, generator)


def _turned(view: View, augmentation: Augmentation, generator: np.random.Generator) -> View:
    """Mirrored and turned about the middle, sometimes."""
    flip, turn, angle = generator.random(3).tolist()
    height, width = view.size
    matrix = view.matrix
    if flip < augmentation.flip:
        matrix = matrix @ _affine(np.diag([-1.0, 1.0]), (width, 0))
    if turn < TURNED and augmentation.rotation_degrees:
        radians = np.deg2rad((2 * angle - 1) * augmentation.rotation_degrees)
        rotation = np.array([[np.cos(radians), -np.sin(radians)], [np.sin(radians), np.cos(radians)]])
        middle = np.array([width / 2, height / 2])
        matrix = matrix @ _affine(rotation, tuple(middle - rotation @ middle))
    return replace(view, matrix=matrix)


def see_pixels(image: NDArray[np.uint8], view: View, side: int) -> NDArray[np.uint8]:
    """The `side`×`side`×3 pixels of a view; padding is 0. Shrinking averages, enlarging interpolates."""
    shrunk, matrix = _shrunk(image, view.matrix)
    height, width = view.size
    seen = np.zeros((side, side, 3), np.uint8)
    seen[:height, :width] = _warp(shrunk, matrix, (width, height), cv2.BORDER_REPLICATE)
    return seen


def see_mask(mask: Rle, view: View, side: int) -> NDArray[np.float32]:
    """The share, 0..1, that a mask has of each of the `side`×`side` pixels of a view; outside of the image it is 0."""
    # Masks are decoded column by column: transposed, nothing has to be rearranged.
    columns = rle.decode(mask).T
    swapped = view.matrix[::-1][:, [1, 0, 2]]
    # Only the part of a large image where the mask is has to be averaged, and some cells around it.
    x, y, width, height = rle.bbox(mask)
    margin = int(np.ceil(2 * max(1.0, float(np.abs(view.matrix[:, :2]).sum(1).max()))))
    left, top = max(0, x - margin), max(0, y - margin)
    part = np.ascontiguousarray(columns[left : x + width + margin, top : y + height + margin]).view(np.uint8)
    shift = np.array([[0, 0, top], [0, 0, left]])
    shrunk, matrix = _shrunk(part * np.uint8(255), swapped - shift)
    height, width = min(side, view.size[0]), min(side, view.size[1])
    seen = np.zeros((side, side), np.float32)
    seen[:height, :width] = _warp(shrunk, matrix, (height, width), cv2.BORDER_CONSTANT).T
    return seen / np.float32(255)


def coarser(view: View, factor: int) -> View:
    """The view with `factor`×`factor` of its pixels as one."""
    height, width = view.size
    scaled = view.matrix @ _affine(np.eye(2) * factor, (0, 0))
    return replace(view, matrix=scaled, size=(-(-height // factor), -(-width // factor)))


def _affine(linear: NDArray[np.float64], shift: tuple[float, ...]) -> NDArray[np.float64]:
    matrix = np.eye(3)
    matrix[:2, :2] = linear
    matrix[:2, 2] = shift
    return matrix


def _shrunk(image: NDArray[np.uint8], matrix: NDArray[np.float64]) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """The image averaged down to about one pixel per pixel of the view, and the matrix to that one."""
    steps = np.hypot(matrix[:, 0], matrix[:, 1])  # image pixels per pixel of the view, along the image's x and y
    height, width = image.shape[:2]
    small = np.maximum(1, np.round(np.array([width, height]) / np.maximum(steps, 1.0))).astype(int)
    if small[0] == width and small[1] == height:
        return image, matrix
    resized = cv2.resize(image, (int(small[0]), int(small[1])), interpolation=cv2.INTER_AREA)
    return np.asarray(resized, np.uint8), matrix * (small / np.array([width, height]))[:, None]


def _warp(
    image: NDArray[np.uint8], matrix: NDArray[np.float64], size: tuple[int, int], border: int
) -> NDArray[np.uint8]:
    """OpenCV puts a pixel's centre at its index."""
    at_centres = matrix.copy()
    at_centres[:, 2] += matrix[:, :2] @ (0.5, 0.5) - 0.5
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(image, at_centres, size, flags=flags, borderMode=border), np.uint8)
