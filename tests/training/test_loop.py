"""Batches keep pixels and masks together; a run that is killed and resumed gives what an unbroken one gives."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.errors import InvalidSetting
from engine.sam import Sam, SamConfig, TinyConfig, build_sam, load_checkpoint
from engine.training.augment import make_batch
from engine.training.data.settings import Augmentation
from engine.training.feed import SceneFeed, load_folder
from engine.training.loop import NonFiniteLoss, TrainingData, learning_rate, train
from engine.training.packed import PackedDataset, pack
from engine.training.recipes import Phase, Recipe, vit_t
from engine.training.scenes.export import write_scenes
from engine.training.simulation import Simulation

CPU = torch.device("cpu")


def bright_boxes(count: int = 6, side: int = 128) -> PackedDataset:
    """Images that are bright exactly where their masks are."""
    random = np.random.default_rng(0)
    data = PackedDataset(count, 4, side, CPU)
    for index in range(count):
        height, width = (side, side * 3 // 4) if index % 2 else (side // 2, side)
        masks = np.zeros((3, height, width), bool)
        for mask in masks:
            y, x = random.integers(0, height // 2), random.integers(0, width // 2)
            mask[y : y + height // 2, x : x + width // 3] = True
        image = np.where(masks.any(0), 200, 30).astype(np.uint8)[..., None].repeat(3, axis=2)
        data.put(index, pack(image, masks, "box", side), random)
    return data


def tiny_sam(seed: int = 0) -> Sam:
    torch.manual_seed(seed)
    encoder = TinyConfig(widths=(16, 16, 32, 32), depths=(1, 1, 1, 1))
    return build_sam(SamConfig("tiny", encoder, image_size=128, prompt_embed_dim=32, decoder_mlp_dim=32))


def tiny_recipe(steps: int = 6) -> Recipe:
    simulation = Simulation(error_points=1, rounds_without_point=1)
    return Recipe(
        arch="tiny",
        phases=(
            Phase(1, window=64, images=3, masks=3, simulation=None),
            Phase(steps - 3, window=64, images=3, masks=3, simulation=simulation),
            Phase(2, window=128, images=2, masks=3, simulation=simulation),
        ),
        learning_rate=1e-3,
        warmup_steps=2,
        decay_steps=2,
        scene_fraction=0.0,
        affinity_weight=0.5,
    )


@pytest.mark.parametrize("window", [64, 128])
def test_views_move_pixels_and_masks_together(window: int) -> None:
    torch.manual_seed(0)
    data = bright_boxes()
    plain = Augmentation(colour=0, grayscale=0, noise=0, blur=0, paste=0)
    for _ in range(10):
        batch = make_batch(data, torch.arange(6), 3, 128, window, plain, smallest_area=1)
        bright = torch.nn.functional.avg_pool2d((batch.images * batch.valid).mean(1, keepdim=True), 4)[:, 0]
        covered = (batch.targets & batch.present[..., None, None]).any(1)
        inside = torch.nn.functional.max_pool2d(covered.float()[:, None], 3, 1, 1)[:, 0] > 0
        # Away from borders, a masked cell is bright (but for a cell or two between masks that all but touch).
        core = torch.nn.functional.avg_pool2d(covered.float()[:, None], 3, 1, 1)[:, 0] == 1
        assert float((bright[core] > 150).float().mean()) > 0.99
        if bool(batch.present.all()):
            assert float((bright[~inside] < 150).float().mean()) > 0.99
        assert bool((batch.origin % 16 == 0).all())
        assert bool((batch.origin >= 0).all() and (batch.origin <= 128 - window).all())


def test_pasted_objects_bring_their_mask() -> None:
    torch.manual_seed(0)
    always = Augmentation(colour=0, grayscale=0, noise=0, blur=0, paste=1.0, smallest_crop=1.0, rotation_degrees=0)
    batch = make_batch(bright_boxes(), torch.arange(6), 3, 128, 128, always, smallest_area=1)
    bright = torch.nn.functional.avg_pool2d(batch.images.mean(1, keepdim=True), 4)[:, 0]
    for image in range(6):
        if batch.present[image, -1] and batch.targets[image, -1].any():
            assert float(bright[image][batch.targets[image, -1]].median()) > 150


def test_large_masks_are_drawn_more_often() -> None:
    torch.manual_seed(0)
    masks = np.zeros((2, 64, 64), bool)
    masks[0, :4, :4] = True
    masks[1, :32] = True
    data = PackedDataset(1, 2, 64, CPU)
    data.put(0, pack(np.zeros((64, 64, 3), np.uint8), masks, "a", 64), np.random.default_rng(0))
    chosen, present, drawn = data.draw(torch.zeros(500, dtype=torch.long), 1)
    assert bool(present.all())
    assert float((chosen == 1).float().mean()) > 0.8
    assert torch.equal(drawn[:, 0].flatten(1).any(1), torch.ones(500, dtype=torch.bool))


def losses(folder: Path) -> dict[int, list[float]]:
    entries = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    return {entry["step"]: entry["loss"] for entry in entries}


def test_resumed_run_equals_an_unbroken_one(tmp_path: Path) -> None:
    data = TrainingData(bright_boxes(), None)
    recipe = tiny_recipe()
    whole = train(recipe, data, tmp_path / "whole", device=CPU, start=tiny_sam(), log_every=1)

    class Killed(Exception):
        pass

    def kill(step: int, _rounds: object) -> None:
        if step == 3:
            raise Killed

    with pytest.raises(Killed):
        train(recipe, data, tmp_path / "broken", device=CPU, start=tiny_sam(), save_every=0, log_every=1, on_step=kill)
    resumed = train(recipe, data, tmp_path / "broken", device=CPU, start=tiny_sam(9), log_every=1)

    assert losses(tmp_path / "broken") == losses(tmp_path / "whole")
    for key, value in whole.state_dict().items():
        assert torch.equal(resumed.state_dict()[key], value), key
    stored = load_checkpoint(tmp_path / "whole" / "average.safetensors")
    assert stored.config == whole.config


def test_a_loss_that_is_no_number_ends_the_run(tmp_path: Path) -> None:
    spoiled = tiny_sam()
    with torch.no_grad():
        spoiled.mask_decoder.iou_token.weight.fill_(torch.nan)
    with pytest.raises(NonFiniteLoss, match="step 1"):
        train(tiny_recipe(), TrainingData(bright_boxes(), None), tmp_path, device=CPU, start=spoiled)
    assert not (tmp_path / "state.pt").exists()


def test_learning_rate_warms_up_stays_and_falls() -> None:
    recipe = vit_t(steps=1000, decay_steps=200, encoder_steps=100)
    rates = [learning_rate(recipe, step) for step in range(1000)]
    peak = recipe.learning_rate
    assert rates[0] == pytest.approx(peak / recipe.warmup_steps)
    assert rates[recipe.warmup_steps : 800] == [peak] * (800 - recipe.warmup_steps)
    assert rates[900] == pytest.approx(peak / 2)
    assert rates[-1] > 0


@pytest.mark.parametrize(
    "change", [{"scene_fraction": 2.0}, {"phases": ()}, {"warmup_steps": 50_000}], ids=lambda change: next(iter(change))
)
def test_impossible_recipes_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(InvalidSetting):
        dataclasses.replace(vit_t(), **change)


def test_folder_and_scenes_feed_batches(tmp_path: Path) -> None:
    assert len(list(write_scenes(tmp_path, count=2, seed=5, size=(96, 128), difficulty=0.5))) == 2
    real = load_folder(tmp_path, 16, 128, CPU, workers=1)
    assert real.filled == 2
    assert set(real.sources) == {"scene"}
    feed = SceneFeed(2, 16, 128, CPU, workers=0, first_seed=1)
    try:
        feed.wait_for(2)
        data = TrainingData(real, feed)
        recipe = dataclasses.replace(tiny_recipe(), scene_fraction=0.5)
        batch = data.draw(recipe, recipe.phases[0], 128, torch.Generator().manual_seed(0), CPU)
    finally:
        feed.close()
    assert batch.images.shape == (3, 3, 64, 64)
    assert batch.targets.shape == (3, 3, 16, 16)
