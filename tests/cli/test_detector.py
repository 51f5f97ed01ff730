import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.masks import rle
from maskloop.cli import run
from tests.fixtures.pictures import picture


@pytest.fixture
def annotated(tmp_path: Path) -> Path:
    """Four images of 64×48 pixels with one mask each."""
    folder = tmp_path / "annotated"
    (folder / "images").mkdir(parents=True)
    (folder / "annotations").mkdir()
    mask = np.zeros((48, 64), np.bool_)
    mask[10:30, 12:40] = True
    for seed in range(4):
        (folder / "images" / f"a_{seed}.png").write_bytes(picture(seed=seed))
        Image.open(folder / "images" / f"a_{seed}.png").convert("RGB").save(folder / "images" / f"a_{seed}.jpg")
        (folder / "images" / f"a_{seed}.png").unlink()
        document = {"image": {"width": 64, "height": 48}, "annotations": [{"segmentation": rle.encode(mask)}]}
        (folder / "annotations" / f"a_{seed}.json").write_text(json.dumps(document))
    return folder


def test_a_detector_is_trained_to_a_file_and_measured(
    annotated: Path, weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "boxes.safetensors"
    source = ["--images", str(annotated), "--model", str(weights), "--embeddings", str(tmp_path / "cache")]
    assert run(["detector", "train", "--out", str(file), "--epochs", "1", *source, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["name"] == str(file)
    assert len(list((tmp_path / "cache").glob("*.npy"))) == 4
    assert run(["detector", "evaluate", str(file), *source, "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert (figures["images"], figures["objects"]) == (4, 4)
    assert 0 <= figures["ap50"] <= 1 and 0 <= figures["ar100"] <= 1


@pytest.mark.skipif(importlib.util.find_spec("torchvision") is not None, reason="torchvision is installed")
def test_faster_rcnn_says_what_it_needs_before_any_work(
    annotated: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, cache = tmp_path / "boxes.safetensors", tmp_path / "cache"
    options = ["--arch", "faster_rcnn", "--images", str(annotated), "--embeddings", str(cache)]
    assert run(["detector", "train", "--out", str(file), *options]) == 2
    error = capsys.readouterr().err
    assert len(error.splitlines()) == 1
    assert "needs torchvision, in the version that belongs to the installed torch" in error
    assert not cache.exists()


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["train", "--images", "."], "--name registers it, --out FILE writes it to a file"),
        (["train", "--out", "boxes.pth", "--images", "."], "must end in .safetensors"),
        (["train", "--name", "boxes-1"], "holds no maskloop data yet"),
        (["train", "--out", "boxes.safetensors", "--arch", "yolo"], "'box_head', 'faster_rcnn'"),
        (["evaluate", "nowhere.safetensors", "--images", "."], "cannot be read"),
        (["evaluate", "boxes-1"], "holds no maskloop data yet"),
    ],
)
def test_misuse_is_one_sentence(
    settings: object,
    arguments: list[str],
    reason: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["detector", *arguments]) == 2
    out, err = capsys.readouterr()
    assert (out, len(err.splitlines())) == ("", 1)
    assert reason in err
