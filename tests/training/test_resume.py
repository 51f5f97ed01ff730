"""A run that is killed at any moment and started again gives what an unbroken one gives."""

import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from engine.errors import InvalidCheckpoint, InvalidSetting
from engine.sam import load_checkpoint
from engine.training.loop import TrainingStopped, train
from engine.training.state import STATE
from tests.training.shapes import Shapes, losses, tiny_recipe, tiny_sam, tiny_vit, vit_recipe

CPU = torch.device("cpu")
REPOSITORY = Path(__file__).parents[2]


def killed_run(out: Path, dies_in: str, dies_at: int) -> None:
    """A process that trains until it kills itself."""
    command = [sys.executable, "-m", "tests.training.run_shapes", str(out), "vit", dies_in, str(dies_at)]
    run = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert run.returncode == -signal.SIGKILL, run.stderr


def test_killed_processes_leave_a_run_that_ends_as_an_unbroken_one(tmp_path: Path) -> None:
    """With an optimizer, an average, a schedule, dropout and stochastic depth; killed between and inside of steps."""
    whole = train(vit_recipe(), Shapes(), tmp_path / "whole", model=tiny_vit(), device=CPU, log_every=1)
    broken = tmp_path / "broken"
    killed_run(broken, "step", 1)  # after the weights moved, before they were saved
    assert torch.load(broken / STATE, weights_only=True)["step"] == 1
    killed_run(broken, "data", 3)
    assert torch.load(broken / STATE, weights_only=True)["step"] == 3
    with (broken / "log.jsonl").open("a") as log:
        log.write('{"step": 3, "loss": [0.1')  # half a line, as a kill may leave
    resumed = train(vit_recipe(), Shapes(), broken, model=tiny_vit(9), device=CPU, log_every=1)

    assert losses(broken) == losses(tmp_path / "whole")
    for key, value in whole.state_dict().items():
        assert torch.equal(resumed.state_dict()[key], value), key
    assert load_checkpoint(broken / "model.safetensors").config == whole.config


def test_asked_to_stop_it_saves_and_goes_on_from_there(tmp_path: Path) -> None:
    train(tiny_recipe(), Shapes(), tmp_path / "whole", model=tiny_sam(), device=CPU, log_every=1)
    answers = iter([False, True])
    with pytest.raises(TrainingStopped, match="after step 2 of 6"):
        train(
            tiny_recipe(),
            Shapes(),
            tmp_path / "broken",
            model=tiny_sam(),
            device=CPU,
            log_every=1,
            should_stop=lambda: next(answers),
        )
    train(tiny_recipe(), Shapes(), tmp_path / "broken", model=tiny_sam(9), device=CPU, log_every=1)
    assert losses(tmp_path / "broken") == losses(tmp_path / "whole")


def test_finished_run_is_returned_as_it_is(tmp_path: Path) -> None:
    done = train(tiny_recipe(4), Shapes(), tmp_path, model=tiny_sam(), device=CPU)
    again = train(tiny_recipe(4), Shapes(spoiled=0), tmp_path, model=tiny_sam(9), device=CPU)
    assert all(torch.equal(again.state_dict()[key], value) for key, value in done.state_dict().items())


def test_folder_of_another_run_is_refused(tmp_path: Path) -> None:
    train(tiny_recipe(4), Shapes(), tmp_path, model=tiny_sam(), device=CPU)
    with pytest.raises(InvalidSetting, match="seed 0, not 1"):
        train(tiny_recipe(4), Shapes(), tmp_path, model=tiny_sam(), device=CPU, seed=1)
    with pytest.raises(InvalidSetting, match="with an average"):
        train(replace(tiny_recipe(4), average_decay=0.0), Shapes(), tmp_path, model=tiny_sam(), device=CPU)
    with pytest.raises(InvalidCheckpoint, match="another model"):
        train(tiny_recipe(4), Shapes(), tmp_path, model=tiny_vit(), device=CPU)
