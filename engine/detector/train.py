"""Trains a box head on embeddings and the boxes of masks."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.detector.assignment import detection_loss
from engine.detector.config import BoxHeadConfig
from engine.detector.head import BoxHead, positions
from engine.detector.recipe import DetectorRecipe
from engine.errors import InvalidInput
from engine.sam.transforms import apply_boxes, resized_shape

__all__ = ["DetectorExample", "DetectorRecipe", "train_detector"]


@dataclass(frozen=True)
class DetectorExample:
    """One image: ways to get its embedding C×S×S and its pixels H×W×3, its (height, width), and its objects.

    `boxes` is N×4 (x0, y0, x1, y1) in the image frame.
    """

    name: str
    embedding: Callable[[], NDArray[np.float16]]
    pixels: Callable[[], NDArray[np.uint8]]
    size: tuple[int, int]
    boxes: NDArray[np.float32]


def train_detector(
    examples: Sequence[DetectorExample],
    config: BoxHeadConfig,
    recipe: DetectorRecipe | None = None,
    on_step: Callable[[int, int, float], None] | None = None,
) -> BoxHead:
    """A trained head, in evaluation mode. `on_step` is told the step, the number of steps, and the loss.

    Raises InvalidInput without any object to learn from, or when the loss is not finite.
    """
    recipe = recipe or DetectorRecipe()
    examples = [example for example in examples if len(example.boxes)]
    if not examples:
        raise InvalidInput("There is nothing to train a detector on: none of the images has a mask.")
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    with torch.random.fork_rng():
        torch.manual_seed(recipe.seed)
        head = BoxHead(config).to(device).train()
    where = positions(config, device)
    optimizer = torch.optim.AdamW(head.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay)
    per_epoch = math.ceil(len(examples) / recipe.batch_size)
    steps = per_epoch * recipe.epochs
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _rate(step, steps, recipe.warm_up))
    for step in range(steps):
        batch = _batch(examples, step // per_epoch, step % per_epoch, recipe)
        embedding = torch.stack([torch.from_numpy(np.array(each.embedding())) for each in batch])
        boxes = [_in_model_frame(each, config.image_size).to(device) for each in batch]
        sizes = [resized_shape(*each.size, config.image_size) for each in batch]
        loss = detection_loss(head(embedding.to(device).float()), where, boxes, sizes)
        if not loss.isfinite():
            raise InvalidInput(f"The detector's loss is not finite at step {step}: lower the learning rate.")
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(head.parameters(), 10.0)
        optimizer.step()
        schedule.step()
        if on_step is not None:
            on_step(step + 1, steps, float(loss.detach()))
    return head.eval()


def _batch(
    examples: Sequence[DetectorExample], epoch: int, place: int, recipe: DetectorRecipe
) -> list[DetectorExample]:
    """What is seen at a step follows from the seed alone."""
    order = np.random.default_rng((recipe.seed, epoch)).permutation(len(examples))
    return [examples[index] for index in order[place * recipe.batch_size : (place + 1) * recipe.batch_size]]


def _in_model_frame(example: DetectorExample, image_size: int) -> Tensor:
    return torch.from_numpy(apply_boxes(example.boxes, example.size, image_size))


def _rate(step: int, steps: int, warm_up: float) -> float:
    """Linear up, then half a cosine down."""
    rising = max(1, int(steps * warm_up))
    if step < rising:
        return (step + 1) / rising
    return 0.5 * (1 + math.cos(math.pi * (step - rising) / max(1, steps - rising)))
