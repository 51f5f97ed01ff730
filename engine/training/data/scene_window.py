"""Generated scenes held packed: those that belong to a step, which move on slowly."""

from collections.abc import Iterator

import torch
from torch.utils.data import IterableDataset, get_worker_info
from tqdm import tqdm

from engine.training.data.loading import loader
from engine.training.data.packed import PackedImage, PackedImages, Packing
from engine.training.data.scene_dataset import Scenes
from engine.training.data.settings import DataSettings

FIRST_SCENES = 100
"""Scenes that the first step can choose from; until all are there that are to be held, every step adds some."""


class SceneWindow:
    """Holds the scenes that belong to a step, packed; processes in the background make the next ones."""

    def __init__(
        self, scenes: Scenes, packing: Packing, settings: DataSettings, device: torch.device, workers: int
    ) -> None:
        self.images = PackedImages(settings.scenes_held, packing.masks, packing.side, device)
        self._scenes, self._packing, self._workers = scenes, packing, workers
        self._per_step = settings.scenes_per_step
        self._made = 0
        self._making: Iterator[PackedImage] | None = None

    def advance(self, step: int) -> tuple[int, int]:
        """The numbers [first, stop) of the scenes that belong to `step`; scene n lies in place n mod capacity.

        Waits for those that are missing. Steps that follow each other cost little, other ones a new beginning.
        """
        stop = min(FIRST_SCENES, self.images.capacity) + int(step * self._per_step)
        first = max(0, stop - self.images.capacity)
        if self._making is None or stop < self._made or first > self._made:
            self._made = first
            self._making = self._start(first)
        few = stop - self._made < FIRST_SCENES // 2
        for number in tqdm(range(self._made, stop), desc="generating scenes", mininterval=2, disable=few):
            self.images.put(number % self.images.capacity, next(self._making))
            self._made = number + 1
        return first, stop

    def close(self) -> None:
        """End the processes."""
        self._making = None

    def _start(self, first: int) -> Iterator[PackedImage]:
        return iter(loader(_PackedScenes(self._scenes, first, self._packing), self._workers))


class _PackedScenes(IterableDataset[PackedImage]):
    """Scenes from number `first` on: worker w of n makes `first` + w, `first` + w + n, …"""

    def __init__(self, scenes: Scenes, first: int, packing: Packing) -> None:
        self._scenes, self._first, self._packing = scenes, first, packing

    def __iter__(self) -> Iterator[PackedImage]:
        info = get_worker_info()
        number, stride = self._first + (info.id if info else 0), info.num_workers if info else 1
        while True:
            yield self._packing.pack(self._scenes.read(number), number)
            number += stride
