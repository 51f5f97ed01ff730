"""What a recipe says about its data: what is mixed, which masks count, how views are made."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.errors import InvalidSetting

STAGES = ("manual", "semi_automatic", "automatic")
"""What `stages` may name, as stored with masks."""


@dataclass(frozen=True)
class Augmentation:
    """Probabilities and ranges of random views. `smallest_crop` is the shortest crop side relative to the image's
    longest side, `aspect` how far a crop's sides may be stretched, `paste` the share of images that get an object of
    another image pasted onto them (Ghiasi et al., "Simple Copy-Paste", 2021)."""

    smallest_crop: float = 0.35
    aspect: float = 1.5
    flip: float = 0.5
    rotation_degrees: float = 12.0
    colour: float = 0.8
    grayscale: float = 0.1
    noise: float = 0.3
    blur: float = 0.15
    paste: float = 0.3

    def __post_init__(self) -> None:
        for name in ("flip", "colour", "grayscale", "noise", "blur", "paste"):
            if not 0 <= getattr(self, name) <= 1:
                raise InvalidSetting(f"{name} is a probability: between 0 and 1.")
        if not 0 < self.smallest_crop <= 1 or self.aspect < 1:
            raise InvalidSetting("smallest_crop must be above 0 and at most 1, aspect at least 1.")


NO_AUGMENTATION = Augmentation(
    smallest_crop=1.0, aspect=1.0, flip=0, rotation_degrees=0, colour=0, grayscale=0, noise=0, blur=0, paste=0
)
"""Whole images as they are, as the paper trains on the full data."""


@dataclass(frozen=True)
class DataSettings:
    """Defaults are the paper's: whole images, masks chosen evenly, those over 90 % of the image dropped (appendix A).

    Attributes:
        augmentation: random views, colours and pasted objects.
        large_scale_jitter: (smallest, largest) size of the image relative to the one that fills the model input, drawn
            evenly for every view; takes the place of random crops. The paper's [0.1, 2.0] is for the data of the
            first two stages of the data engine only.
        source_weights: shares of the sources among real images; a source that is not named has weight 1, and without
            any weights every image is equally likely.
        scene_fraction: share of generated scenes in a batch where both scenes and real images are given.
        smallest_area: targets of fewer low-res cells are left out.
        largest_mask: masks that cover a greater share of their image are dropped.
        area_exponent: a mask is chosen with a probability that grows with its area to this power; 0 is evenly.
        stages: only masks of these stages of the data engine, where the data say (snapshots do); None is all.
        in_memory: hold the data decoded, on the device, instead of reading them anew for every view: for a few
            thousand images and a small model, which would otherwise wait for JPEGs.
        scenes_held: in memory, how many generated scenes are held at a time.
        scenes_per_step: in memory, how many of them are replaced by new ones in every step.
    """

    augmentation: Augmentation = NO_AUGMENTATION
    large_scale_jitter: tuple[float, float] | None = None
    source_weights: Mapping[str, float] = field(default_factory=dict)
    scene_fraction: float = 0.5
    smallest_area: int = 6
    largest_mask: float = 0.9
    area_exponent: float = 0.0
    stages: tuple[str, ...] | None = None
    in_memory: bool = False
    scenes_held: int = 600
    scenes_per_step: float = 0.25

    def __post_init__(self) -> None:
        if not 0 <= self.scene_fraction <= 1:
            raise InvalidSetting("scene_fraction is the share of generated scenes in a batch: between 0 and 1.")
        if not 0 < self.largest_mask <= 1:
            raise InvalidSetting("largest_mask is a share of the image: above 0 and at most 1.")
        if self.smallest_area < 0 or not 0 <= self.area_exponent < float("inf"):
            raise InvalidSetting("smallest_area and area_exponent must be finite and not negative.")
        if unknown := set(self.stages or ()) - set(STAGES):
            raise InvalidSetting(f"stages are {', '.join(STAGES)}, not {', '.join(sorted(unknown))}.")
        if any(weight < 0 for weight in self.source_weights.values()):
            raise InvalidSetting("source_weights must not be negative.")
        if self.large_scale_jitter is not None:
            low, high = self.large_scale_jitter
            if not 0 < low <= high:
                raise InvalidSetting("large_scale_jitter is a range of sizes above 0, smallest first.")
            if self.in_memory:
                raise InvalidSetting("large_scale_jitter needs the whole images: it cannot be used with in_memory.")
        if self.scenes_held < 1 or self.scenes_per_step < 0:
            raise InvalidSetting("scenes_held must be at least 1 and scenes_per_step not negative.")
