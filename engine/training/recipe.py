"""What a training run is, as data: everything it depends on besides its images and its seed."""

from dataclasses import dataclass, field, replace
from typing import Literal

from engine.errors import InvalidSetting
from engine.sam import SamConfig
from engine.sam.config import VitConfig
from engine.training.data.settings import DataSettings
from engine.training.optimizer import OptimizerSettings
from engine.training.schedule import Schedule
from engine.training.simulation import Simulation
from engine.training.texts import TextSettings

Precision = Literal["auto", "bfloat16", "float32"]


@dataclass(frozen=True)
class Phase:
    """`steps` optimizer steps on global batches of `images` × up to `masks` masks each.

    Attributes:
        window: side of the part of each model input that is seen, in pixels; None is all of it. A window has the pixel
            density and the position codes of the whole input at a fraction of the cost; a ViT needs the whole.
        simulation: the annotator. None trains the encoder alone, by the affinity of its positions.
    """

    steps: int
    images: int
    masks: int
    window: int | None = None
    simulation: Simulation | None = field(default_factory=Simulation)

    def __post_init__(self) -> None:
        if min(self.steps, self.images, self.masks) < 1:
            raise InvalidSetting("A phase needs at least one step, one image and one mask.")
        if self.window is not None and (self.window < 32 or self.window % 32):
            raise InvalidSetting(f"A window is a multiple of 32 pixels, not {self.window}.")


@dataclass(frozen=True)
class Recipe:
    """One way to train. See `engine.training.recipes` for the named ones.

    Attributes:
        arch: size of the model; None is that of the checkpoint to start from.
        phases: one after another, under one schedule.
        schedule: of the learning rate.
        optimizer: AdamW's settings.
        data: what batches are made of.
        text: how masks become text prompts, where a CLIP model is given.
        decoder_depth: two-way layers of the mask decoder; None is the model's own (2).
        decoder_dropout: on the residual branches of the mask decoder.
        drop_path: stochastic depth of a ViT's last block, falling to none in its first.
        masks_per_pass: most masks that one device handles at once; the paper's 64 per GPU.
        images_per_pass: most images that one device handles at once; a larger share of the batch is accumulated. None
            is as many as `masks_per_pass` allows.
        checkpoint_blocks: compute a ViT's blocks twice instead of keeping what is inside them.
        precision: of the forward passes; "auto" is bfloat16 where the device has it.
        average_decay: ship an exponential average of the weights, of this decay; 0 ships the weights.
        affinity_weight: of the affinity loss beside the others.
        tie_position_lookup: start a decoder from scratch looking where the prompt is.
        replay: share of every batch that is drawn from earlier data, where they are given.
        needs_start: whether there must be a checkpoint to start from.
        needs_clip: whether there must be a CLIP model, which makes texts of masks.
    """

    arch: str | None
    phases: tuple[Phase, ...]
    schedule: Schedule
    optimizer: OptimizerSettings = field(default_factory=OptimizerSettings)
    data: DataSettings = field(default_factory=DataSettings)
    text: TextSettings = field(default_factory=TextSettings)
    decoder_depth: int | None = None
    decoder_dropout: float = 0.0
    drop_path: float = 0.0
    masks_per_pass: int = 64
    images_per_pass: int | None = None
    checkpoint_blocks: bool = False
    precision: Precision = "auto"
    average_decay: float = 0.0
    affinity_weight: float = 0.0
    tie_position_lookup: bool = False
    replay: float = 0.0
    needs_start: bool = False
    needs_clip: bool = False

    def __post_init__(self) -> None:
        if not self.phases:
            raise InvalidSetting("A recipe needs at least one phase.")
        self.schedule.check(self.steps)
        for name in ("masks_per_pass", "images_per_pass"):
            if (value := getattr(self, name)) is not None and value < 1:
                raise InvalidSetting(f"{name} is at least 1, not {value}.")
        for name in ("drop_path", "decoder_dropout", "average_decay"):
            if not 0 <= getattr(self, name) < 1:
                raise InvalidSetting(f"{name} is at least 0 and below 1, not {getattr(self, name)}.")
        if not 0 <= self.replay <= 1:
            raise InvalidSetting(f"replay is a share: between 0 and 1, not {self.replay}.")
        if self.decoder_depth is not None and self.decoder_depth < 1:
            raise InvalidSetting(f"decoder_depth is at least 1, not {self.decoder_depth}.")
        if self.affinity_weight < 0:
            raise InvalidSetting(f"affinity_weight must not be negative: {self.affinity_weight}.")
        for phase in self.phases:
            self.pass_images(phase)

    @property
    def steps(self) -> int:
        """Optimizer steps of all phases."""
        return sum(phase.steps for phase in self.phases)

    def phase_at(self, step: int) -> Phase:
        """The phase that a step belongs to."""
        for phase in self.phases:
            if step < phase.steps:
                return phase
            step -= phase.steps
        return self.phases[-1]

    def pass_images(self, phase: Phase) -> int:
        """How many images one device handles at once. Raises InvalidSetting where `masks_per_pass` is too low."""
        fit = self.masks_per_pass // phase.masks
        if fit < 1:
            raise InvalidSetting(
                f"{phase.masks} masks of one image are more than masks_per_pass={self.masks_per_pass} allows."
            )
        if self.images_per_pass is None:
            return fit
        if self.images_per_pass > fit:
            raise InvalidSetting(
                f"images_per_pass={self.images_per_pass} with {phase.masks} masks each does not fit into "
                f"masks_per_pass={self.masks_per_pass}."
            )
        return self.images_per_pass

    def model_config(self, config: SamConfig) -> SamConfig:
        """The configuration of the model to train, given that of its size."""
        return config if self.decoder_depth is None else replace(config, decoder_depth=self.decoder_depth)

    def check(self, config: SamConfig, world: int) -> None:
        """Raise InvalidSetting where this recipe cannot train this model with `world` processes."""
        vit = isinstance(config.encoder, VitConfig)
        if self.decoder_depth not in (None, config.decoder_depth):
            raise InvalidSetting(
                f"The model to start from has {config.decoder_depth} decoder layers, the recipe {self.decoder_depth}: "
                "set decoder_depth=none to train it as it is."
            )
        if self.drop_path and not vit:
            raise InvalidSetting(f"drop_path is for ViT encoders; {config.arch} has none: set it to 0.")
        if self.checkpoint_blocks and not vit:
            raise InvalidSetting(f"checkpoint_blocks is for ViT encoders; {config.arch} has none: set it to false.")
        for phase in self.phases:
            window = phase.window or config.image_size
            if window > config.image_size:
                raise InvalidSetting(f"A window of {window} pixels does not fit {config.arch}'s {config.image_size}.")
            if vit and window != config.image_size:
                raise InvalidSetting(f"{config.arch} needs its whole input: no window of {window} pixels.")
            if phase.images % world:
                raise InvalidSetting(f"A batch of {phase.images} images cannot be shared evenly by {world} processes.")
