"""How the automatic stage seeks and chooses masks. Source: Segment Anything, section 4 and appendix B."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from engine.automatic.named_changes import with_changes
from engine.automatic.thresholds import SA_1B, Thresholds
from engine.errors import InvalidSetting

_MOST_POINTS_PER_SIDE = 256
_MOST_CROP_LAYERS = 4


@dataclass(frozen=True)
class AutomaticConfig:
    """Every threshold of the automatic stage. The defaults look at the whole image only, with SA-1B's thresholds."""

    points_per_side: int = 32
    """Points along each side of the image: 32 asks 1,024 times."""
    points_per_batch: int | None = None
    """Points decoded together. None: as many as memory allows. It changes the speed, not the masks."""
    pred_iou_thresh: float = SA_1B.pred_iou_thresh
    """Candidates must have a predicted IoU above this."""
    stability_score_thresh: float = SA_1B.stability_score_thresh
    """Candidates must be at least this stable."""
    stability_score_offset: float = 1.0
    """Logits by which the cut is moved up and down to measure stability."""
    box_nms_thresh: float = SA_1B.box_nms_thresh
    """Of two boxes of a crop with a larger IoU, the one with the lower predicted IoU goes."""
    crop_n_layers: int = 0
    """Layers of crops that are searched as well: layer i is a grid of 2ⁱ × 2ⁱ overlapping crops."""
    crop_nms_thresh: float = 0.7
    """Of two boxes from different crops with a larger IoU, the one from the larger crop goes."""
    crop_overlap_ratio: float = 512 / 1500
    """Overlap of neighbouring crops in the first layer, in shorter sides of the image; halves from layer to layer."""
    crop_n_points_downscale_factor: int = 1
    """Points along each side are divided by this from layer to layer."""
    max_cover: float = 0.95
    """Masks that cover this part of the image or more are dropped; 1 keeps them all."""
    min_mask_region_area: int = 100
    """Holes and islands of fewer pixels are cleaned away; 0 leaves masks as they are."""

    def __post_init__(self) -> None:
        if not 1 <= self.points_per_side <= _MOST_POINTS_PER_SIDE:
            raise InvalidSetting(
                f"Points per side must be between 1 and {_MOST_POINTS_PER_SIDE}, not {self.points_per_side}."
            )
        if self.points_per_batch is not None and self.points_per_batch < 1:
            raise InvalidSetting(f"Points per batch must be at least 1, not {self.points_per_batch}.")
        shares = ("pred_iou_thresh", "stability_score_thresh", "box_nms_thresh", "crop_nms_thresh", "max_cover")
        for name in (*shares, "crop_overlap_ratio"):
            value = getattr(self, name)
            if not 0 <= value <= 1:
                raise InvalidSetting(f"{name} must be between 0 and 1, not {value}.")
        if not 0 < self.stability_score_offset < float("inf"):
            raise InvalidSetting(f"stability_score_offset must be above 0, not {self.stability_score_offset}.")
        if self.min_mask_region_area < 0:
            raise InvalidSetting(f"min_mask_region_area must be 0 or more, not {self.min_mask_region_area}.")
        if not 0 <= self.crop_n_layers <= _MOST_CROP_LAYERS:
            raise InvalidSetting(f"crop_n_layers must be between 0 and {_MOST_CROP_LAYERS}, not {self.crop_n_layers}.")
        if self.crop_n_points_downscale_factor < 1:
            raise InvalidSetting(
                f"crop_n_points_downscale_factor must be at least 1, not {self.crop_n_points_downscale_factor}."
            )
        if self.points_per_side < self.crop_n_points_downscale_factor**self.crop_n_layers:
            raise InvalidSetting("points_per_side is too small for so many crop layers: the last would have no point.")

    @property
    def points(self) -> int:
        """Points asked per image, all crops together."""
        sides = (self.points_per_side // self.crop_n_points_downscale_factor**i for i in range(self.crop_n_layers + 1))
        return sum((side * 2**layer) ** 2 for layer, side in enumerate(sides))

    def to_settings(self) -> dict[str, Any]:
        """All of it as JSON, to be stored with the masks."""
        return asdict(self)


def paper() -> AutomaticConfig:
    """As SA-1B was made: 32×32 points, then 2×2 and 4×4 crops with 16×16 and 8×8."""
    return AutomaticConfig(crop_n_layers=2, crop_n_points_downscale_factor=2)


def fast() -> AutomaticConfig:
    """A twelfth of the paper's points, no crops: for a first look, and for large objects."""
    return AutomaticConfig(points_per_side=16)


def custom() -> AutomaticConfig:
    """The whole image at 32×32 points: what the published generator does unless told otherwise. To be adapted."""
    return AutomaticConfig()


PRESETS: Mapping[str, Callable[[], AutomaticConfig]] = {each.__name__: each for each in (paper, fast, custom)}


def config_of(preset: str, changes: Mapping[str, Any] | None = None) -> AutomaticConfig:
    """A preset with some settings changed by name. Raises InvalidSetting for an unknown name or an unusable value."""
    if preset not in PRESETS:
        raise InvalidSetting(f"There is no preset {preset!r}; choose one of {', '.join(PRESETS)}.")
    return with_changes(PRESETS[preset](), changes or {})


def left_open(changes: Mapping[str, Any], own: Thresholds | None) -> dict[str, float]:
    """Those of a model's `own` thresholds that `changes` say nothing about: they go before the preset's."""
    return {} if own is None else {name: each for name, each in own.to_settings().items() if name not in changes}
