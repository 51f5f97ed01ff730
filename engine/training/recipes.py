"""Named ways to train, as functions. Values come from Segment Anything, appendix A, unless a comment says otherwise."""

from dataclasses import dataclass, field

from engine.errors import InvalidSetting
from engine.training.augment import Augmentation
from engine.training.simulation import Simulation


@dataclass(frozen=True)
class Phase:
    """`steps` optimizer steps at one input size; a batch is `images` × `masks`."""

    steps: int
    image_size: int
    images: int
    masks: int

    def __post_init__(self) -> None:
        if min(self.steps, self.images, self.masks) < 1 or self.image_size % 32:
            raise InvalidSetting("A phase needs steps, images and masks, and an image size that is a multiple of 32.")


@dataclass(frozen=True)
class Recipe:
    """Everything a run depends on besides its data and its seed."""

    arch: str
    phases: tuple[Phase, ...]
    learning_rate: float
    warmup_steps: int
    weight_decay: float = 0.1
    betas: tuple[float, float] = (0.9, 0.999)
    gradient_clip: float = 1.0
    average_decay: float = 0.999
    simulation: Simulation = field(default_factory=Simulation)
    augmentation: Augmentation = field(default_factory=Augmentation)
    scene_fraction: float = 0.5
    source_weights: dict[str, float] = field(default_factory=dict)
    smallest_area: int = 6

    def __post_init__(self) -> None:
        if not 0 <= self.scene_fraction <= 1:
            raise InvalidSetting("scene_fraction is the share of generated scenes in a batch: between 0 and 1.")
        if not self.phases:
            raise InvalidSetting("A recipe needs at least one phase.")

    @property
    def steps(self) -> int:
        return sum(phase.steps for phase in self.phases)


def vit_t(steps: int = 12_000) -> Recipe:
    """The bundled model: from scratch, three quarters of the steps at 512 pixels, where a step costs a quarter.

    Fewer rounds than the paper's 11: with a small encoder and little time, more images are worth more than more
    clicks on each.
    """
    fine = max(1, steps // 4)
    return Recipe(
        arch="vit_t",
        phases=(
            Phase(steps=max(1, steps - fine), image_size=512, images=32, masks=16),
            Phase(steps=fine, image_size=1024, images=12, masks=12),
        ),
        learning_rate=8e-4,
        warmup_steps=min(300, steps // 10),
        weight_decay=0.05,
        average_decay=0.9995,
        simulation=Simulation(error_points=3, rounds_without_point=1, box_probability=0.35),
        # Sources differ in how much they teach: photographs of objects and of people weigh more than nuclei.
        source_weights={"coco": 0.36, "ccp": 0.32, "facade": 0.22, "dsb": 0.10},
    )
