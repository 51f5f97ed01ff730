"""`maskloop train`: a real run from data on disk, gone on with, interrupted, and every misuse a sentence."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from engine.sam import load_checkpoint
from engine.training.recipes import RECIPES
from engine.training.scenes.export import write_scenes
from engine.training.state import MODEL, STATE
from maskloop.cli import run
from tests.cli.conftest import Finished, Maskloop, sentence_of

QUICK = ("phases.0.images=2", "phases.0.masks=2", "phases.0.simulation.error_points=1", "precision=float32")


@pytest.fixture
def scenes(tmp_path: Path) -> Path:
    """A folder in SA-1B form with four small images."""
    assert len(list(write_scenes(tmp_path / "scenes", count=4, seed=3, size=(96, 128), difficulty=0.3))) == 4
    return tmp_path / "scenes"


def finetune(scenes: Path, weights: Path, out: Path, *more: str) -> list[str]:
    """The arguments of a short run."""
    command = ["train", "finetune", "--data", str(scenes), "--start", str(weights), "--out", str(out)]
    command += ["--device", "cpu", "--workers", "0", "--log-every", "1"]
    return [*command, *(part for value in (*QUICK, *more) for part in ("--set", value))]


def test_run_writes_a_model_and_goes_on_when_asked_for_more(
    maskloop: Maskloop, scenes: Path, weights: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    first = maskloop(*finetune(scenes, weights, out, "steps=2"))
    assert first.status == 0, first.err
    assert load_checkpoint(out / MODEL).config == load_checkpoint(weights).config
    again = maskloop(*finetune(scenes, weights, out, "steps=3"), "--replay", str(scenes))
    assert again.status == 0, again.err
    entries = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
    assert [entry["step"] for entry in entries] == [0, 1, 2]
    assert all(entry["masks_per_second"] > 0 and len(entry["loss"]) == 4 for entry in entries)
    runs = json.loads((out / "run.json").read_text())
    assert [run["recipe"]["phases"][0]["steps"] for run in runs] == [2, 3]


def test_only_starts_that_train_are_written_down(
    maskloop: Maskloop, scenes: Path, weights: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    assert maskloop(*finetune(scenes, weights, out, "steps=1")).status == 0
    described = (out / "run.json").read_text()
    finished = maskloop(*finetune(scenes, weights, out, "steps=1", "schedule.learning_rate=1e-9"))
    assert finished.status == 0, finished.err
    assert "goes on only with more steps" in finished.err
    refused = maskloop(*finetune(scenes, weights, out, "steps=3"), "--seed", "7")
    assert refused.status == 2
    assert "seed" in refused.err
    assert (out / "run.json").read_text() == described


def test_interrupted_run_saves_and_says_how_to_go_on(scenes: Path, weights: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    command = [sys.executable, "-m", "maskloop", *finetune(scenes, weights, out, "steps=5000")]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as training:
        while training.poll() is None and not (out / "log.jsonl").exists():
            time.sleep(0.05)
        training.send_signal(signal.SIGINT)
        _, said = training.communicate()
    assert training.returncode == 130, said
    assert "Traceback" not in said
    last = said.strip().splitlines()[-1]
    assert "The same command goes on from there." in last
    assert (out / STATE).exists()
    assert (out / MODEL).exists()


def test_recipe_is_printed_with_what_was_set(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["train", "vit_h", "--print-recipe", "--set", "steps=900"]) == 0
    printed = capsys.readouterr()
    assert {"phases.0.steps=900", "drop_path=0.4", "schedule.milestones=[600, 866]"} <= set(printed.out.splitlines())
    assert printed.err == "Also to be set, each for several of these values: steps.\n"


def test_help_names_every_recipe(maskloop: Maskloop) -> None:
    words = maskloop("train", "--help", COLUMNS="300").out
    assert all(name in words for name in RECIPES)


def test_dry_run_checks_and_writes_nothing(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert run(["train", "vit_b", "--data", "scenes", "--out", str(tmp_path / "run"), "--dry-run"]) == 0
    assert "arch=vit_b" in capsys.readouterr().out
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["vit_x", "--data", "scenes", "--out", "run"], "no recipe 'vit_x'"),
        (["vit_t", "--data", "scenes"], "with --out"),
        (["vit_t", "--out", "run"], "with --data"),
        (["finetune", "--data", "scenes", "--out", "run"], "--start"),
        (["vit_t", "--data", "scenes", "--out", "run", "--set", "drop_path=0.1"], "for ViT encoders"),
        (["vit_t", "--data", "scenes", "--out", "run", "--set", "drop_path=1.1"], "below 1"),
        (["vit_b", "--data", "scenes", "--out", "run", "--set", "phases.0.window=512"], "whole input"),
        (["vit_b", "--data", "scenes", "--out", "run", "--replay", "scenes"], "replays nothing"),
        (["vit_b", "--data", "scenes", "--out", "run", "--start", "a.pth", "--mae", "b.pth"], "one of them"),
        (["vit_t", "--data", "scenes", "--out", "run", "--mae", "gone.pth"], "no gone.pth to read for --mae"),
        (["vit_t", "--data", "nowhere", "--out", "run"], "no nowhere"),
        (["vit_t", "--data", "scenes", "--out", "run", "--device", "cuda:77"], "no GPU 77"),
        (["vit_t", "--data", "scenes", "--out", "run", "--log-every", "0"], "--log-every"),
        (["finetune", "--data", "scenes", "--out", "run", "--start", "gone.safetensors"], "no gone.safetensors"),
    ],
)
def test_misuse_is_one_sentence(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    complaint: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    status = run(["train", *arguments])
    printed = capsys.readouterr()
    assert complaint in sentence_of(Finished(status, printed.out, printed.err))
    assert not (tmp_path / "run").exists()
