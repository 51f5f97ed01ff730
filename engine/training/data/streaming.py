"""Batches read from disk as they are needed: memory does not grow with the data."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.utils.data import Dataset
from torch.utils.data import Sampler as Requests

from engine.errors import InvalidInput, InvalidSetting
from engine.training.batch import Batch, Shard
from engine.training.data.dataset import MaskDataset
from engine.training.data.loading import loader
from engine.training.data.order import Order, Stratum
from engine.training.data.sample import Request, Sample, Sampler
from engine.training.data.settings import DataSettings

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Place:
    """Where in the sequence of samples the loader is: the next one is row `row` of `step`."""

    step: int
    row: int
    images: int
    masks: int
    window: int
    shard: Shard

    def after(self) -> "_Place":
        row, step = self.row + 1, self.step
        if row == self.shard.rows(self.images).stop:
            row, step = self.shard.rows(self.images).start, self.step + 1
        return _Place(step, row, self.images, self.masks, self.window, self.shard)


class StreamingData:
    """`TrainingData` over readers of any size, made by `workers` loading processes (0: in this one).

    Row r of the batch of step s shows the image at position s · images + r of an endless sequence of epochs; its
    random state is made of the seed and that position, so neither the number of processes nor a restart changes a
    pixel. A broken image is passed over for a random other one, with a warning; `skipped` counts them.
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
        """`parts` are strata of `datasets` (see `order.strata`), `side` that of the model input in pixels."""
        self.skipped = 0
        self._side, self._device = side, device
        self._requests = _RequestStream(Order(parts, seed))
        self._loader = loader(_Samples(Sampler(tuple(datasets), settings, side, seed)), workers, self._requests)
        self._samples: Iterator[tuple[_Place, Sample]] | None = None
        self._warned: set[str] = set()

    def batch(self, step: int, images: int, masks: int, window: int, shard: Shard) -> Batch:
        """See `TrainingData`. Raises InvalidInput where too many images in a row are broken."""
        if window % 16 or not 16 <= window <= self._side:
            raise InvalidSetting(f"A window is a multiple of 16 up to {self._side} pixels, not {window}.")
        rows = shard.rows(images)
        place = _Place(step, rows.start, images, masks, window, shard)
        samples: list[Sample] = []
        for _ in rows:
            samples.append(self._sample(place))
            place = place.after()
        return self._assemble(samples, window)

    def close(self) -> None:
        """End the loading processes."""
        self._samples = None

    def _sample(self, place: _Place) -> Sample:
        if self._samples is None:
            self._requests.next = place
            self._samples = iter(self._loader)
        found, sample = next(self._samples)
        if found != place:
            # Other sizes, or another step: what is under way is let go, the processes go on from here.
            self._requests.next = place
            while found != place:
                found, sample = next(self._samples)
        for sentence in sample.skipped:
            self.skipped += 1
            if sentence not in self._warned:
                self._warned.add(sentence)
                log.warning("Passed over: %s", sentence)
        if sample.failure is not None:
            raise InvalidInput(sample.failure)
        return sample

    def _assemble(self, samples: list[Sample], window: int) -> Batch:
        def moved(parts: list[Tensor]) -> Tensor:
            stacked = torch.stack(parts)
            return (stacked.pin_memory() if self._device.type == "cuda" else stacked).to(
                self._device, non_blocking=True
            )

        return Batch(
            images=moved([sample.pixels for sample in samples]).float(),
            valid=valid_part([sample.size for sample in samples], window, self._device),
            targets=moved([sample.targets for sample in samples]),
            present=moved([sample.present for sample in samples]),
            origin=torch.tensor([sample.origin for sample in samples], dtype=torch.float, device=self._device),
            ids=tuple(sample.id for sample in samples),
        )


def valid_part(sizes: Sequence[tuple[int, int]], side: int, device: torch.device) -> Tensor:
    """B×1×`side`×`side`: 1 inside each (height, width) from the top left, 0 in the padding."""
    sized = torch.tensor(sizes, device=device)
    steps = torch.arange(side, device=device)
    inside = (steps < sized[:, :1])[:, :, None] & (steps < sized[:, 1:])[:, None, :]
    return inside[:, None].float()


class _RequestStream(Requests[tuple[_Place, Request]]):
    """Says which sample comes next, without end; `next` can be moved at any time."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self.next: _Place | None = None

    def __iter__(self) -> Iterator[tuple[_Place, Request]]:
        while self.next is not None:
            place = self.next
            self.next = place.after()
            position = place.step * place.images + place.row
            yield place, Request(position, *self._order.image(position), place.masks, place.window)


class _Samples(Dataset[tuple[_Place, Sample]]):
    """What the loading processes run."""

    def __init__(self, sampler: Sampler) -> None:
        self._sampler = sampler

    def __getitem__(self, asked: tuple[_Place, Request]) -> tuple[_Place, Sample]:
        place, request = asked
        return place, self._sampler.make(request)
