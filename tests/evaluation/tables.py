"""Measurements written down by hand."""

import numpy as np

from engine.evaluation.measurements import ImageMeasurements, MeasuredImage, Measurements, gather


def image(
    name: str,
    iou: list[list[float]],
    predicted_iou: list[list[float]] | None = None,
    *,
    tags: tuple[str, ...] = (),
    relative_size: float = 0.3,
) -> ImageMeasurements:
    """An image's masks, one list of IoUs per mask; what the model predicted is 0.5 unless it is said."""
    measured = np.array(iou, np.float64)
    predicted = np.full_like(measured, 0.5) if predicted_iou is None else np.array(predicted_iou, np.float64)
    return ImageMeasurements(
        image=MeasuredImage(name, name.split("_")[0], tags),
        relative_size=np.full(len(measured), relative_size),
        iou=measured,
        predicted_iou=predicted,
        oracle_iou=measured[:, 0] + 0.1,
    )


def table(*images: ImageMeasurements) -> Measurements:
    return gather(images)
