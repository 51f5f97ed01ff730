"""Pre-training learns, resumes exactly, and agrees with itself however the batch is shared."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from engine.errors import InvalidSetting
from engine.training.loop import NonFiniteLoss, TrainingStopped
from engine.training.mae.loop import pretrain
from engine.training.mae.pictures import Pictures, open_pictures
from engine.training.mae.recipe import MaeRecipe, mae
from tests.training.mae.shapes import TINY, VIT, recipe, write_pictures

CPU = torch.device("cpu")


def pictures(folder: Path, of: MaeRecipe, seed: int = 0) -> Pictures:
    return Pictures([open_pictures(folder)], side=of.side, smallest_crop=of.smallest_crop, seed=seed)


@pytest.mark.parametrize("kind", ["vit", "tiny"])
def test_hidden_patches_are_learnt_to_be_restored(tmp_path: Path, kind: str) -> None:
    """A restoration that knows nothing of the picture cannot have a loss below that of zeros, 1 − 1/768."""
    write_pictures(tmp_path / "pictures", count=2)
    common = recipe(base_learning_rate=0.2, smallest_crop=1.0, hidden=0.5)
    run = replace(common, epochs=160) if kind == "vit" else replace(common, arch="vit_t", images=4, epochs=70)
    losses: list[float] = []
    file = pretrain(
        run,
        pictures(tmp_path / "pictures", run),
        tmp_path / "out",
        device=CPU,
        config=VIT if kind == "vit" else TINY,
        on_step=lambda _, loss: losses.append(loss),
    )
    assert file.is_file()
    assert sum(losses[:3]) / 3 > 1
    assert sum(losses[-10:]) / 10 < 0.96


def test_a_killed_run_goes_on_as_if_nothing_had_happened(tmp_path: Path) -> None:
    write_pictures(tmp_path / "pictures")
    run = recipe(epochs=6, warmup_epochs=1)

    class Killed(Exception):
        pass

    losses: dict[str, dict[int, float]] = {"whole": {}, "broken": {}}

    def train(name: str, kill_at: int | None = None) -> Path:
        def on_step(step: int, loss: float) -> None:
            losses[name][step] = loss
            if step == kill_at:
                raise Killed

        data = pictures(tmp_path / "pictures", run)
        return pretrain(run, data, tmp_path / name, device=CPU, config=VIT, save_every=0.0, on_step=on_step)

    whole = train("whole")
    with pytest.raises(Killed):
        train("broken", kill_at=2)
    resumed = train("broken")
    assert losses["broken"] == losses["whole"]
    assert resumed.read_bytes() == whole.read_bytes()


def test_a_run_that_is_asked_to_stop_saves_first(tmp_path: Path) -> None:
    write_pictures(tmp_path / "pictures")
    run = recipe(epochs=4, warmup_epochs=1)
    data = pictures(tmp_path / "pictures", run)
    with pytest.raises(TrainingStopped, match="Stopped after step 1 of 4"):
        pretrain(run, data, tmp_path / "out", device=CPU, config=VIT, should_stop=lambda: True)
    steps: list[int] = []
    pretrain(run, data, tmp_path / "out", device=CPU, config=VIT, on_step=lambda step, _: steps.append(step))
    assert steps == [1, 2, 3]


def test_passes_add_up_to_the_batch(tmp_path: Path) -> None:
    write_pictures(tmp_path / "pictures")
    losses: list[list[float]] = []
    for images_per_pass in (8, 3):
        run = recipe(epochs=3, warmup_epochs=1, images_per_pass=images_per_pass)
        told: list[float] = []
        data = pictures(tmp_path / "pictures", run)
        pretrain(
            run,
            data,
            tmp_path / f"{images_per_pass}",
            device=CPU,
            config=VIT,
            on_step=lambda _, loss, told=told: told.append(loss),
        )
        losses.append(told)
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)


def test_a_run_of_another_seed_is_not_taken_up(tmp_path: Path) -> None:
    write_pictures(tmp_path / "pictures")
    run = recipe(epochs=1, warmup_epochs=0)
    data = pictures(tmp_path / "pictures", run)
    pretrain(run, data, tmp_path / "out", device=CPU, config=VIT)
    with pytest.raises(InvalidSetting, match="seed 0, not 1"):
        pretrain(run, data, tmp_path / "out", device=CPU, config=VIT, seed=1)


def test_a_loss_that_is_no_number_ends_the_run(tmp_path: Path) -> None:
    write_pictures(tmp_path / "pictures")
    run = recipe(base_learning_rate=1e30, warmup_epochs=0)
    with pytest.raises(NonFiniteLoss, match="The loss of step"):
        pretrain(run, pictures(tmp_path / "pictures", run), tmp_path / "out", device=CPU, config=VIT)


def test_the_recipe_has_the_published_values() -> None:
    run = mae("vit_l")
    assert (run.hidden, run.weight_decay, run.betas) == (0.75, 0.05, (0.9, 0.95))
    assert run.learning_rate == pytest.approx(1.5e-4 * 16)
    steps = run.steps(1_281_167)
    assert steps == 800 * 1_281_167 // 4096
    peak = steps * 40 // 800
    assert run.rate(0, steps) < run.rate(peak // 2, steps) < run.rate(peak, steps)
    assert run.rate(peak, steps) == pytest.approx(run.learning_rate, rel=1e-3)
    assert run.rate((steps + peak) // 2, steps) == pytest.approx(run.learning_rate / 2, rel=1e-2)
    assert 0 < run.rate(steps - 1, steps) < 1e-6
    assert mae("vit_t").hidden == 0.6


@pytest.mark.parametrize("change", [{"hidden": 1.0}, {"side": 100}, {"images": 0}, {"warmup_epochs": 99}])
def test_impossible_recipes_are_refused(change: dict[str, float]) -> None:
    with pytest.raises(InvalidSetting):
        recipe(**change)


def test_a_batch_that_cannot_be_shared_is_refused() -> None:
    with pytest.raises(InvalidSetting, match="cannot be shared evenly by 3"):
        recipe().check(3)
