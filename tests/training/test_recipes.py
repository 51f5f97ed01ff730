"""The named recipes have the paper's values, and the models they name."""

import pytest

from engine.errors import InvalidInput, InvalidSetting
from engine.sam import architecture
from engine.sam.build import empty_sam
from engine.store.tables import Stage
from engine.training.data.settings import NO_AUGMENTATION
from engine.training.recipe import Phase, Recipe
from engine.training.recipes import RECIPES, automatic, finetune, stage_one_two, vit_b, vit_h, vit_l, vit_t, vit_t_gpu
from engine.training.schedule import Schedule
from engine.training.simulation import Simulation


@pytest.mark.parametrize(
    ("recipe", "steps", "images", "rate", "milestones", "layer_decay", "drop_path"),
    [
        (vit_h(), 90_000, 256, 8e-4, (60_000, 86_666), 0.8, 0.4),
        (vit_l(), 180_000, 128, 4e-4, (120_000, 173_332), 0.8, 0.4),
        (vit_b(), 180_000, 128, 8e-4, (120_000, 173_332), 0.6, 0.6),
    ],
    ids=["vit_h", "vit_l", "vit_b"],
)
def test_sizes_have_the_papers_values(
    recipe: Recipe,
    steps: int,
    images: int,
    rate: float,
    milestones: tuple[int, ...],
    layer_decay: float,
    drop_path: float,
) -> None:
    (phase,) = recipe.phases
    assert (phase.steps, phase.images, phase.window) == (steps, images, None)
    assert (recipe.schedule.learning_rate, recipe.schedule.warmup_steps) == (rate, 250)
    assert (recipe.schedule.milestones, recipe.schedule.factor) == (milestones, 0.1)
    assert (recipe.optimizer.weight_decay, recipe.optimizer.betas) == (0.1, (0.9, 0.999))
    assert (recipe.optimizer.layer_decay, recipe.drop_path) == (layer_decay, drop_path)
    assert recipe.decoder_dropout == 0.1
    # At most 64 masks on a GPU at once; none of more than 90 % of the image; images as they are.
    assert (phase.masks, recipe.masks_per_pass, recipe.pass_images(phase)) == (64, 64, 1)
    assert recipe.data.largest_mask == 0.9
    assert (recipe.data.augmentation, recipe.data.large_scale_jitter) == (NO_AUGMENTATION, None)
    assert (recipe.average_decay, recipe.affinity_weight, recipe.tie_position_lookup) == (0, 0, False)
    simulation = phase.simulation
    assert simulation is not None
    assert (simulation.rounds, simulation.error_points, simulation.rounds_without_point) == (11, 8, 2)
    assert (simulation.box_probability, simulation.box_noise, simulation.box_noise_limit) == (0.5, 0.1, 20)
    assert (simulation.weights.focal, simulation.weights.dice, simulation.weights.iou) == (20, 1, 1)
    assert simulation.weights.others == 0
    assert not simulation.single_mask_for_points
    assert not simulation.single_mask_for_boxes


def test_first_two_stages_are_jittered() -> None:
    for size in ("vit_b", "vit_l", "vit_h"):
        assert stage_one_two(size).data.large_scale_jitter == (0.1, 2.0)
        assert stage_one_two(size).arch == size
    with pytest.raises(InvalidInput, match="vit_t"):
        stage_one_two("vit_t")


def test_automatic_stage_has_four_points_no_boxes_and_three_layers() -> None:
    recipe = automatic()
    (phase,) = recipe.phases
    assert phase.steps == 177_656
    assert phase.simulation is not None
    assert phase.simulation.box_probability == 0
    assert 1 + phase.simulation.error_points == 4
    assert recipe.data.large_scale_jitter == (0.1, 2.0)
    assert recipe.data.stages == (Stage.MANUAL, Stage.SEMI_AUTOMATIC)
    model = empty_sam(recipe.model_config(architecture("vit_h")))
    assert len(model.mask_decoder.transformer.layers) == 3


def test_retraining_starts_from_a_checkpoint_slowly_and_replays() -> None:
    recipe = finetune()
    assert recipe.needs_start
    assert recipe.arch is None
    assert 0 < recipe.replay < 1
    assert recipe.schedule.learning_rate < 0.1 * vit_h().schedule.learning_rate


