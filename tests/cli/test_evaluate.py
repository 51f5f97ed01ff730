import json
from pathlib import Path

import numpy as np
import pytest

from engine.masks import rle
from engine.sam import Sam, save_checkpoint
from maskloop.cli import run
from tests.cli.conftest import Maskloop
from tests.fixtures.pictures import picture


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for part in ("images", "annotations"):
        (tmp_path / "set" / part).mkdir(parents=True)
    for index, name in enumerate(("cells_1", "cells_2", "street_1")):
        mask = np.zeros((48, 64), np.bool_)
        mask[5:30, 10 : 30 + index] = True
        (tmp_path / "set" / "images" / f"{name}.png").write_bytes(picture(seed=index))
        document = {"image": {}, "annotations": [{"segmentation": rle.encode(mask)}]}
        (tmp_path / "set" / "annotations" / f"{name}.json").write_text(json.dumps(document))
    return tmp_path / "set"


def test_json_has_miou_by_clicks_overall_and_by_source(maskloop: Maskloop, folder: Path, weights: Path) -> None:
    result = maskloop("evaluate", "--images", folder, "--model", weights, "--clicks", "1,3", "--json")
    assert result.status == 0
    report = result.json
    assert (report["model"], report["images"], report["masks"]) == (str(weights), 3, 3)
    assert report["seconds"] > 0
    assert set(report["miou"]) == {"1", "3"}
    assert set(report["miou"]["1"]) == {"most_confident", "oracle"}
    assert set(report["sources"]) == {"cells", "street"}
    means = [source["miou"]["3"]["most_confident"] for source in report["sources"].values()]
    assert report["miou"]["3"]["most_confident"] == pytest.approx(sum(means) / 2)


def test_the_table_has_a_row_per_source(folder: Path, weights: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["evaluate", "--images", str(folder), "--model", str(weights), "--clicks", "1", "--limit", "2"]) == 0
    out = capsys.readouterr().out
    assert all(word in out for word in ("cells", "street", "mean over sources", "best of 3", "1 click"))


@pytest.fixture
def other_weights(tiny_sam: Sam, tmp_path: Path) -> Path:
    """A model that answers differently: the sign of every mask is turned."""
    from engine.sam import build_sam

    other = build_sam(tiny_sam.config)
    other.load_state_dict(tiny_sam.state_dict())
    for mlp in other.mask_decoder.output_hypernetworks_mlps:
        last = list(mlp.parameters())[-2:]
        for parameter in last:
            parameter.data.neg_()
    save_checkpoint(other, tmp_path / "other")
    return tmp_path / "other.safetensors"


def test_two_models_are_compared_on_the_same_masks(
    folder: Path, weights: Path, other_weights: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["evaluate", "--images", str(folder), "--compare", str(weights), str(other_weights), "--clicks", "1,2"]
    assert run([*command, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["models"] == [str(weights), str(other_weights)]
    first, second = report["evaluations"]
    found = report["miou"]["1"]["most_confident"]
    expected = second["miou"]["1"]["most_confident"] - first["miou"]["1"]["most_confident"]
    assert found["difference"] == pytest.approx(expected)
    assert expected != 0
    # One source has a single image, so nothing can be shown overall; the other source has its own verdict.
    assert report["verdict"] == "no difference shown"
    assert set(report["sources"]) == {"cells", "street"}
    assert report["sources"]["cells"]["miou"]["2"]["most_confident"]["interval"] is not None

    assert run(command) == 0
    out = capsys.readouterr().out
    assert "B − A" in out
    assert "No difference shown between" in out


def test_a_model_compared_with_itself_differs_in_nothing(
    folder: Path, weights: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["evaluate", "--images", str(folder), "--compare", str(weights), str(weights), "--clicks", "1"]
    assert run([*command, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["miou"]["1"]["oracle"]["difference"] == 0


@pytest.mark.parametrize("columns", ["80", "200"])
def test_every_table_fits_the_terminal(
    folder: Path, weights: Path, columns: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    (folder / "tags.csv").write_text("name,tag\ncells_1,stained\ncells_2.png,stained\n")
    command = ["evaluate", "--images", str(folder), "--noc", "--tags", str(folder / "tags.csv"), "--clicks", "1,2,3,9"]
    assert run([*command, "--model", str(weights)]) == 0
    one = capsys.readouterr().out
    assert run([*command, "--compare", str(weights), str(weights)]) == 0
    two = capsys.readouterr().out
    for text in (one, two):
        # Titles may hold paths longer than any terminal; figures are never cut.
        assert "…" not in text
        assert "NoC@90" in text
        assert "9 clicks" in text
    assert "stained" in one
    assert "IoU error, 9 clicks" in two


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--model", "vit_t", "--compare", "vit_t", "vit_t"], "either --model"),
        (["--compare", "vit_t"], "--compare"),
        (["--compare", "vit_t", "mine"], "no model 'mine'"),
        (["--tags", "none.csv"], "none.csv cannot be read"),
    ],
)
def test_misuse_of_comparison_and_tags_is_one_sentence(
    settings: object, folder: Path, options: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["evaluate", "--images", str(folder), *options]) == 2
    out, err = capsys.readouterr()
    assert (out, len(err.splitlines())) == ("", 1)
    assert reason in err


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--clicks", "1,x"], "--clicks 1,x"),
        (["--clicks", "0"], "between 1 and 100"),
        (["--clicks", "-1"], "--clicks -1"),
        (["--limit", "0"], "at least one image"),
    ],
)
def test_misuse_is_one_sentence(
    folder: Path, weights: Path, options: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["evaluate", "--images", str(folder), "--model", str(weights), *options]) == 2
    out, err = capsys.readouterr()
    assert (out, len(err.splitlines())) == ("", 1)
    assert reason in err


def test_a_folder_of_another_kind_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["evaluate", "--images", str(tmp_path)]) == 2
    assert "images/ and annotations/" in capsys.readouterr().err
