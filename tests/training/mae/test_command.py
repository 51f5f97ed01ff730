"""`maskloop train mae` pre-trains an encoder, and `maskloop train --mae` starts from it."""

from pathlib import Path

import pytest

from engine.sam import build_sam
from engine.training.initialise_mae import initialise_from_mae
from maskloop.cli import run
from tests.training.mae.shapes import write_pictures

SHORT = ["--set", "arch=vit_t", "--set", "epochs=1", "--set", "images=2", "--set", "side=64", "--workers", "0"]


def test_the_small_encoder_is_pretrained_from_a_folder_of_images(tmp_path: Path) -> None:
    write_pictures(tmp_path / "pictures", count=2)
    out = tmp_path / "out"
    command = ["train", "mae", "--data", str(tmp_path / "pictures"), "--out", str(out), "--device", "cpu"]
    assert run([*command, *SHORT, "--log-every", "1"]) == 0
    assert '"images_per_second"' in (out / "log.jsonl").read_text()
    initialise_from_mae(build_sam("vit_t"), out / "encoder.safetensors")


def test_the_recipe_is_printed_as_set_takes_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["train", "mae", "--print-recipe", "--set", "arch=vit_h", "--set", "epochs=100"]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert "arch=vit_h" in printed
    assert "warmup_epochs=5" in printed


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ([], "--data"),
        (["--data", "nowhere"], "There is no nowhere"),
        (["--data", ".", "--start", "vit_t"], "no use for --start"),
        (["--data", ".", "--set", "hidden=2"], "hidden is a share"),
        (["--data", ".", "--set", "arch=resnet"], "no architecture 'resnet'"),
        (["--data", ".", "--set", "side=512", "--set", "arch=vit_b"], "pre-train vit_b at 224 pixels"),
    ],
)
def test_misuse_is_one_sentence(
    options: list[str],
    reason: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_pictures(tmp_path, count=1)
    monkeypatch.chdir(tmp_path)
    assert run(["train", "mae", "--out", str(tmp_path / "out"), "--workers", "0", *options]) == 2
    said = capsys.readouterr().err.strip().splitlines()
    assert len(said) == 1
    assert reason in said[0]
