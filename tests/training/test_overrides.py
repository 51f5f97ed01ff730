"""Any value of a recipe can be replaced by its name; a wrong one is a sentence."""

import pytest

from engine.errors import InvalidInput, InvalidSetting
from engine.training.overrides import build_recipe, describe
from engine.training.recipes import RECIPES


def test_values_are_replaced_at_any_depth() -> None:
    recipe = build_recipe(
        "vit_b",
        [
            "drop_path=0",
            "schedule.learning_rate=1e-4",
            "phases.0.images=8",
            "phases.0.simulation.weights.focal=10",
            "data.source_weights.coco=0.5",
            "data.large_scale_jitter=[0.5, 2]",
            "checkpoint_blocks=true",
            "images_per_pass=1",
            "precision=float32",
        ],
    )
    assert recipe.drop_path == 0
    assert recipe.schedule.learning_rate == 1e-4
    assert recipe.phases[0].images == 8
    assert recipe.phases[0].simulation is not None
    assert recipe.phases[0].simulation.weights.focal == 10
    assert dict(recipe.data.source_weights) == {"coco": 0.5}
    assert recipe.data.large_scale_jitter == (0.5, 2.0)
    assert recipe.checkpoint_blocks
    assert recipe.images_per_pass == 1
    assert recipe.precision == "float32"
    assert recipe.optimizer == build_recipe("vit_b").optimizer


def test_parameters_of_a_recipe_come_first() -> None:
    recipe = build_recipe("stage_one_two", ["size=vit_b", "steps=1800", "schedule.warmup_steps=5"])
    assert (recipe.arch, recipe.steps) == ("vit_b", 1800)
    assert (recipe.schedule.milestones, recipe.schedule.warmup_steps) == ((1200, 1733), 5)


def test_none_is_none() -> None:
    recipe = build_recipe(
        "automatic", ["data.large_scale_jitter=none", "decoder_depth=None", "phases.0.simulation=none"]
    )
    assert recipe.data.large_scale_jitter is None
    assert recipe.decoder_depth is None
    assert recipe.phases[0].simulation is None


def test_values_that_only_fit_together_are_set_together() -> None:
    assert build_recipe("vit_h", ["masks_per_pass=16", "phases.0.masks=16"]).phases[0].masks == 16
    with pytest.raises(InvalidSetting, match="64 masks of one image"):
        build_recipe("vit_h", ["masks_per_pass=16"])


@pytest.mark.parametrize("name", RECIPES)
def test_what_is_printed_can_be_set_again(name: str) -> None:
    recipe = RECIPES[name]()
    assert build_recipe(name, describe(recipe)) == recipe


@pytest.mark.parametrize(
    ("override", "complaint"),
    [
        ("learning_rate=1", "There is no learning_rate. A recipe has: steps, arch, phases, schedule"),
        ("phases.0.image=1", "There is no phases.0.image. phases.0 has: steps, images, masks, window, simulation"),
        ("phases.1.images=1", "There is no phases.1. phases has: 0"),
        ("drop_path=much", "drop_path cannot be 'much': it is a number."),
        ("phases.0.images=1.5", "phases.0.images cannot be '1.5': it is a whole number."),
        ("precision=float16", "precision cannot be 'float16': it is auto or bfloat16 or float32."),
        ("checkpoint_blocks=perhaps", "it is true or false."),
        (
            "optimizer.betas=[0.9]",
            "cannot be '[0.9]': it is a list of 2 in brackets, such as [0.5, 0.5].",
        ),
        ("phases=3", "phases cannot be '3': it is a list whose entries are set one by one, such as phases.0.steps."),
        ("phases.0=3", "it is a group of values that are set one by one, such as phases.0.steps (it has steps, images"),
        ("phases.0.simulation=x", "such as phases.0.simulation.error_points"),
        ("data.source_weights=3", "it is names with numbers in braces"),
        ("data.stages=manual", "it is a list in brackets, each a text, such as"),
        ("images_per_pass=0", "images_per_pass is at least 1, not 0."),
        ("masks_per_pass=0", "masks_per_pass is at least 1, not 0."),
        ("data.large_scale_jitter.0=1", "data.large_scale_jitter is none and has no parts"),
        ("drop_path.x=1", "drop_path is 0.4 and has no parts"),
        ("steps.x=1", "steps has no parts"),
        ("drop_path", "set by name=value"),
        ("=3", "set by name=value"),
    ],
)
def test_wrong_overrides_are_sentences(override: str, complaint: str) -> None:
    with pytest.raises((InvalidInput, InvalidSetting)) as refused:
        build_recipe("vit_h", [override])
    assert complaint in str(refused.value)
    assert str(refused.value).endswith(".")


def test_setting_a_whole_and_its_part_is_refused() -> None:
    for pair in (["schedule=1", "schedule.factor=1"], ["schedule.factor=1", "schedule=1"]):
        with pytest.raises(InvalidInput, match="twice"):
            build_recipe("vit_h", pair)


def test_unknown_recipe_names_those_there_are() -> None:
    with pytest.raises(InvalidInput, match="vit_h, vit_l, vit_b, stage_one_two, automatic, finetune"):
        build_recipe("vit_x")