def test_values_of_the_bundled_models_recipe() -> None:
    recipe = vit_t()
    assert [(p.steps, p.images, p.masks, p.window) for p in recipe.phases] == [
        (600, 8, 8, 320),
        (4000, 4, 8, 320),
        (950, 4, 8, 320),
        (1600, 2, 5, None),
    ]
    assert [None if p.simulation is None else p.simulation.error_points for p in recipe.phases] == [None, 0, 2, 1]
    assert recipe.schedule == Schedule(3e-4, warmup_steps=100, decay_steps=1600)
    assert (recipe.optimizer.weight_decay, recipe.optimizer.layer_decay) == (0.05, 1.0)
    assert (recipe.average_decay, recipe.affinity_weight, recipe.decoder_dropout) == (0.998, 0.5, 0)
    # One pass a step: the whole batch at once.
    assert all(recipe.pass_images(phase) >= phase.images for phase in recipe.phases)


def test_too_few_steps_for_the_parts_of_the_bundled_model_are_refused_by_their_names() -> None:
    with pytest.raises(InvalidSetting, match="steps=10 leaves none for single prompts: encoder_steps=600"):
        vit_t(steps=10)


def test_the_bundled_model_on_a_gpu_goes_on_or_begins_with_its_encoder() -> None:
    assert vit_t_gpu().needs_start
    assert [(phase.steps, phase.window) for phase in vit_t_gpu().phases] == [(1199, None)]
    scratch = vit_t_gpu(encoder_steps=100, windows_steps=400)
    assert not scratch.needs_start
    assert [(phase.steps, phase.window, phase.simulation is None) for phase in scratch.phases] == [
        (100, 320, True),
        (400, 320, False),
        (699, None, False),
    ]
    assert all(
        recipe.pass_images(phase) >= phase.images for recipe in (vit_t_gpu(), scratch) for phase in recipe.phases
    )
    with pytest.raises(InvalidSetting, match="windows_steps=1000"):
        vit_t_gpu(steps=1000, windows_steps=1000)


@pytest.mark.parametrize("name", [name for name in RECIPES if name != "finetune"])
def test_every_recipe_fits_the_model_it_names(name: str) -> None:
    recipe = RECIPES[name]()
    assert recipe.arch is not None
    recipe.check(recipe.model_config(architecture(recipe.arch)), world=1)


@pytest.mark.parametrize("function", [vit_h, vit_l, vit_b, automatic, finetune, vit_t])
def test_shorter_runs_keep_their_shape(function) -> None:
    recipe = function(steps=9_000)
    assert recipe.steps == 9_000
    if recipe.schedule.milestones:
        assert recipe.schedule.milestones == (6_000, 8_666)


def test_phases_follow_each_other() -> None:
    recipe = Recipe(None, (Phase(2, 1, 1), Phase(3, 4, 1)), Schedule(1e-3, warmup_steps=0))
    assert [recipe.phase_at(step).images for step in range(5)] == [1, 1, 4, 4, 4]


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"phases": ()}, "at least one phase"),
        ({"drop_path": 1.0}, "drop_path"),
        ({"decoder_dropout": -0.1}, "decoder_dropout"),
        ({"average_decay": 1.5}, "average_decay"),
        ({"replay": 2.0}, "replay"),
        ({"decoder_depth": 0}, "decoder_depth"),
        ({"affinity_weight": -1.0}, "affinity_weight"),
        ({"masks_per_pass": 7}, "8 masks of one image are more than masks_per_pass=7"),
        ({"images_per_pass": 9}, "images_per_pass=9 with 8 masks each does not fit"),
        ({"schedule": Schedule(1e-3, warmup_steps=8, decay_steps=3)}, "do not fit into 10 steps"),
        ({"schedule": Schedule(1e-3, warmup_steps=0, milestones=(10,))}, "not between"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_impossible_recipes_are_refused(values: dict[str, object], complaint: str) -> None:
    possible: dict[str, object] = {
        "arch": "vit_t",
        "phases": (Phase(10, images=2, masks=8),),
        "schedule": Schedule(1e-3, warmup_steps=0),
    }
    with pytest.raises(InvalidSetting, match=complaint):
        Recipe(**(possible | values))  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("values", [(0, 1, 1, None), (1, 0, 1, None), (1, 1, 0, None), (1, 1, 1, 50)])
def test_impossible_phases_are_refused(values: tuple[int, int, int, int | None]) -> None:
    with pytest.raises(InvalidSetting):
        Phase(*values, simulation=Simulation())
