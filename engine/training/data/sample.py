"""One sample of a batch: an image and a choice of its masks, seen through a random view, with pasted objects.

A sample is a function of the seed and of its position in the sequence, not of who makes it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.errors import InvalidInput
from engine.masks import rle
from engine.masks.rle import Rle
from engine.training.data.colour import recolour
from engine.training.data.dataset import MaskDataset, MaskedImage
from engine.training.data.scene_dataset import Scenes
from engine.training.data.settings import DataSettings
from engine.training.data.view import View, coarser, cropped, jittered, see_mask, see_pixels

ATTEMPTS = 16
"""Other images tried in the place of one that is broken or has no mask, before giving up."""

LARGEST_SEEN = 0.95
"""Of the visible part of the image; a mask that leaves less beside it tells nothing from anything."""

PASTED_AREA = (0.002, 0.3)
"""Shares of the view between which an object is worth pasting."""
MOST_PASTED = 3

_SAMPLE = 3  # purpose of a random stream


@dataclass(frozen=True)
class Request:
    """A sample to make: image `image` of data set `dataset` for `position`, up to `masks` masks through a window."""

    position: int
    dataset: int
    image: int
    masks: int
    window: int


class Sample(NamedTuple):
    """Pixels uint8 3×W×W or float, targets bool M×(W/4)×(W/4), present M, valid height and width, origin (x, y).

    `skipped`: sentences on the broken images that were passed over, `failure` one why there is no sample (then the
    tensors are empty).
    """

    pixels: Tensor
    targets: Tensor
    present: Tensor
    size: tuple[int, int]
    origin: tuple[int, int]
    id: str
    skipped: tuple[str, ...] = ()
    failure: str | None = None


@dataclass(frozen=True)
class Sampler:
    """Makes samples of these data sets for a model input of `side` pixels; goes to loading processes."""

    datasets: Sequence[MaskDataset]
    settings: DataSettings
    side: int
    seed: int

    def make(self, request: Request) -> Sample:
        """The sample, or one that says why there is none."""
        generator = np.random.default_rng((self.seed, _SAMPLE, request.position))
        skipped: list[str] = []
        found = self._usable(request.dataset, request.image, generator, skipped)
        if found is None:
            reason = skipped[0] if skipped else "none has a mask that can be trained on"
            nothing = torch.zeros(0)
            failure = f"{ATTEMPTS} images of {self.datasets[request.dataset].name} in a row are of no use: {reason}"
            return Sample(nothing, nothing, nothing, (0, 0), (0, 0), "", tuple(skipped), failure)
        view = self._view(found, request.window, generator)
        pixels = see_pixels(found.image, view, request.window)
        cells = request.window // 4
        pasted: list[NDArray[np.float32]] = []
        cover = np.zeros((2 * cells, 2 * cells), np.float32)
        if self.settings.augmentation.paste and generator.random() < self.settings.augmentation.paste:
            pixels, pasted, cover = self._paste(pixels, view, request, generator, skipped)
        shown = self._targets(found.masks, view, request.masks - len(pasted), request.window, cover, generator)
        targets = np.zeros((request.masks, cells, cells), np.bool_)
        for slot, mask in enumerate([*shown, *pasted]):
            targets[slot] = mask > 0.5
        count = len(shown) + len(pasted)
        image = torch.from_numpy(pixels).permute(2, 0, 1).contiguous()
        image = recolour(image[None].float(), self.settings.augmentation, [generator])[0].round().to(torch.uint8)
        return Sample(
            image,
            torch.from_numpy(targets),
            torch.arange(request.masks) < count,
            view.size,
            view.origin,
            found.id,
            tuple(skipped),
        )

    def _usable(
        self, dataset: int, image: int, generator: np.random.Generator, skipped: list[str]
    ) -> MaskedImage | None:
        """This image without its largest masks or, if it is broken or nothing is left, a random other one."""
        source = self.datasets[dataset]
        for _ in range(ATTEMPTS):
            try:
                found = source.read(image)
            except InvalidInput as error:
                skipped.append(str(error))
            else:
                most = self.settings.largest_mask * found.image.shape[0] * found.image.shape[1]
                kept = [mask for mask in found.masks if rle.area(mask) <= most]
                if kept:
                    return MaskedImage(found.id, found.source, found.image, kept)
            image = int(generator.integers(len(source)))
        return None

    def _view(self, found: MaskedImage, window: int, generator: np.random.Generator) -> View:
        height, width = found.image.shape[:2]
        augmentation = self.settings.augmentation
        if self.settings.large_scale_jitter is None:
            view = cropped((height, width), self.side, augmentation, generator)
        else:
            reach = self.settings.large_scale_jitter
            view = jittered((height, width), self.side, reach, augmentation, generator)
        return view.window(window, generator)

    def _targets(
        self,
        masks: Sequence[Rle],
        view: View,
        most: int,
        window: int,
        cover: NDArray[np.float32],
        generator: np.random.Generator,
    ) -> list[NDArray[np.float32]]:
        """Low-res shares of up to `most` masks that can be seen well enough, less what covers them."""
        half = coarser(view, 2)
        visible = view.size[0] * view.size[1] / 16
        seen: list[NDArray[np.float32]] = []
        for index in _shuffled(masks, self.settings.area_exponent, generator):
            if len(seen) >= most:
                break
            cells = _quarter(see_mask(masks[index], half, window // 2) * (1 - cover))
            area = int((cells > 0.5).sum())
            if max(1, self.settings.smallest_area) <= area < LARGEST_SEEN * visible:
                seen.append(cells)
        return seen

    def _paste(
        self,
        pixels: NDArray[np.uint8],
        view: View,
        request: Request,
        generator: np.random.Generator,
        skipped: list[str],
    ) -> tuple[NDArray[np.uint8], list[NDArray[np.float32]], NDArray[np.float32]]:
        """Objects of another image over these pixels: the new pixels, the objects' low-res masks, what they cover.

        Simple Copy-Paste (Ghiasi et al., 2021): the other image is seen through a view of its own, a random choice of
        its objects is taken over. Objects are real where there are real data. What they cover is W/2×W/2.
        """
        window = request.window
        real = [number for number, dataset in enumerate(self.datasets) if not isinstance(dataset, Scenes)]
        sizes = np.array([len(self.datasets[number]) for number in real], np.float64)
        dataset = real[int(generator.choice(len(real), p=sizes / sizes.sum()))] if real else request.dataset
        nothing = np.zeros((window // 2, window // 2), np.float32)
        donor = self._usable(dataset, int(generator.integers(len(self.datasets[dataset]))), generator, skipped)
        if donor is None:
            return pixels, [], nothing
        other = self._view(donor, window, generator)
        count = min(int(generator.integers(1, MOST_PASTED + 1)), request.masks)
        objects: list[NDArray[np.float32]] = []
        for index in _shuffled(donor.masks, self.settings.area_exponent, generator)[: 4 * count]:
            mask = see_mask(donor.masks[index], other, window)
            mask[view.size[0] :] = 0  # nothing lands on the padding
            mask[:, view.size[1] :] = 0
            if PASTED_AREA[0] <= float(mask.mean()) <= PASTED_AREA[1] and (_quarter(_quarter(mask)) > 0.5).any():
                objects.append(mask)
            if len(objects) == count:
                break
        if not objects:
            return pixels, [], nothing
        alpha = np.max(objects, axis=0)
        mixed = pixels + (see_pixels(donor.image, other, window).astype(np.float32) - pixels) * alpha[..., None]
        low_res = [_quarter(_quarter(mask)) for mask in objects]
        return np.round(mixed).astype(np.uint8), low_res, _quarter(alpha)


def _shuffled(masks: Sequence[Rle], exponent: float, generator: np.random.Generator) -> list[int]:
    """The masks' numbers in a random order, masks with a large area to the power `exponent` rather early."""
    waits = generator.exponential(size=len(masks))
    if exponent:
        waits /= np.array([rle.area(mask) for mask in masks], np.float64) ** exponent
    return np.argsort(waits, kind="stable").tolist()


def _quarter(cells: NDArray[np.float32]) -> NDArray[np.float32]:
    """Means of 2×2."""
    return (cells[::2, ::2] + cells[1::2, ::2] + cells[::2, 1::2] + cells[1::2, 1::2]) * np.float32(0.25)
