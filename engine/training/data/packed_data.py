"""Batches of images held in memory, on the device: for a small model, which is faster than images can be read."""

import logging
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import Dataset
from tqdm import tqdm

from engine.errors import InvalidInput, InvalidSetting
from engine.training.batch import Batch, Shard
from engine.training.data.dataset import MaskDataset
from engine.training.data.loading import loader
from engine.training.data.order import Stratum
from engine.training.data.packed import PackedImage, PackedImages, Packing, unpack_bits
from engine.training.data.packed_views import Drawn, Frames, make_frames, make_views
from engine.training.data.scene_dataset import Scenes
from engine.training.data.scene_window import SceneWindow
from engine.training.data.settings import DataSettings

log = logging.getLogger(__name__)

MASKS_HELD = 64
"""Of every image."""
MOST_BYTES = 2**36
_BATCH, _MIX = 5, 6  # purposes of random streams


class PackedData:
    """`TrainingData` over decoded images and a moving window of generated scenes.

    Every image of a batch is drawn by itself: row r of step s is a function of the seed, s and r. The scenes to choose
    from at step s are those numbered from `scenes_per_step` · s − `scenes_held` on, so a run that is resumed makes them
    again and goes on as if it had never stopped. Processes that train together each hold all of it.
    """

    def __init__(
        self,
        datasets: Sequence[MaskDataset],
        parts: Sequence[Stratum],
        settings: DataSettings,
        *,
        side: int,
        device: torch.device,
        seed: int,
        workers: int,
    ) -> None:
        """`parts` are strata of `datasets` (see `order.strata`), `side` that of the model input in pixels.

        Raises InvalidSetting where the images do not fit, InvalidInput where none can be read.
        """
        self._side, self._settings, self._seed, self._device = side, settings, seed, device
        self._packing = Packing(side, MASKS_HELD, settings.largest_mask)
        real = [part for part in parts if not part.endless]
        self._scene_share = sum(part.share for part in parts if part.endless)
        self._real: PackedImages | None = None
        if real:
            chosen = [(part, index) for part in real for index in _images(part)]
            self._real, shares = self._load(datasets, chosen, device, workers)
            self._ends = np.cumsum(shares / shares.sum())
        self._scenes: SceneWindow | None = None
        if self._scene_share:
            scenes = next(dataset for dataset in datasets if isinstance(dataset, Scenes))
            self._scenes = SceneWindow(scenes, self._packing, settings, device, workers)

    def batch(self, step: int, images: int, masks: int, window: int, shard: Shard) -> Batch:
        """See `TrainingData`."""
        if window % 16 or not 16 <= window <= self._side:
            raise InvalidSetting(f"A window is a multiple of 16 up to {self._side} pixels, not {window}.")
        rows = list(shard.rows(images))
        if shard.world > 1:
            rows.append((rows[-1] + 1) % images)  # whose object may be pasted onto the last one
        # Rounded at random, so that small batches see scenes too.
        mix = float(np.random.default_rng((self._seed, _MIX, step)).random())
        from_scenes = int(images * self._scene_share + mix) if self._real is not None else images
        first, stop = self._scenes.advance(step) if self._scenes is not None else (0, 0)
        generators = [np.random.default_rng((self._seed, _BATCH, step, row)) for row in rows]
        chosen: list[tuple[PackedImages, int]] = []
        for row, generator in zip(rows, generators, strict=True):
            drawn = float(generator.random())
            if row < from_scenes and self._scenes is not None:
                scene = first + min(int(drawn * (stop - first)), stop - first - 1)
                chosen.append((self._scenes.images, scene % self._scenes.images.capacity))
            else:
                assert self._real is not None
                last = self._real.capacity - 1
                chosen.append((self._real, min(int(np.searchsorted(self._ends, drawn, side="right")), last)))
        sizes = torch.from_numpy(np.stack([held.sizes[index] for held, index in chosen])).to(self._device)
        frames = make_frames(sizes, self._side, self._side, window, self._settings.augmentation, generators)
        batch = make_views(self._gather(chosen, frames, masks, generators), frames, self._settings, generators)
        return batch if shard.world == 1 else _first(batch, len(rows) - 1)

    def close(self) -> None:
        """End the processes that make scenes."""
        if self._scenes is not None:
            self._scenes.close()

    def _gather(
        self,
        chosen: Sequence[tuple[PackedImages, int]],
        frames: Frames,
        masks: int,
        generators: Sequence[np.random.Generator],
    ) -> Drawn:
        numbers = np.zeros((len(chosen), masks), np.int64)
        present = np.zeros((len(chosen), masks), np.bool_)
        for row, ((held, index), seen, generator) in enumerate(zip(chosen, frames.seen, generators, strict=True)):
            some = held.choose(index, masks, self._settings.area_exponent, seen, generator)
            numbers[row, : len(some)], present[row, : len(some)] = some, True
        places = torch.from_numpy(numbers).to(self._device)
        bits = torch.stack([held.bits[index, row] for (held, index), row in zip(chosen, places, strict=True)])
        return Drawn(
            pixels=torch.stack([held.pixels[index] for held, index in chosen]),
            masks=unpack_bits(bits),
            present=torch.from_numpy(present).to(self._device),
            ids=tuple(held.ids[index] for held, index in chosen),
        )

    def _load(
        self,
        datasets: Sequence[MaskDataset],
        chosen: Sequence[tuple[Stratum, int]],
        device: torch.device,
        workers: int,
    ) -> tuple[PackedImages, NDArray[np.float64]]:
        """All images, and the share of each: 0 for one without masks and, with a warning, for a broken one."""
        size = self._side * self._side * (3 + MASKS_HELD / 8) * len(chosen)
        if size > MOST_BYTES:
            raise InvalidSetting(
                f"{len(chosen):,} images need {size / 2**30:,.0f} GiB held in memory; set data.in_memory=false."
            )
        places = [(part.dataset, index) for part, index in chosen]
        images = loader(_Packed(datasets, places, self._packing), workers)
        held = PackedImages(len(chosen), MASKS_HELD, self._side, device)
        shares = np.zeros(len(chosen))
        broken: list[str] = []
        for place, image in enumerate(tqdm(images, desc="reading images", mininterval=2)):
            if isinstance(image, str):
                broken.append(image)
                log.warning("Passed over: %s", image)
                continue
            held.put(place, image)
            part = chosen[place][0]
            if len(image.bits):
                shares[place] = part.share / part.count
        if not shares.any():
            reason = f"; the first problem: {broken[0]}" if broken else "."
            raise InvalidInput(f"None of the {len(chosen)} images can be read and has masks{reason}")
        return held, shares


class _Packed(Dataset[PackedImage | str]):
    """Chosen images of data sets, packed; a sentence where one is broken."""

    def __init__(self, datasets: Sequence[MaskDataset], chosen: Sequence[tuple[int, int]], packing: Packing) -> None:
        self._datasets, self._chosen, self._packing = datasets, chosen, packing

    def __len__(self) -> int:
        return len(self._chosen)

    def __getitem__(self, place: int) -> PackedImage | str:
        dataset, index = self._chosen[place]
        try:
            return self._packing.pack(self._datasets[dataset].read(index), place)
        except InvalidInput as error:
            return str(error)


def _images(part: Stratum) -> range | list[int]:
    return range(part.count) if part.images is None else part.images.tolist()


def _first(batch: Batch, count: int) -> Batch:
    return Batch(
        batch.images[:count],
        batch.valid[:count],
        batch.targets[:count],
        batch.present[:count],
        batch.origin[:count],
        batch.ids[:count],
    )
