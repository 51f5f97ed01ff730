"""Two real processes under torchrun together do what one does alone."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import typer
from torch.distributed.run import get_args_parser

from engine.errors import InvalidSetting
from engine.sam import load_checkpoint
from engine.training.command import train as train_command
from engine.training.distributed import Process, join
from engine.training.loop import train
from tests.training.run_shapes import SETUPS
from tests.training.shapes import Shapes, losses

CPU = torch.device("cpu")
REPOSITORY = Path(__file__).parents[2]


@pytest.mark.parametrize("setup", ["tiny", "vit"])
def test_two_processes_give_the_losses_and_weights_of_one(tmp_path: Path, setup: str) -> None:
    """Uneven numbers of masks on the two sides; for the ViT also dropout and stochastic depth, one image a pass."""
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    command += ["-m", "tests.training.run_shapes", str(tmp_path / "two"), setup]
    run = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    model, recipe = SETUPS[setup]
    alone = train(recipe(), Shapes(), tmp_path / "one", model=model(), device=CPU, log_every=1)

    assert losses(tmp_path / "two").keys() == losses(tmp_path / "one").keys()
    for step, loss in losses(tmp_path / "one").items():
        assert losses(tmp_path / "two")[step] == pytest.approx(loss, abs=2e-4), step
    together = load_checkpoint(tmp_path / "two" / "model.safetensors").state_dict()
    for key, value in alone.state_dict().items():
        assert torch.allclose(together[key], value, rtol=2e-3, atol=2e-3), key  # stored in half precision
    last = json.loads((tmp_path / "two" / "log.jsonl").read_text().splitlines()[-1])
    assert last["masks_per_second"] > 0


def test_torchrun_hands_every_option_on() -> None:
    """Its parser takes an option of the script that begins one of its own for a short form: `--start`, for one."""
    command = typer.Typer()
    command.command()(train_command)
    spellings = [p.opts for p in typer.main.get_command(command).params if p.opts[0].startswith("--")]
    assert ["--start", "--start-from"] in spellings
    for options in spellings:
        arguments = ["finetune", options[-1], "x"]
        parsed = get_args_parser().parse_args(["--nproc-per-node", "2", "-m", "engine.training", *arguments])
        assert parsed.training_script_args == arguments


def test_alone_there_is_nothing_to_join(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    with join("cpu") as (process, device):
        assert (process, device) == (Process(), CPU)
        assert process.leads
        assert process.gather(3) == [3]


@pytest.mark.parametrize(
    ("device", "complaint"), [("gpu", "no device"), ("meta", "cpu or cuda"), ("cuda:99", "no GPU 99")]
)
def test_device_that_is_not_there_is_refused(device: str, complaint: str) -> None:
    with pytest.raises(InvalidSetting, match=complaint), join(device):
        pass
