"""Images held decoded in memory, few enough to sit on a GPU: uint8 pixels and one bit per mask pixel.

Training a small model on a few thousand images is bounded by decoding JPEGs and RLEs; held like this, each is decoded
once.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.masks import rle
from engine.training.data.dataset import MaskedImage

_PACK = 4  # purpose of a random stream


@dataclass(frozen=True)
class PackedImage:
    """One image and its masks on a `side`×`side` canvas, both from the top left.

    `pixels` is uint8 side×side×3, `bits` uint8 n×side×(side/8) (big-endian bits along x), `size` the (height, width)
    in use.
    """

    pixels: NDArray[np.uint8]
    bits: NDArray[np.uint8]
    size: tuple[int, int]
    source: str
    id: str


@dataclass(frozen=True)
class Packing:
    """How images are packed: longest side, masks kept of each, the share of the image that a mask may cover."""

    side: int
    masks: int
    largest_mask: float

    def pack(self, image: MaskedImage, number: int) -> PackedImage:
        """Of too many masks a choice that depends on `number` is kept. Raises InvalidMask."""
        height, width = image.image.shape[:2]
        kept = [mask for mask in image.masks if rle.area(mask) <= self.largest_mask * height * width]
        if len(kept) > self.masks:
            order = np.random.default_rng((_PACK, number)).permutation(len(kept))
            kept = [kept[index] for index in order[: self.masks]]
        scale = min(1.0, self.side / max(height, width))
        size = max(1, round(height * scale)), max(1, round(width * scale))
        pixels = np.zeros((self.side, self.side, 3), np.uint8)
        pixels[: size[0], : size[1]] = _shrunk(image.image, size)
        canvas = np.zeros((len(kept), self.side, self.side), np.bool_)
        for place, mask in zip(canvas, kept, strict=True):
            whole = np.ascontiguousarray(rle.decode(mask)).view(np.uint8) * np.uint8(255)
            place[: size[0], : size[1]] = _shrunk(whole, size) > 127
        return PackedImage(pixels, np.packbits(canvas, axis=-1), size, image.source, image.id)


def _shrunk(image: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    if image.shape[:2] == size:
        return image
    return np.asarray(cv2.resize(image, size[::-1], interpolation=cv2.INTER_AREA), np.uint8)


class PackedImages:
    """`capacity` images with up to `masks` masks each, on one device; an image can be replaced at any time."""

    def __init__(self, capacity: int, masks: int, side: int, device: torch.device) -> None:
        self.side, self.masks, self.capacity = side, masks, capacity
        self.pixels = torch.zeros(capacity, side, side, 3, dtype=torch.uint8, device=device)
        self.bits = torch.zeros(capacity, masks, side, side // 8, dtype=torch.uint8, device=device)
        # Read by the sampler, on the CPU.
        self.sizes = np.zeros((capacity, 2), np.float32)
        self.areas = np.zeros((capacity, masks), np.float32)
        self.boxes = np.zeros((capacity, masks, 4), np.float32)
        self.counts = np.zeros(capacity, np.int64)
        self.ids = [""] * capacity

    def put(self, index: int, image: PackedImage) -> None:
        """Store an image in place `index`."""
        count = len(image.bits)
        self.pixels[index] = torch.from_numpy(image.pixels).to(self.pixels.device)
        self.bits[index, :count] = torch.from_numpy(image.bits).to(self.bits.device)
        self.areas[index, :count] = np.bitwise_count(image.bits).sum((1, 2), dtype=np.float32)
        self.boxes[index, :count] = _boxes(image.bits)
        self.sizes[index] = image.size
        self.counts[index] = count
        self.ids[index] = image.id

    def choose(
        self, index: int, masks: int, exponent: float, seen: NDArray[np.float32], generator: np.random.Generator
    ) -> NDArray[np.int64]:
        """Up to `masks` of an image's masks at random, none that lies outside the rectangle that is seen of it.

        Each with a rate of its area to the power `exponent`, times the square of the share of its box that is seen.
        `seen` is (x0, y0, x1, y1) in the pixels held.
        """
        count = int(self.counts[index])
        boxes = self.boxes[index, :count]
        corners = np.maximum(boxes[:, :2], seen[:2]), np.minimum(boxes[:, 2:], seen[2:])
        shares = (corners[1] - corners[0]).clip(0).prod(1) / (boxes[:, 2:] - boxes[:, :2]).prod(1).clip(1)
        rates = np.maximum(self.areas[index, :count], 1) ** exponent * shares**2
        candidates = np.flatnonzero(rates)
        # The smallest of exponential variables with these rates: a weighted draw without replacement.
        waits = generator.exponential(size=len(candidates)) / rates[candidates]
        return candidates[np.argsort(waits, kind="stable")[:masks]]


def _boxes(bits: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Boxes n×4 (x0, y0, x1, y1) of packed masks, x to 8 pixels; all zero for an empty mask."""
    boxes = np.zeros((len(bits), 4), np.float32)
    for box, mask in zip(boxes, bits, strict=True):
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        if len(rows):
            box[:] = columns[0] * 8, rows[0], columns[-1] * 8 + 8, rows[-1] + 1
    return boxes


def unpack_bits(bits: Tensor) -> Tensor:
    """uint8 …×n → uint8 0/1 …×8n, the most significant bit first, as `numpy.packbits` writes them."""
    shifts = torch.arange(7, -1, -1, dtype=torch.uint8, device=bits.device)
    return ((bits[..., None] >> shifts) & 1).flatten(-2)
