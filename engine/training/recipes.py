"""Named ways to train, as functions. Values are those of Segment Anything, appendix A, unless a comment says otherwise.

A recipe's own parameters and every value of what it returns can be overridden: see `engine.training.overrides`.
"""

from collections.abc import Callable
from dataclasses import replace

from engine.errors import InvalidInput, InvalidSetting
from engine.training.data.settings import Augmentation, DataSettings
from engine.training.losses import LossWeights
from engine.training.optimizer import OptimizerSettings
from engine.training.recipe import Phase, Recipe
from engine.training.schedule import Schedule
from engine.training.simulation import Simulation

SECOND_STAGE_JITTER = (0.1, 2.0)


def vit_h(steps: int = 90_000) -> Recipe:
    """ViT-H on all of SA-1B: 256 images a step, from an MAE encoder. With other `steps` the milestones move along."""
    return Recipe(
        arch="vit_h",
        phases=(Phase(steps=steps, images=256, masks=64),),
        schedule=_stepped(8e-4, steps, (60_000, 86_666), of=90_000),
        optimizer=OptimizerSettings(layer_decay=0.8),
        decoder_dropout=0.1,
        drop_path=0.4,
        # Not in the paper: without it, one image of ViT-H needs more than a GPU of 40 GiB has.
        checkpoint_blocks=True,
    )


def vit_l(steps: int = 180_000) -> Recipe:
    """ViT-L: 128 images a step, half of ViT-H's learning rate."""
    recipe = vit_h()
    return replace(
        recipe,
        arch="vit_l",
        phases=(Phase(steps=steps, images=128, masks=64),),
        # The paper gives no milestones for 180k steps: ViT-H's, in proportion.
        schedule=_stepped(4e-4, steps, (120_000, 173_332), of=180_000),
    )


def vit_b(steps: int = 180_000) -> Recipe:
    """ViT-B: 128 images a step, a steeper layer decay and more stochastic depth."""
    return replace(
        vit_l(steps),
        arch="vit_b",
        schedule=_stepped(8e-4, steps, (120_000, 173_332), of=180_000),
        optimizer=OptimizerSettings(layer_decay=0.6),
        drop_path=0.6,
        checkpoint_blocks=False,
    )


def stage_one_two(size: str = "vit_h", steps: int | None = None) -> Recipe:
    """A size's recipe for the data of the first two stages of the data engine only: with large-scale jitter."""
    sizes = {"vit_b": vit_b, "vit_l": vit_l, "vit_h": vit_h}
    if size not in sizes:
        raise InvalidInput(f"stage_one_two is for {', '.join(sizes)}, not {size!r}.")
    recipe = sizes[size]() if steps is None else sizes[size](steps)
    return replace(recipe, data=DataSettings(large_scale_jitter=SECOND_STAGE_JITTER))


def automatic(steps: int = 177_656) -> Recipe:
    """The model that makes masks by itself: longer, points and masks only, 4 points a mask, 3 decoder layers, jitter.

    On manual and semi-automatic masks only.
    """
    recipe = vit_h()
    points_only = Simulation(error_points=3, box_probability=0.0)  # with the first point, 4
    return replace(
        recipe,
        phases=(Phase(steps=steps, images=256, masks=64, simulation=points_only),),
        # The paper gives no milestones for this run: those of 90k steps, in proportion.
        schedule=_stepped(8e-4, steps, (60_000, 86_666), of=90_000),
        data=DataSettings(large_scale_jitter=SECOND_STAGE_JITTER, stages=("manual", "semi_automatic")),
        decoder_depth=3,
    )


def text(size: str = "vit_h", steps: int = 120_000) -> Recipe:
    """A size's recipe for free text as well (appendix D.5): each mask starts with the CLIP embedding of its picture.

    128 images a step, with jitter, on manual and semi-automatic masks of more than 100² pixels only.
    """
    recipe = stage_one_two(size, steps)
    return replace(
        recipe,
        phases=(Phase(steps=steps, images=128, masks=64),),
        data=DataSettings(
            large_scale_jitter=SECOND_STAGE_JITTER,
            stages=("manual", "semi_automatic"),
            smallest_area=100 * 100 // 16 + 1,  # in cells of 4×4 pixels
        ),
        needs_clip=True,
    )


