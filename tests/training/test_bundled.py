"""From labelled photographs to a model like the bundled one, in one command."""

from pathlib import Path

import pytest

from engine.errors import InvalidInput, InvalidSetting
from engine.sam import architecture, load_checkpoint
from engine.training.bundled import bundled
from engine.training.scenes.export import write_scenes
from engine.training.state import MODEL, steps_taken

PHASES = range(4)
FIRST = [
    *("steps=4", "encoder_steps=1", "clicks_steps=1", "decay_steps=1"),
    *(f"phases.{phase}.images=1" for phase in PHASES),
    *(f"phases.{phase}.masks=1" for phase in PHASES),
    *(f"phases.{phase}.window=64" for phase in PHASES),
    *("data.scenes_held=1", "precision=float32"),
]
SECOND = ["steps=1", "whole_images=1", "masks=1", "error_points=0", "data.scenes_held=1", "precision=float32"]


def test_one_command_makes_a_model_and_begun_again_has_nothing_left_to_do(tmp_path: Path) -> None:
    folder, out = tmp_path / "photos", tmp_path / "made"
    list(write_scenes(folder, count=2, seed=3, size=(96, 128), difficulty=0.3))
    bundled(folder, out, first=FIRST, second=SECOND, device="cpu", workers=1)
    made = out / "vit_t.safetensors"
    assert load_checkpoint(made).config == architecture("vit_t")
    assert made.read_bytes() == (out / "second" / MODEL).read_bytes() != (out / "first" / MODEL).read_bytes()
    assert (steps_taken(out / "first"), steps_taken(out / "second")) == (4, 1)
    written = [(out / part / MODEL).stat().st_mtime_ns for part in ("first", "second")]
    bundled(folder, out, first=FIRST, second=SECOND, device="cpu", workers=1)
    assert [(out / part / MODEL).stat().st_mtime_ns for part in ("first", "second")] == written


def test_what_is_wrong_with_the_second_run_is_said_before_the_first(tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting, match="leaves none for whole inputs"):
        bundled(tmp_path, tmp_path / "made", first=FIRST, second=["steps=5", "windows_steps=5"], workers=1)
    with pytest.raises(InvalidSetting, match="is no device"):
        bundled(tmp_path, tmp_path / "made", device="gpu", workers=1)
    assert not (tmp_path / "made").exists()


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    list(write_scenes(tmp_path / "photos", count=1, seed=3, size=(96, 128), difficulty=0.3))
    file = tmp_path / "made"
    file.write_text("something else")
    with pytest.raises(InvalidInput, match="is a file"):
        bundled(tmp_path / "photos", file, device="cpu", workers=1)
    assert file.read_text() == "something else"
