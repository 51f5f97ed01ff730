"""What the training loop is given: batches of views with their masks, and the protocol of what gives them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor


@dataclass(frozen=True)
class Batch:
    """B views of W×W pixels with M masks each; W is the model input's side, or that of a window of it.

    Attributes:
        images: B×3×W×W, RGB in 0..255.
        valid: B×1×W×W, 0 where there is padding.
        targets: B×M×(W/4)×(W/4) booleans, the true low-res masks.
        present: B×M, False where an image has fewer masks.
        origin: B×2 (x, y), where each window starts in the model-input frame, a multiple of 16.
        ids: one per image: what to look up when a batch misbehaves.
        texts: B×M×D embeddings of each mask's crop in the space of text prompts, where there are any.
        text_present: B×M, which masks have one.
    """

    images: Tensor
    valid: Tensor
    targets: Tensor
    present: Tensor
    origin: Tensor
    ids: tuple[str, ...]
    texts: Tensor | None = None
    text_present: Tensor | None = None


def concatenate(batches: Sequence[Batch]) -> Batch:
    """Batches of the same sizes and without texts as one, in their order."""
    return Batch(
        images=torch.cat([batch.images for batch in batches]),
        valid=torch.cat([batch.valid for batch in batches]),
        targets=torch.cat([batch.targets for batch in batches]),
        present=torch.cat([batch.present for batch in batches]),
        origin=torch.cat([batch.origin for batch in batches]),
        ids=tuple(name for batch in batches for name in batch.ids),
    )


@dataclass(frozen=True)
class Shard:
    """Which part of a global batch this process computes."""

    rank: int = 0
    world: int = 1

    def rows(self, images: int) -> range:
        """The rows of a global batch of `images` that are this shard's; `images` is a multiple of `world`."""
        share = images // self.world
        return range(self.rank * share, (self.rank + 1) * share)


class TrainingData(Protocol):
    """Batches as a pure function of the step.

    Nothing is remembered from one batch to the next, so a resumed run needs no state of the data, and several
    processes together see exactly the batch that one would.
    """

    def batch(self, step: int, images: int, masks: int, window: int, shard: Shard) -> Batch:
        """This shard's rows of the global batch of `images` views, `masks` masks each, that belongs to `step`.

        Blocks until the data are there; the following steps may be prepared in the background.
        """
        ...

    def close(self) -> None:
        """Stop what runs in the background."""
        ...