def finetune(steps: int = 2_000) -> Recipe:
    """Retraining on newly collected masks: from a checkpoint, at a low rate, with a share of the earlier data.

    Not in the paper, which only says that the model was retrained as masks came in. The rate is a fortieth of ViT-B's
    and the milestones give way to a linear fall, so that runs of any length end at rest.
    """
    return Recipe(
        arch=None,
        phases=(Phase(steps=steps, images=8, masks=16),),
        schedule=Schedule(learning_rate=2e-5, warmup_steps=min(100, steps // 10), decay_steps=steps // 2),
        optimizer=OptimizerSettings(layer_decay=0.8),
        average_decay=0.99,
        replay=0.25,
        needs_start=True,
    )


def vit_t(
    steps: int = 7150,
    encoder_steps: int = 600,
    clicks_steps: int = 950,
    decay_steps: int = 1600,
    error_points: int = 2,
) -> Recipe:
    """The bundled model, from scratch, sized for a CPU.

    First the encoder alone; then single prompts on windows; then `error_points` further clicks; at last whole inputs
    with one further click, while the rate falls. Far fewer rounds than the paper's 11: with a small encoder and little
    time, more images are worth more than more clicks on each.
    """
    windows = _few_rounds(error_points=0)
    several_clicks = replace(windows, error_points=error_points)
    single = steps - encoder_steps - clicks_steps - decay_steps
    if single < 1:
        raise InvalidSetting(
            f"steps={steps} leaves none for single prompts: encoder_steps={encoder_steps}, "
            f"clicks_steps={clicks_steps} and decay_steps={decay_steps} are part of it."
        )
    return Recipe(
        arch="vit_t",
        phases=(
            Phase(steps=encoder_steps, window=320, images=8, masks=8, simulation=None),
            Phase(steps=single, window=320, images=4, masks=8, simulation=windows),
            Phase(steps=clicks_steps, window=320, images=4, masks=8, simulation=several_clicks),
            Phase(steps=decay_steps, window=None, images=2, masks=5, simulation=replace(windows, error_points=1)),
        ),
        schedule=Schedule(learning_rate=3e-4, warmup_steps=min(100, steps // 10), decay_steps=decay_steps),
        optimizer=OptimizerSettings(weight_decay=0.05),
        average_decay=0.998,
        affinity_weight=0.5,
        tie_position_lookup=True,
        # What is clicked most is photographs of objects and people. Strong augmentation pays in long runs only.
        data=DataSettings(
            scene_fraction=0.25,
            source_weights={"coco": 0.35, "ccp": 0.3, "facade": 0.12, "dsb": 0.03, "regions": 0.3},
            augmentation=Augmentation(
                smallest_crop=0.5, rotation_degrees=8, colour=0.5, grayscale=0.05, noise=0.15, blur=0.1, paste=0.25
            ),
            # Most masks of a picture are specks, and most clicks are not on specks.
            area_exponent=0.35,
            in_memory=True,
        ),
    )


def vit_t_gpu(
    steps: int = 1199,
    encoder_steps: int = 0,
    windows_steps: int = 0,
    decay_steps: int = 856,
    images: int = 96,
    whole_images: int = 48,
    masks: int = 10,
    error_points: int = 3,
) -> Recipe:
    """The bundled model on one GPU, going on from one of `vit_t`, or from nothing with `encoder_steps`.

    `windows_steps` on windows, the others on whole inputs, both with further clicks, on batches that keep a GPU busy;
    over the last `decay_steps` the rate falls. The pictures are few and are seen dozens of times: changed more than
    `vit_t` changes them. The defaults, compiled, are eight minutes of an H200 and 27 GiB of its memory; a lower
    `masks_per_pass` needs less.
    """
    whole_steps = steps - encoder_steps - windows_steps
    if whole_steps < 1:
        raise InvalidSetting(
            f"steps={steps} leaves none for whole inputs: encoder_steps={encoder_steps} and "
            f"windows_steps={windows_steps} are part of it."
        )
    few = _few_rounds(error_points=error_points)
    encoder = Phase(steps=encoder_steps, window=320, images=images, masks=8, simulation=None) if encoder_steps else None
    parts = (
        Phase(steps=windows_steps, window=320, images=images, masks=masks, simulation=few) if windows_steps else None
    )
    whole = Phase(steps=whole_steps, window=None, images=whole_images, masks=masks, simulation=few)
    return Recipe(
        arch="vit_t",
        phases=tuple(phase for phase in (encoder, parts, whole) if phase is not None),
        schedule=Schedule(
            learning_rate=5e-4, warmup_steps=min(60, steps // 10), decay_steps=min(decay_steps, steps - steps // 10)
        ),
        optimizer=OptimizerSettings(weight_decay=0.05, method="muon"),
        masks_per_pass=1024,
        average_decay=0.995,
        affinity_weight=0.25,
        tie_position_lookup=True,
        data=DataSettings(
            scene_fraction=0.2,
            # Few photographs are of things as people photograph them; more often than this they are learnt by heart.
            source_weights={"coco": 0.25, "ccp": 0.25, "facade": 0.12, "dsb": 0.05, "regions": 0.33},
            augmentation=Augmentation(smallest_crop=0.4, noise=0.1, paste=0.4),
            area_exponent=0.3,
            in_memory=True,
            scenes_held=1500,
            scenes_per_step=2.0,
        ),
        # Prompts alone give a fresh encoder hundreds of steps of empty masks.
        needs_start=not encoder_steps,
    )


def _few_rounds(error_points: int) -> Simulation:
    """How the bundled model is prompted: a point more often than a box, then `error_points` further points."""
    return Simulation(
        error_points=error_points,
        rounds_without_point=0,
        box_probability=0.25,
        # Where in a mask the point is says how far it may reach; people, and the measure, click the middle.
        central_points=0.6,
        single_mask_for_points=True,
        single_mask_for_boxes=True,
        # The paper's 20:1 makes a model that is not sure answer with too little: the focal loss calls a pixel part of
        # the mask only where it is so with 75 %. Dice, which follows the IoU, has to outweigh it here. And which of
        # three masks is shown first rests on the predicted IoU alone, so its error has to count.
        weights=LossWeights(focal=2.0, iou=3.0, others=0.05),
    )


RECIPES: dict[str, Callable[..., Recipe]] = {
    function.__name__: function
    for function in (vit_h, vit_l, vit_b, stage_one_two, automatic, finetune, text, vit_t, vit_t_gpu)
}

PRETRAINING = "mae"
"""What pre-training of an encoder alone is called beside these; its recipe is in `engine.training.mae.recipe`."""


def _stepped(rate: float, steps: int, milestones: tuple[int, ...], *, of: int) -> Schedule:
    """The paper's schedule, its milestones given for a run `of` so many steps and moved in proportion to `steps`."""
    moved = tuple(milestone * steps // of for milestone in milestones)
    return Schedule(learning_rate=rate, warmup_steps=min(250, moved[0]), milestones=moved)
