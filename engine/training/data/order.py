"""Which image stands at which position of the endless sequence that training draws its batches from.

The sequence is a function of the seed: position p holds the same image whoever asks, so nothing has to be remembered.
Every data set is gone through in epochs, each a fresh permutation; data sets and sources are mixed by their weights in
blocks of 4,096 positions, in which each has its exact share.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from engine.errors import InvalidInput, InvalidSetting
from engine.training.data.dataset import MaskDataset
from engine.training.data.scene_dataset import Scenes

BLOCK = 4096
_ORDER, _BLOCK_ORDER = 1, 2  # purposes of random streams


@dataclass(frozen=True)
class Stratum:
    """A part of the data that is drawn from in a fixed `share`: `images` of data set `dataset` (None: all `count`)."""

    dataset: int
    images: NDArray[np.uint32] | None
    count: int
    share: float
    endless: bool = False


def strata(datasets: Sequence[MaskDataset], weights: Mapping[str, float], scene_fraction: float) -> list[Stratum]:
    """The parts of these data sets with shares that add up to 1.

    Sources share as `weights` says (1 for a source it does not name); without weights every image is equally likely.
    Scenes take `scene_fraction` where there are other data, else everything. Raises InvalidSetting where nothing is
    left to draw from.
    """
    found: list[tuple[str, Stratum]] = []
    for number, dataset in enumerate(datasets):
        endless = isinstance(dataset, Scenes)
        names, codes = dataset.sources.names, dataset.sources.codes
        if endless or not weights or codes is None:
            found.append((names[0], Stratum(number, None, len(dataset), 0.0, endless)))
            continue
        for code, name in enumerate(names):
            images = np.flatnonzero(codes == code).astype(np.uint32)
            found.append((name, Stratum(number, images, len(images), 0.0)))
    sizes: dict[str, int] = {}
    for name, stratum in found:
        if not stratum.endless:
            sizes[name] = sizes.get(name, 0) + stratum.count
    shares = [
        0.0 if stratum.endless else stratum.count * (weights.get(name, 1.0) / sizes[name] if weights else 1.0)
        for name, stratum in found
    ]
    real, endless = sum(shares), sum(stratum.endless for _, stratum in found)
    scenes = (scene_fraction if real else 1.0) if endless else 0.0
    if real + scenes <= 0:
        raise InvalidSetting("No image can be drawn: all data have weight 0.")
    made = [
        replace(stratum, share=scenes / endless if stratum.endless else (1 - scenes) * share / real)
        for (_, stratum), share in zip(found, shares, strict=True)
    ]
    return [stratum for stratum in made if stratum.share > 0]


def with_replay(data: Sequence[Stratum], replay: Sequence[Stratum], share: float, first_replayed: int) -> list[Stratum]:
    """Both, `replay` (earlier data) with `share` of all draws; its data sets are numbered from `first_replayed` on."""
    kept = [replace(stratum, share=stratum.share * (1 - share)) for stratum in data]
    added = [replace(s, dataset=first_replayed + s.dataset, share=s.share * share) for s in replay]
    return [stratum for stratum in kept + added if stratum.share > 0]


class Order:
    """The endless sequence over strata. Holds a permutation of image numbers per stratum, nothing else."""

    def __init__(self, parts: Sequence[Stratum], seed: int) -> None:
        if not parts:
            raise InvalidInput("There are no data to train on.")
        self._parts = tuple(parts)
        self._seed = seed
        self._ends = np.cumsum(_slots([part.share for part in parts]))
        self._permutation = lru_cache(maxsize=2 * len(parts))(self._make_permutation)
        self._block = lru_cache(maxsize=2)(self._make_block)

    def image(self, position: int) -> tuple[int, int]:
        """(data set, image) at a position, which may be any whole number from 0."""
        block, place = divmod(position, BLOCK)
        slot = int(self._block(block)[place])
        number = int(np.searchsorted(self._ends, slot, side="right"))
        before = int(self._ends[number - 1]) if number else 0
        draw = block * (int(self._ends[number]) - before) + slot - before
        part = self._parts[number]
        epoch, turn = divmod(draw, part.count)
        if part.endless:
            return part.dataset, turn
        image = int(self._permutation(number, epoch)[turn])
        return part.dataset, image if part.images is None else int(part.images[image])

    def _make_permutation(self, number: int, epoch: int) -> NDArray[np.uint32]:
        generator = np.random.default_rng((self._seed, _ORDER, number, epoch))
        return generator.permutation(np.arange(self._parts[number].count, dtype=np.uint32))

    def _make_block(self, block: int) -> NDArray[np.uint32]:
        if len(self._parts) == 1:
            return np.arange(BLOCK, dtype=np.uint32)
        return np.random.default_rng((self._seed, _BLOCK_ORDER, block)).permutation(np.arange(BLOCK, dtype=np.uint32))


def _slots(shares: Sequence[float]) -> NDArray[np.int64]:
    """Whole numbers of slots in a block that come closest to the shares (largest remainder), at least one each."""
    exact = np.asarray(shares) / sum(shares) * (BLOCK - len(shares))
    slots = 1 + np.floor(exact).astype(np.int64)
    missing = BLOCK - int(slots.sum())
    slots[np.argsort(np.floor(exact) - exact, kind="stable")[:missing]] += 1
    return slots
