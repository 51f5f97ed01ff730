"""The next batch made while the device trains on this one."""

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import fields

import torch
from torch import Tensor

from engine.training.batch import Batch, Shard, TrainingData

Asked = tuple[int, int, int, int, Shard]


class Ahead:
    """`TrainingData` that begins with the next step's batch as soon as one is handed out, in a thread.

    For data made on a GPU: a step ends with reading its loss, so without this the GPU would wait every time until the
    next views are cut. What is asked for next is guessed to be of the same size; a wrong guess costs one batch.
    """

    def __init__(self, data: TrainingData, device: torch.device) -> None:
        self._data, self._device = data, device
        # One thread: the data are asked for one batch at a time.
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="batches")
        # What the thread reads back must not wait for the training that was queued before it.
        self._stream = torch.cuda.Stream(device) if device.type == "cuda" else None
        if self._stream is not None:
            self._stream.wait_stream(torch.cuda.current_stream(device))
        self._next: tuple[Asked, Future[tuple[Batch, torch.cuda.Event | None]]] | None = None

    def batch(self, step: int, images: int, masks: int, window: int, shard: Shard) -> Batch:
        """See `TrainingData`."""
        asked = (step, images, masks, window, shard)
        guessed = self._next
        if guessed is not None and guessed[0] == asked:
            made = guessed[1]
        else:
            if guessed is not None:
                guessed[1].cancel()
            made = self._thread.submit(self._make, asked)
        batch, ready = made.result()
        following = (step + 1, images, masks, window, shard)
        self._next = following, self._thread.submit(self._make, following)
        if ready is not None:
            _hand_over(batch, ready, torch.cuda.current_stream(self._device))
        return batch

    def close(self) -> None:
        """Wait for the batch that is being made, and close the data."""
        self._thread.shutdown(wait=True, cancel_futures=True)
        self._data.close()

    def _make(self, asked: Asked) -> tuple[Batch, torch.cuda.Event | None]:
        if self._stream is None:
            return self._data.batch(*asked), None
        with torch.cuda.device(self._device), torch.cuda.stream(self._stream):
            batch = self._data.batch(*asked)
            ready = torch.cuda.Event()
            ready.record(self._stream)
            return batch, ready


def _hand_over(batch: Batch, ready: torch.cuda.Event, stream: torch.cuda.Stream) -> None:
    """Let `stream` read the batch once it is made, and its memory be used again only when that is done."""
    stream.wait_event(ready)
    for field in fields(batch):
        value = getattr(batch, field.name)
        if isinstance(value, Tensor):
            value.record_stream(stream)
