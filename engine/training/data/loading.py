"""Processes that load in the background, set up alike everywhere."""

import signal
from collections.abc import Iterable
from typing import Any

import cv2
from torch.utils.data import DataLoader, Dataset

PREFETCH = 4
"""Items that each process makes ahead."""


def loader(dataset: Dataset[Any], workers: int, order: Iterable[Any] | None = None) -> DataLoader[Any]:
    """The items of a data set one by one, in its own order or in `order`, from `workers` processes (0: this one).

    Items come in order whatever the number of processes. Processes are spawned, not forked: a fork of a process with
    threads and a GPU context may hang.
    """
    return DataLoader(
        dataset,
        batch_size=None,
        sampler=order,
        num_workers=workers,
        prefetch_factor=PREFETCH if workers else None,
        collate_fn=_as_is,
        worker_init_fn=_settle,
        multiprocessing_context="spawn" if workers else None,
    )


def _as_is(item: Any) -> Any:
    return item


def _settle(_worker: int) -> None:
    """There is a process per core already."""
    cv2.setNumThreads(1)
    # A terminal sends Ctrl-C to all of them; it is the first one's to answer, which stops these.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
