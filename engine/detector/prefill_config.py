"""What an image is prefilled with. Apart from the work itself, so that settings are checked without torch."""

from dataclasses import asdict, dataclass
from typing import Any

from engine.errors import InvalidSetting


@dataclass(frozen=True)
class PrefillConfig:
    """Which boxes become masks, and which masks are offered to the annotator."""

    score_thresh: float = 0.3
    """Boxes must have at least this score: the detector's own estimate of its box's IoU."""
    most_boxes: int = 100
    """Boxes considered per image."""
    pred_iou_thresh: float = 0.8
    """Masks must have a predicted IoU above this."""
    stability_score_thresh: float = 0.9
    """Masks must be at least this stable."""
    stability_score_offset: float = 1.0
    """Logits by which the cut is moved up and down to measure stability."""
    box_nms_thresh: float = 0.7
    """A mask whose box has a larger IoU with a better one's, or with one that was there before, is left out."""

    def __post_init__(self) -> None:
        for name in ("score_thresh", "pred_iou_thresh", "stability_score_thresh", "box_nms_thresh"):
            if not 0 <= getattr(self, name) <= 1:
                raise InvalidSetting(f"{name} must be between 0 and 1, not {getattr(self, name)}.")
        if not 1 <= self.most_boxes <= 1000:
            raise InvalidSetting(f"most_boxes must be between 1 and 1000, not {self.most_boxes}.")
        if not 0 < self.stability_score_offset < float("inf"):
            raise InvalidSetting(f"stability_score_offset must be above 0, not {self.stability_score_offset}.")

    def to_settings(self) -> dict[str, Any]:
        """All of it as JSON, to be stored with the masks."""
        return asdict(self)
