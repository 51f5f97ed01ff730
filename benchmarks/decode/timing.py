"""What a run gives, wherever it ran."""

import statistics
from dataclasses import dataclass


@dataclass(frozen=True)
class Timing:
    """Milliseconds of the plain and the two-step decoder, and how far their masks agree."""

    where: str
    image_size: int
    threads: int
    plain_ms: list[float]
    decode_ms: list[float]
    prepare_ms: list[float]
    lowest_iou: float
    """Of all masks of the compared clicks, thresholded at 0."""

    @property
    def ratio(self) -> float:
        return statistics.median(self.plain_ms) / statistics.median(self.decode_ms)

    def summary(self) -> dict[str, float | int | str]:
        return {
            "where": self.where,
            "image_size": self.image_size,
            "threads": self.threads,
            "clicks": len(self.plain_ms),
            "plain_ms": round(statistics.median(self.plain_ms), 2),
            "two_step_ms": round(statistics.median(self.decode_ms), 2),
            "plain_fastest_ms": round(min(self.plain_ms), 2),
            "two_step_fastest_ms": round(min(self.decode_ms), 2),
            "prepare_ms": round(statistics.median(self.prepare_ms), 2),
            "ratio": round(self.ratio, 2),
            "lowest_iou": round(self.lowest_iou, 5),
        }
