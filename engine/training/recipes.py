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
    steps: int = 6000,
    encoder_steps: int = 1500,
    decay_steps: int = 600,
    decay_window: int = 512,
    decay_error_points: int = 2,
) -> Recipe:
    """The bundled model, from scratch, sized for a CPU.

    First the encoder alone; then single prompts on windows; then, while the rate falls, `decay_error_points` further
    clicks on windows of `decay_window` pixels (512 is the whole input, with as many pixels a batch). Far fewer rounds
    than the paper's 11: with a small encoder and little time, more images are worth more than more clicks on each.
    """
    windows = Simulation(
        error_points=0,
        rounds_without_point=0,
        box_probability=0.25,
        single_mask_for_points=True,
        weights=LossWeights(others=0.1),
    )
    several_clicks = replace(windows, error_points=decay_error_points)
    images = max(1, 4 * 256**2 // decay_window**2)
    return Recipe(
        arch="vit_t",
        phases=(
            Phase(steps=encoder_steps, window=256, images=8, masks=8, simulation=None),
            Phase(steps=steps - encoder_steps - decay_steps, window=256, images=4, masks=8, simulation=windows),
            Phase(steps=decay_steps, window=decay_window, images=images, masks=8, simulation=several_clicks),
        ),
        learning_rate=3e-4,
        warmup_steps=min(100, steps // 10),
        decay_steps=decay_steps,
        weight_decay=0.05,
        average_decay=0.995,
        affinity_weight=0.5,
        # What is clicked most is photographs of objects and people. Strong augmentation pays in long runs only.
        scene_fraction=0.25,
        source_weights={"coco": 0.45, "ccp": 0.40, "facade": 0.12, "dsb": 0.03},
        augmentation=Augmentation(
            smallest_crop=0.6, rotation_degrees=5, colour=0.4, grayscale=0.02, noise=0.1, blur=0.05, paste=0.15
        ),
    )
