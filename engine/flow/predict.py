"""prompt → masks, for one image, without a database."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from engine.errors import InvalidInput
from engine.masks import rle
from engine.sam.predictor import Predictor

Point = tuple[float, float, int]
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class PredictedMask:
    """A mask at the size of the image and the IoU the model expects it to have."""

    segmentation: rle.Rle
    predicted_iou: float


def predict(
    predictor: Predictor,
    image: NDArray[np.uint8],
    points: Sequence[Point],
    box: Box | None = None,
    multimask: bool = False,
    text: Tensor | None = None,
) -> list[PredictedMask]:
    """The masks for one prompt on `image` (H×W×3 RGB), best first.

    A single point or a text alone is ambiguous and gives the three candidates; several prompts or a box give the single
    mask, unless `multimask` asks for the candidates.

    Args:
        points: (x, y, label) in the image frame; label 1 is foreground, 0 background.
        box: (x0, y0, x1, y1) in the image frame.
        text: the CLIP embedding 1×D of what to segment, for models that take texts.

    Raises InvalidInput for a prompt that is empty, lies outside the image, or whose box has no area.
    """
    height, width = image.shape[:2]
    if text is None or points or box is not None:
        check_prompt(points, box, width, height)
    embedded = predictor.embed(image)
    coords = np.array([[point[:2] for point in points]], np.float64) if points else None
    labels = np.array([[point[2] for point in points]], np.int32) if points else None
    corners = None if box is None else np.array([box], np.float64)
    ambiguous = len(points) + (text is not None) == 1 and box is None
    low, predicted_iou = embedded.predict(coords, labels, corners, texts=text, multimask_output=multimask or ambiguous)
    masks = embedded.masks(low)[0].cpu().numpy()
    scores = predicted_iou[0].tolist()
    order = sorted(range(len(scores)), key=lambda index: -scores[index])
    return [PredictedMask(rle.encode(masks[index]), scores[index]) for index in order]


def check_prompt(points: Sequence[Point], box: Box | None, width: int, height: int) -> None:
    """Raises InvalidInput for what `predict` would refuse on an image of that size."""
    if not points and box is None:
        raise InvalidInput("A prompt needs at least one point or a box.")
    for x, y, label in points:
        if label not in (0, 1):
            raise InvalidInput(f"A point's label is 1 (foreground) or 0 (background), not {label}.")
        if not (0 <= x < width and 0 <= y < height):
            raise InvalidInput(
                f"The point {x:g},{y:g} lies outside the image, which has {width}×{height} pixels (width×height)."
            )
    if box is not None:
        x0, y0, x1, y1 = box
        if not (x0 < x1 and y0 < y1):
            raise InvalidInput("A box needs X0 < X1 and Y0 < Y1: its top-left corner, then its bottom-right one.")
        if not (x0 >= 0 and y0 >= 0 and x1 <= width and y1 <= height):
            raise InvalidInput(
                f"The box {x0:g},{y0:g},{x1:g},{y1:g} reaches outside the image, which has {width}×{height} pixels "
                "(width×height)."
            )
