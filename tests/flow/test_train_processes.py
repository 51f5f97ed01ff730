"""Several training processes: they train as one does, and are told to stop."""

from pathlib import Path

import pytest

from engine.errors import InvalidSetting
from engine.flow.train_processes import arguments, run_in_processes
from engine.sam import Sam, save_checkpoint
from engine.training.loop import TrainingStopped
from engine.training.run import RunRequest
from engine.training.scenes.export import write_scenes
from engine.training.state import MODEL, STATE

QUICK = ("phases.0.images=2", "phases.0.masks=1", "phases.0.simulation.error_points=0", "precision=float32")


@pytest.fixture
def request_for(tiny_sam: Sam, tmp_path: Path) -> RunRequest:
    """A run without an end, as far as a test can see."""
    list(write_scenes(tmp_path / "scenes", count=4, seed=3, size=(96, 128), difficulty=0.3))
    save_checkpoint(tiny_sam, tmp_path / "tiny")
    return RunRequest(
        recipe="finetune",
        data=(str(tmp_path / "scenes"),),
        out=tmp_path / "run",
        overrides=("steps=5000", *QUICK),
        start=str(tmp_path / "tiny.safetensors"),
        device="cpu",
        workers=0,
        log_every=1,
    )


@pytest.mark.timeout(600)
def test_two_processes_train_until_they_are_told_to_stop(
    request_for: RunRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    log = request_for.out / "log.jsonl"
    with pytest.raises(TrainingStopped):
        run_in_processes(request_for, 2, lambda: log.is_file() and log.read_text().count("\n") > 1)
    assert (request_for.out / STATE).is_file() and (request_for.out / MODEL).is_file()


@pytest.mark.timeout(600)
def test_what_they_refuse_is_a_sentence(request_for: RunRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    with pytest.raises(InvalidSetting, match="cannot be shared evenly by 3 processes"):
        run_in_processes(request_for, 3, lambda: False)


def test_a_request_is_written_as_the_command_takes_it(request_for: RunRequest) -> None:
    written = arguments(request_for)
    assert written[0] == "finetune"
    assert written[written.index("--start-from") + 1] == request_for.start
    assert written.count("--set") == len(request_for.overrides)
    assert "--replay" not in written
