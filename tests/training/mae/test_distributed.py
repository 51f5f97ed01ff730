"""Two processes that share every batch of pictures have the losses of one."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.training.mae.run_pretrain import main
from tests.training.mae.shapes import write_pictures

REPOSITORY = Path(__file__).resolve().parents[3]


def test_two_processes_have_the_losses_of_one(tmp_path: Path) -> None:
    pictures = write_pictures(tmp_path / "pictures")
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    command = [*launcher, "-m", "tests.training.mae.run_pretrain", str(pictures), str(tmp_path / "two")]
    run = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    main(str(pictures), str(tmp_path / "one"))

    def losses(name: str) -> list[float]:
        return [json.loads(line)["loss"][0] for line in (tmp_path / name / "log.jsonl").read_text().splitlines()]

    assert len(losses("one")) == 3
    assert losses("two") == pytest.approx(losses("one"), rel=1e-5)
