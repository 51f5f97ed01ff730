"""Text prompts for training without any text: the CLIP embeddings of the masks' own pictures.

CLIP aligns pictures and words, so a model that is trained on the embeddings of objects answers to their names. Source:
Segment Anything, section 7.5 and appendix D.5.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from engine.errors import InvalidSetting
from engine.text.clip import Clip
from engine.text.crops import cut_out
from engine.training.batch import Batch, Shard, TrainingData
from engine.training.randomness import step_generator

CROPS_AT_ONCE = 64


@dataclass(frozen=True)
class TextSettings:
    """How masks become text prompts; the defaults are the paper's.

    Attributes:
        smallest_side: only masks of more than this squared, in pixels of the model input, get one.
        enlarge: range of the factor by which a mask's box grows before it is cut out.
        blank: how often what surrounds the object is set to zero.
        probability: how often a mask that can starts with its text; else with a point or a box.
    """

    smallest_side: int = 100
    enlarge: tuple[float, float] = (1.0, 2.0)
    blank: float = 0.5
    probability: float = 1.0

    def __post_init__(self) -> None:
        if self.smallest_side < 0:
            raise InvalidSetting(f"smallest_side must not be negative: {self.smallest_side}.")
        if not 1 <= self.enlarge[0] <= self.enlarge[1]:
            raise InvalidSetting(
                f"enlarge is a range of factors from 1 on, not {self.enlarge[0]} to {self.enlarge[1]}."
            )
        for name in ("blank", "probability"):
            if not 0 <= getattr(self, name) <= 1:
                raise InvalidSetting(f"{name} is between 0 and 1, not {getattr(self, name)}.")


@dataclass(frozen=True)
class WithTexts:
    """Training data whose larger masks come with the CLIP embedding of their picture; a pure function of the step too.

    `seed` is that of the random choices, drawn for the whole global batch, so that any number of processes agree.
    """

    data: TrainingData
    clip: Clip
    settings: TextSettings
    seed: int

    def batch(self, step: int, images: int, masks: int, window: int, shard: Shard) -> Batch:
        """This shard's rows of the batch of `step`, with `texts` and `text_present`."""
        batch = self.data.batch(step, images, masks, window, shard)
        drawn = torch.rand(images, masks, 3, generator=step_generator(self.seed, step, "texts"))
        rows = shard.rows(images)
        scale, blank, chosen = drawn[rows.start : rows.stop].to(batch.images.device).unbind(-1)
        low, high = self.settings.enlarge
        pixels = batch.targets.sum((-2, -1)) * (batch.images.shape[-1] / batch.targets.shape[-1]) ** 2
        present = batch.present & (pixels > self.settings.smallest_side**2) & (chosen < self.settings.probability)
        texts = embed_masks(
            self.clip, batch.images, batch.targets, present, low + scale * (high - low), blank < self.settings.blank
        )
        return replace(batch, texts=texts, text_present=present)

    def close(self) -> None:
        """Stop what runs in the background."""
        self.data.close()


@torch.no_grad()
def embed_masks(clip: Clip, images: Tensor, masks: Tensor, present: Tensor, enlarge: Tensor, blank: Tensor) -> Tensor:
    """CLIP embeddings of the `present` (B×M) masks' pictures, B×M×D, zero elsewhere; other arguments as `cut_out`'s."""
    texts = images.new_zeros(*present.shape, clip.dim)
    # Image by image: crops of a whole batch would be gigabytes.
    for row in present.any(1).nonzero()[:, 0].tolist():
        for part in present[row].nonzero()[:, 0].split(CROPS_AT_ONCE):
            crops, shares = cut_out(
                images[row : row + 1],
                masks[row : row + 1, part],
                enlarge[row : row + 1, part],
                blank[row : row + 1, part],
                clip.image_side,
            )
            texts[row, part] = clip.embed_crops(crops, shares).to(texts)
    return texts
