"""Named ways to train, as functions. Values come from Segment Anything, appendix A, unless a comment says otherwise."""

from dataclasses import dataclass, field, replace

from engine.errors import InvalidSetting
from engine.training.augment import Augmentation
from engine.training.losses import LossWeights
from engine.training.simulation import Simulation


@dataclass(frozen=True)
class Phase:
    """`steps` optimizer steps on batches of `images` × `masks`, seen through a window of the model input.

    A window has the pixel density and the position codes of the whole input at a fraction of the cost.
    """

    steps: int
    window: int
    images: int
    masks: int
    simulation: Simulation | None = field(default_factory=Simulation)
    """None trains the encoder alone, by the affinity of its positions."""

    def __post_init__(self) -> None:
        if min(self.steps, self.images, self.masks) < 1 or self.window % 32:
            raise InvalidSetting("A phase needs steps, images and masks, and a window that is a multiple of 32.")


@dataclass(frozen=True)
class Recipe:
    """Everything a run depends on besides its data and its seed.

    The learning rate warms up linearly, stays, and falls linearly to zero over the last `decay_steps`; so a run can be
    made longer after it has begun without repeating anything.
    """

    arch: str
    phases: tuple[Phase, ...]
    learning_rate: float
    warmup_steps: int
    decay_steps: int
    weight_decay: float = 0.1
    betas: tuple[float, float] = (0.9, 0.999)
    gradient_clip: float = 1.0
    average_decay: float = 0.999
    augmentation: Augmentation = field(default_factory=Augmentation)
    scene_fraction: float = 0.5
    source_weights: dict[str, float] = field(default_factory=dict)
    smallest_area: int = 6
    affinity_weight: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.scene_fraction <= 1:
            raise InvalidSetting("scene_fraction is the share of generated scenes in a batch: between 0 and 1.")
        if not self.phases:
            raise InvalidSetting("A recipe needs at least one phase.")
        if self.warmup_steps + self.decay_steps > self.steps:
            raise InvalidSetting(
                f"{self.warmup_steps} warm-up and {self.decay_steps} decay steps do not fit into {self.steps} steps."
            )

    @property
    def steps(self) -> int:
        return sum(phase.steps for phase in self.phases)


def vit_t(
    steps: int = 12000,
    encoder_steps: int = 600,
    clicks_steps: int = 3000,
    decay_steps: int = 2000,
    error_points: int = 2,
) -> Recipe:
    """The bundled model, from scratch, sized for a CPU.

    First the encoder alone; then single prompts on windows; then, over the last `clicks_steps` + `decay_steps` steps,
    `error_points` further clicks, at the end on whole inputs while the rate falls. Far fewer rounds than the paper's
    11: with a small encoder and little time, more images are worth more than more clicks on each.
    """
    windows = Simulation(
        error_points=0,
        rounds_without_point=0,
        box_probability=0.25,
        single_mask_for_points=True,
        weights=LossWeights(others=0.1),
    )
    several_clicks = replace(windows, error_points=error_points)
    single = steps - encoder_steps - clicks_steps - decay_steps
    return Recipe(
        arch="vit_t",
        phases=(
            Phase(steps=encoder_steps, window=256, images=8, masks=8, simulation=None),
            Phase(steps=single, window=256, images=4, masks=8, simulation=windows),
            Phase(steps=clicks_steps, window=256, images=4, masks=8, simulation=several_clicks),
            Phase(steps=decay_steps, window=512, images=2, masks=6, simulation=several_clicks),
        ),
        learning_rate=3e-4,
        warmup_steps=min(100, steps // 10),
        decay_steps=decay_steps,
        weight_decay=0.05,
        average_decay=0.998,
        affinity_weight=0.5,
        # What is clicked most is photographs of objects and people. Strong augmentation pays in long runs only.
        scene_fraction=0.25,
        source_weights={"coco": 0.45, "ccp": 0.35, "facade": 0.17, "dsb": 0.03},
        augmentation=Augmentation(
            smallest_crop=0.5, rotation_degrees=8, colour=0.5, grayscale=0.05, noise=0.15, blur=0.1, paste=0.25
        ),
    )
