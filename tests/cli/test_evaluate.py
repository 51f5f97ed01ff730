import json
from pathlib import Path

import numpy as np
import pytest

from engine.masks import rle
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
