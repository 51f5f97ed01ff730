"""A data set held whole in memory, small enough to sit on a GPU: uint8 pixels and one bit per mask pixel.

Training on a few thousand images is bounded by decoding JPEGs and RLEs; held like this, each is decoded once.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


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


def pack(image: NDArray[np.uint8], masks: NDArray[np.bool_], source: str, side: int, name: str = "") -> PackedImage:
    """RGB H×W×3 and n×H×W masks, both sides at most `side`."""
    height, width = image.shape[:2]
    pixels = np.zeros((side, side, 3), np.uint8)
    pixels[:height, :width] = image
    canvas = np.zeros((len(masks), side, side), np.bool_)
    canvas[:, :height, :width] = masks
    return PackedImage(pixels, np.packbits(canvas, axis=-1), (height, width), source, name)


class PackedDataset:
    """`capacity` images with up to `max_masks` masks each, on one device; an image can be replaced at any time."""

    def __init__(self, capacity: int, max_masks: int, side: int, device: torch.device) -> None:
        self.side, self.max_masks = side, max_masks
        self.pixels = torch.zeros(capacity, side, side, 3, dtype=torch.uint8, device=device)
        self.bits = torch.zeros(capacity, max_masks, side, side // 8, dtype=torch.uint8, device=device)
        self.sizes = torch.zeros(capacity, 2, device=device)
        self.areas = torch.zeros(capacity, max_masks, device=device)
        self.counts = torch.zeros(capacity, dtype=torch.long, device=device)
        self.sources: list[str] = [""] * capacity
        self.ids: list[str] = [""] * capacity
        self.filled = 0

    def put(self, index: int, image: PackedImage, generator: np.random.Generator) -> None:
        """Store an image at `index`; of more than `max_masks` masks a random choice is kept."""
        bits = image.bits
        if len(bits) > self.max_masks:
            bits = bits[generator.choice(len(bits), self.max_masks, replace=False)]
        # Count last: a sampler on another thread never sees masks that are not there yet.
        self.counts[index] = 0
        self.pixels[index] = torch.from_numpy(image.pixels).to(self.pixels.device)
        self.bits[index, : len(bits)] = torch.from_numpy(bits).to(self.bits.device)
        areas = np.bitwise_count(bits).sum((1, 2), dtype=np.float32)
        self.areas[index, : len(bits)] = torch.from_numpy(areas).to(self.areas.device)
        self.sizes[index] = torch.tensor(image.size, dtype=torch.float, device=self.sizes.device)
        self.counts[index] = len(bits)
        self.sources[index] = image.source
        self.ids[index] = image.id
        self.filled = max(self.filled, index + 1)

    def draw(self, images: Tensor, masks: int) -> tuple[Tensor, Tensor, Tensor]:
        """A random choice of masks of each image: (indices B×`masks`, present B×`masks`, masks uint8 B×`masks`×S×S).

        Without repetition; where an image has fewer masks, the rest is marked absent. Large masks are likelier, by the
        square root of their area: most masks of a picture are specks, and most clicks are not on specks.
        """
        counts = self.counts[images]
        # The smallest of exponential variables with these rates: a weighted draw without replacement.
        order = torch.empty(len(images), self.max_masks, device=images.device).exponential_()
        order /= self.areas[images].clamp(min=1).sqrt()
        absent = torch.arange(self.max_masks, device=images.device) >= counts[:, None]
        chosen = order.masked_fill_(absent, torch.inf).argsort(1)[:, :masks]
        present = chosen < counts[:, None]
        return chosen, present, unpack_bits(self.bits[images[:, None], chosen])


def unpack_bits(bits: Tensor) -> Tensor:
    """uint8 …×n → uint8 0/1 …×8n, the most significant bit first, as `numpy.packbits` writes them."""
    shifts = torch.arange(7, -1, -1, dtype=torch.uint8, device=bits.device)
    return ((bits[..., None] >> shifts) & 1).flatten(-2)
