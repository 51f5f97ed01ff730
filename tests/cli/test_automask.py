import json
from pathlib import Path

import pytest

from engine.masks import rle
from maskloop.cli import run
from tests.cli.conftest import Maskloop
from tests.fixtures.pictures import picture

OPEN = ["--points-per-side", "3", "--pred-iou-thresh", "0", "--stability-score-thresh", "0"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "photos" / "deep").mkdir(parents=True)
    (tmp_path / "photos" / "a.png").write_bytes(picture(seed=1))
    (tmp_path / "photos" / "deep" / "a.jpg").write_bytes(picture(seed=2, kind="JPEG"))
    (tmp_path / "photos" / "notes.txt").write_text("not an image, and not taken for one")
    return tmp_path / "photos"


def test_each_image_gets_one_sa1b_file(maskloop: Maskloop, folder: Path, weights: Path, tmp_path: Path) -> None:
    result = maskloop("automask", folder, "--out", "masks", "--model", weights, *OPEN, "--json")
    assert result.status == 0
    files = sorted(path.relative_to(tmp_path / "masks").as_posix() for path in (tmp_path / "masks").rglob("*.*"))
    assert files == ["a.json", "deep/a.json"]
    record = json.loads((tmp_path / "masks" / "deep" / "a.json").read_text())
    assert set(record) == {"image", "annotations", "generation"}
    assert record["generation"]["model"] == str(weights)
    assert record["generation"]["settings"]["points_per_side"] == 3
    assert record["generation"]["settings"]["box_nms_thresh"] == 0.7
    assert set(record["image"]) == {"image_id", "width", "height", "file_name"}
    assert (record["image"]["width"], record["image"]["height"], record["image"]["file_name"]) == (64, 48, "a.jpg")
    assert record["annotations"]
    for annotation in record["annotations"]:
        assert set(annotation) == {
            "id", "segmentation", "bbox", "area", "predicted_iou", "stability_score", "crop_box", "point_coords"
        }  # fmt: skip
        rle.validate(annotation["segmentation"], 48, 64)
        assert annotation["crop_box"] == [0, 0, 64, 48]
    assert (result.json["images"], result.json["skipped"], result.json["failed"]) == (2, 0, [])


def test_a_second_run_goes_on_where_the_first_stopped(
    folder: Path, weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "masks"
    out.mkdir()
    (out / "a.json").write_text("from before")
    command = ["automask", str(folder), "--out", str(out), "--model", str(weights), *OPEN, "--json"]
    assert run(command) == 0
    assert json.loads(capsys.readouterr().out)["skipped"] == 1
    assert (out / "a.json").read_text() == "from before"
    assert run([*command, "--overwrite"]) == 0
    assert json.loads(capsys.readouterr().out)["skipped"] == 0
    assert json.loads((out / "a.json").read_text())["image"]["file_name"] == "a.png"


def test_a_damaged_image_is_reported_and_the_others_are_done(
    folder: Path, weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "cut.png").write_bytes(picture()[:60])
    assert run(["automask", str(folder), "--out", str(tmp_path / "m"), "--model", str(weights), *OPEN, "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["images"] == 2
    assert [failure["file"] for failure in report["failed"]] == ["cut.png"]
    assert not (tmp_path / "m" / "cut.json").exists()


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["photos", "--out", "photos/a.png"], "Nothing can be written in photos/a.png"),
        (["photos", "--out", "m", "--points-per-side", "0"], "between 1 and 256"),
        (["photos", "--out", "m", "--pred-iou-thresh", "88"], "pred_iou_thresh must be between 0 and 1"),
        (["photos", "--out", "m", "--preset", "slow"], "There is no preset 'slow'; choose one of paper, fast, custom"),
        (["photos", "--out", "m", "--set", "crops=2"], "There is no setting 'crops'"),
        (["photos/notes.txt", "--out", "m", "--points-per-side", "1"], "not an image"),
        (["nowhere", "--out", "m"], "There is no file or folder nowhere"),
        (["photos"], "--out"),
    ],
)
def test_misuse_is_one_sentence(
    folder: Path,
    weights: Path,
    arguments: list[str],
    reason: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(folder.parent)
    assert run(["automask", *arguments, "--model", str(weights)]) == 2
    out, err = capsys.readouterr()
    assert (out, len(err.splitlines())) == ("", 1)
    assert reason in err


def test_two_images_that_would_share_a_file_are_refused(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "a.jpg").write_bytes(picture(kind="JPEG"))
    assert run(["automask", str(folder), "--out", str(tmp_path / "m")]) == 2
    assert "a.jpg and a.png would both be written to a.json" in capsys.readouterr().err
