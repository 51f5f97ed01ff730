"""The simulated annotator of the published protocol: where would someone click next?

Source: Segment Anything, section 7.1 and appendix D.1, after RITM (https://arxiv.org/abs/2102.06583).
"""

from typing import NamedTuple

from engine.masks.geometry import BoolMask, farthest_from_border

FOREGROUND, BACKGROUND, NO_POINT = 1, 0, -1


class Click(NamedTuple):
    """A click at pixel (x, y) of the image frame; label 1 foreground, 0 background, -1 no point."""

    x: int
    y: int
    label: int


def first_click(truth: BoolMask) -> Click:
    """The foreground point of `truth` (H×W, not empty) farthest from its border."""
    point = farthest_from_border(truth)
    if point is None:
        raise ValueError("an empty mask has no point to click")
    return Click(point.x, point.y, FOREGROUND)


def next_click(truth: BoolMask, predicted: BoolMask, earlier: tuple[Click, ...]) -> Click:
    """The centre of the largest error of `predicted` against `truth` (both H×W).

    The larger of the two kinds of error is the one whose centre lies farther from its border: a false negative
    gets a foreground click, a false positive a background one. No pixel is clicked twice. A mask without error
    left gets a click with label `NO_POINT`.
    """
    clicked = tuple((click.x, click.y) for click in earlier if click.label != NO_POINT)
    missing = farthest_from_border(truth & ~predicted, clicked)
    surplus = farthest_from_border(predicted & ~truth, clicked)
    if missing and (surplus is None or missing.distance > surplus.distance):
        return Click(missing.x, missing.y, FOREGROUND)
    if surplus:
        return Click(surplus.x, surplus.y, BACKGROUND)
    return Click(0, 0, NO_POINT)
