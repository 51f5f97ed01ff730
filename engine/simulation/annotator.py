"""How the simulated annotator makes one mask: clicks until it is good enough, as in the published protocol.

Source: Segment Anything, section 7.1, and RITM for counting the clicks. The same rules as `engine.evaluation.protocol`,
one mask at a time and through the API instead of many at a time in memory.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.evaluation.clicks import NO_POINT, Click, first_click, next_click
from engine.masks.geometry import BoolMask, intersection_over_union


@dataclass(frozen=True)
class Answer:
    """What the model makes of some clicks: the mask H×W, its logits S×S to refine, and the predicted IoU."""

    mask: BoolMask
    logits: NDArray[np.float16]
    predicted_iou: float


Decode = Callable[[tuple[Click, ...], NDArray[np.float16] | None], Answer]
"""Clicks so far and the logits of the answer before → the answer."""


@dataclass(frozen=True)
class Attempt:
    """One mask being made: the clicks, the IoU with the truth after each of them, and what stood there at last."""

    clicks: tuple[Click, ...]
    ious: tuple[float, ...]
    last: Answer

    def iou_after(self, clicks: int) -> float:
        """The IoU after so many clicks; after the last one where the mask was perfect before."""
        return self.ious[min(clicks, len(self.ious)) - 1]

    def clicks_to(self, target: float, most: int) -> tuple[int, bool]:
        """Clicks until the IoU was at least `target`, and whether it was; a mask that is not counts as `most`."""
        reached = next((number for number, iou in enumerate(self.ious[:most], 1) if iou >= target), None)
        return (most, False) if reached is None else (reached, True)


def click_to(decode: Decode, truth: BoolMask, target: float, most: int, least: int = 1) -> Attempt:
    """Clicks on `truth` (H×W, not empty) until the IoU is at least `target`: from `least` to `most` clicks."""
    clicks: tuple[Click, ...] = (first_click(truth),)
    answer = decode(clicks, None)
    ious = [intersection_over_union(answer.mask, truth)]
    while len(clicks) < most and (len(clicks) < least or max(ious) < target):
        click = next_click(truth, answer.mask, clicks)
        if click.label == NO_POINT:
            break
        clicks = (*clicks, click)
        answer = decode(clicks, answer.logits)
        ious.append(intersection_over_union(answer.mask, truth))
    return Attempt(clicks, tuple(ious), answer)
