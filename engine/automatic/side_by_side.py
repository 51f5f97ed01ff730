"""Work on several cores at once: each thread has its batches to itself, and torch computes in it alone.

The decoder's products are small: two threads that share each of them wait for one another some two hundred times per
batch. Side by side they never do, and each keeps its own batch in its caches.
"""

from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager

import torch

# Each has a batch in memory, and all of them what they have found: machines with more cores give each several.
_MOST_THREADS = 8


@contextmanager
def side_by_side(device: torch.device) -> Iterator[Executor | None]:
    """Threads that share out the cores that torch may use: one each, of up to eight; None for one core, or a GPU.

    What is left of the work when the block is left, as by an error, is given up.
    """
    count = torch.get_num_threads()
    if device.type == "cuda" or count == 1:
        yield None
        return
    threads = min(count, _MOST_THREADS)
    # Sets the number for the thread that calls it, and for those that have not computed yet.
    pool = ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(count // threads,))
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)
        torch.set_num_threads(count)
