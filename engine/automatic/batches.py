"""Work in batches that fit into memory, and in smaller ones when they do not."""

import logging
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import torch

from engine.errors import OutOfMemory
from engine.sam.config import SamConfig

Item = TypeVar("Item")
Result = TypeVar("Result")

_log = logging.getLogger(__name__)

# On a processor, batches whose images B×P×C are larger than this leave its caches, and are slower for it.
_IMAGES_ON_CPU = 16 * 2**20
_MOST_POINTS_ON_GPU = 256
# Images B×P×C that the decoder has in memory at once for each prompt, its four times finer output included.
_IMAGES_PER_POINT = 16
# The rest is for what is stored of the masks, and for other processes on the same GPU.
_SHARE_OF_FREE_MEMORY = 0.4
_BYTES = 4


def points_that_fit(config: SamConfig, device: torch.device) -> int:
    """How many points to decode together, by the memory that is free on `device` now."""
    image = config.embedding_side**2 * config.prompt_embed_dim * _BYTES
    if device.type != "cuda":
        return max(1, _IMAGES_ON_CPU // image)
    free, _ = torch.cuda.mem_get_info(device)
    return max(1, min(_MOST_POINTS_ON_GPU, int(free * _SHARE_OF_FREE_MEMORY / (image * _IMAGES_PER_POINT))))


class Batches:
    """Splits work into batches of at most `size`, which halves for good whenever memory runs out."""

    def __init__(self, size: int) -> None:
        self.size = size

    def run(self, work: Callable[[Sequence[Item]], Result], items: Sequence[Item]) -> Iterator[tuple[int, Result]]:
        """(how many items, what `work` made of them), in order. Raises OutOfMemory when one item alone is too much."""
        start = 0
        while start < len(items):
            batch = items[start : start + self.size]
            try:
                result = work(batch)
            except (MemoryError, RuntimeError) as error:
                if not _is_out_of_memory(error):
                    raise
                self._shrink(len(batch), error)
                continue
            yield len(batch), result
            start += len(batch)

    def _shrink(self, failed: int, error: Exception) -> None:
        # What the failed attempt allocated hangs on its traceback.
        error.__traceback__ = None
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        if failed == 1:
            raise OutOfMemory("There is not enough memory for this model, even for one prompt at a time.") from error
        self.size = failed // 2
        _log.warning("Out of memory with batches of %d: going on with %d.", failed, self.size)


def _is_out_of_memory(error: Exception) -> bool:
    """torch has a type of its own for GPUs alone; the allocator for processors raises a bare RuntimeError."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return "not enough memory" in str(error) or "can't allocate memory" in str(error)
