"""`maskloop models calibrate`, and `maskloop automask` with what it found."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from engine.sam import Sam
from engine.settings import Settings
from maskloop.cli import run
from migrations import upgrade
from tests.fixtures.deployment import register
from tests.fixtures.pictures import picture

OPEN = [
    "--points-per-side",
    "6",
    "--pred-iou-thresh",
    "0",
    "--stability-score-thresh",
    "0.35",
    "--set",
    "min_mask_region_area=0",
]


@pytest.fixture
def mine(weights: Path, tmp_path: Path) -> Path:
    """The small model in a folder of the test's own."""
    for suffix in (".safetensors", ".json"):
        shutil.copy(weights.with_suffix(suffix), tmp_path / f"mine{suffix}")
    return tmp_path / "mine.safetensors"


@pytest.fixture
def folder(mine: Path, tmp_path: Path, settings: Settings, capsys: pytest.CaptureFixture[str]) -> Path:
    """Two images; what is known of each are the masks that the model finds without thresholds."""
    (tmp_path / "set" / "images").mkdir(parents=True)
    for seed in range(2):
        (tmp_path / "set" / "images" / f"a_{seed}.png").write_bytes(picture(seed=seed))
    out = tmp_path / "set" / "annotations"
    assert run(["automask", str(tmp_path / "set" / "images"), "--out", str(out), "--model", str(mine), *OPEN]) == 0
    capsys.readouterr()
    return tmp_path / "set"


def said(capsys: pytest.CaptureFixture[str], *arguments: object, status: int = 0) -> str:
    assert run([str(each) for each in arguments]) == status
    captured = capsys.readouterr()
    return captured.out if status == 0 else captured.err


def read(capsys: pytest.CaptureFixture[str], *arguments: object) -> Any:
    return json.loads(said(capsys, *arguments, "--json"))


def test_thresholds_beside_the_weights_are_used_and_said(
    mine: Path, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    beside = tmp_path / "mine.metrics.json"
    beside.write_text('{"miou": {}}')
    arguments = ("models", "calibrate", mine, "--images", folder, "--points-per-side", 6)
    report = read(capsys, *arguments, "--out", beside)
    assert report["f1"] > 0.5
    assert report["with_sa_1b_thresholds"]["masks_per_image"] == 0
    written = json.loads(beside.read_text())
    assert set(written) == {"miou", "automatic"}
    assert written["automatic"]["measured_on"] == "set"
    automask = ("automask", folder / "images", "--model", mine, "--points-per-side", 6)
    text = said(capsys, *automask, "--out", tmp_path / "m")
    assert "Thresholds calibrated for mine: pred_iou_thresh=" in text
    generation = json.loads((tmp_path / "m" / "a_0.json").read_text())["generation"]
    assert generation["calibrated"] == ["pred_iou_thresh", "stability_score_thresh", "box_nms_thresh"]
    assert generation["settings"]["pred_iou_thresh"] == written["automatic"]["pred_iou_thresh"]
    by_hand = read(capsys, *automask, "--out", tmp_path / "n", "--pred-iou-thresh", 0.99)
    assert by_hand["calibrated"] == ["stability_score_thresh", "box_nms_thresh"]
    assert by_hand["masks"] == 0


def test_a_registered_model_keeps_them_and_batches_say_so(
    folder: Path, tiny_sam: Sam, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["import", str(folder / "images"), "--project", "Birds"]) == 0
    upgrade()
    register(tiny_sam, tmp_path)
    capsys.readouterr()
    calibrate = ("models", "calibrate", "tiny", "--images", folder, "--points-per-side", 6)
    assert "Nothing was kept" in said(capsys, *calibrate, "--limit", 1)
    assert "SA-1B's" in said(capsys, *calibrate, "--record")
    own = read(capsys, "models", "show", "tiny")["metrics"]["automatic"]
    text = said(capsys, "batch", "start", "automatic", "--project", "Birds", "--set", "preset=fast", "--estimate")
    assert f"Thresholds calibrated for the model: pred_iou_thresh={own['pred_iou_thresh']}" in text
    said(capsys, "batch", "start", "automatic", "--project", "Birds", "--set", "preset=fast")
    (batch,) = read(capsys, "batch", "list")
    assert batch["settings"]["box_nms_thresh"] == own["box_nms_thresh"]
    assert f"{own['box_nms_thresh']} (calibrated for the model)" in said(capsys, "batch", "show", batch["id"])


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--images", "nowhere"], "must hold the folders images/ and annotations/"),
        (["--images", "set", "--limit", "0"], "at least one image"),
        (["--images", "set", "--least-precision", "80"], "between 0 and 1"),
        (["--images", "set", "--record"], "no maskloop data"),
    ],
)
def test_misuse_is_one_sentence(
    folder: Path,
    mine: Path,
    tmp_path: Path,
    arguments: list[str],
    reason: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    error = said(capsys, "models", "calibrate", mine, *arguments, status=2)
    assert len(error.splitlines()) == 1
    assert reason in error
