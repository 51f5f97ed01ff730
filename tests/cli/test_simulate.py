"""The whole loop in small: a deployment of its own, its real workers, real training runs, all three stages."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

import pytest

from engine.training.scenes.export import write_scenes
from maskloop.cli import run
from maskloop.running import find_running

INTERRUPTED = 130
PATIENCE = 1200


@pytest.fixture
def domain(tmp_path: Path) -> Path:
    """A folder of eight small scenes with their true masks."""
    folder = tmp_path / "domain"
    assert len(list(write_scenes(folder, 8, seed=41, size=(96, 128), difficulty=0.0))) == 8
    return folder


@pytest.fixture
def simulation(domain: Path, weights: Path, tmp_path: Path) -> Sequence[str]:
    """The command, for a model of milliseconds per image."""
    options = ["--images", str(domain), "--start", str(weights), "--out", str(tmp_path / "out"), "--size", "smoke"]
    return [sys.executable, "-m", "maskloop", "simulate", *options, "--json"]


@pytest.mark.xdist_group("e2e")
@pytest.mark.timeout(2 * PATIENCE)
def test_an_interrupted_simulation_goes_on_through_all_three_stages(simulation: Sequence[str], tmp_path: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MASKLOOP_")}
    environment = kept | {"OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        simulation, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, start_new_session=True
    ) as first:
        assert first.stderr is not None
        said = next((line for line in first.stderr if line.startswith("Round 1, manual")), "")
        first.send_signal(signal.SIGINT)
        _, rest = first.communicate(timeout=PATIENCE)
    assert said, rest
    assert first.returncode == INTERRUPTED
    assert "The same command goes on from here." in rest and "Traceback" not in rest
    assert find_running(tmp_path / "out" / "data") is None

    done = subprocess.run(simulation, capture_output=True, text=True, env=environment, timeout=PATIENCE, check=False)
    assert done.returncode == 0, done.stderr
    # What was measured before is read from the journal, not measured again.
    assert said.strip() in done.stderr
    outcome = json.loads(done.stdout)
    assert outcome == json.loads((tmp_path / "out" / "simulation.json").read_text())
    manual, semi_automatic, automatic = outcome["rounds"]
    assert [each["stage"] for each in outcome["rounds"]] == ["manual", "semi-automatic", "automatic"]
    assert manual["annotated"]["images"] == semi_automatic["annotated"]["images"] == 3
    assert 1 <= manual["annotated"]["clicks"] <= outcome["plan"]["most_clicks"]
    assert manual["retrained"]["promoted"] and manual["model"] != semi_automatic["model"]
    assert semi_automatic["annotated"]["offered"] > 0
    assert automatic["automatic"]["images"] == 1
    assert all(0 <= each["held_out"]["miou"]["1"] <= 1 for each in outcome["rounds"])
    assert ElementTree.parse(tmp_path / "out" / "simulation.svg").getroot().tag.endswith("svg")


def sentence(arguments: Sequence[str], capsys: pytest.CaptureFixture[str]) -> str:
    """The one sentence that a misuse is answered with."""
    assert run(["simulate", *arguments]) == 2
    out, err = capsys.readouterr()
    assert (out, len(err.splitlines())) == ("", 1)
    return err


def test_misuse_is_one_sentence(domain: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    common = ["--images", str(domain), "--out", str(tmp_path / "out")]
    assert "has 8 images" in sentence(common, capsys)
    assert "choose one of smoke, full" in sentence([*common, "--size", "huge"], capsys)
    assert "There is no clicks" in sentence([*common, "--set", "clicks=3"], capsys)
    assert "must be at least 1" in sentence([*common, "--set", "manual_rounds=0"], capsys)
    small = [*common, "--size", "smoke", "--set", "benchmark_scenes=0"]
    assert "is no sign-in link" in sentence([*small, "--link", "http://127.0.0.1:1/"], capsys)
    link = "http://127.0.0.1:1/sign-in?token=abc"
    assert "does not answer" in sentence([*small, "--link", link], capsys)
    assert "--start is for a deployment of its own" in sentence([*small, "--link", link, "--start", "a.pt"], capsys)
