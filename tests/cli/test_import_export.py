import json
import zipfile
from pathlib import Path

import pytest

from tests.cli.conftest import Maskloop, sentence_of
from tests.fixtures.pictures import picture


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "birds" / "deep").mkdir(parents=True)
    (tmp_path / "birds" / "one.png").write_bytes(picture(seed=1))
    (tmp_path / "birds" / "deep" / "two.jpg").write_bytes(picture(seed=2, kind="JPEG"))
    (tmp_path / "birds" / "deep" / "one again.png").write_bytes(picture(seed=1))
    return tmp_path / "birds"


def test_a_folder_becomes_a_project_once(maskloop: Maskloop, folder: Path, tmp_path: Path) -> None:
    first = maskloop("import", folder, "--json")
    assert first.status == 0
    assert first.json["project"]["name"] == "birds"
    assert (first.json["imported"], first.json["duplicates"], first.json["failed"]) == (2, 1, [])
    second = maskloop("import", folder, "--project", "birds", "--json")
    assert second.json == first.json | {"imported": 0, "duplicates": 3}

    exported = maskloop("export", "--project", "birds", "--format", "sa1b", "--out", "birds.zip", "--images", "--json")
    assert exported.status == 0
    assert (exported.json["images"], exported.json["masks"]) == (2, 0)
    with zipfile.ZipFile(tmp_path / "birds.zip") as archive:
        names = sorted(archive.namelist())
        record = json.loads(archive.read(next(name for name in names if name.endswith(".json"))))
    assert len([name for name in names if name.endswith(".json")]) == 2
    assert record["annotations"] == []

    assert maskloop("export", "--project", "birds", "--out", "out/birds").status == 0
    assert len(list((tmp_path / "out" / "birds").glob("*.json"))) == 2


def test_what_cannot_be_imported_is_listed_and_the_rest_is_there(maskloop: Maskloop, folder: Path) -> None:
    (folder / "empty.jpg").touch()
    (folder / "deep" / "cut.png").write_bytes(picture(width=300, height=300)[:200])
    result = maskloop("import", folder)
    assert result.status == 1
    assert "2 images imported into the project birds" in result.out
    assert "maskloop up" in result.out
    assert "  deep/cut.png: " in result.err
    assert "  empty.jpg: The file is empty." in result.err


def test_misuse_is_one_sentence_and_leaves_no_database_behind(maskloop: Maskloop, tmp_path: Path) -> None:
    assert "There is no file or folder nowhere" in sentence_of(maskloop("import", "nowhere"))
    (tmp_path / "nothing").mkdir()
    assert "holds no images" in sentence_of(maskloop("import", "nothing"))
    assert "holds no maskloop data yet" in sentence_of(maskloop("export", "--project", "birds"))
    assert "'coco'" in sentence_of(maskloop("export", "--format", "coco"))
    assert not (tmp_path / "data").exists()


def test_an_unknown_project_and_an_unwritable_place_are_named(maskloop: Maskloop, folder: Path) -> None:
    maskloop("import", folder)
    assert "There is no project 'cats'" in sentence_of(maskloop("export", "--project", "cats", "--out", "x.zip"))
    unwritable = sentence_of(maskloop("export", "--project", "birds", "--out", "birds/one.png/x.zip"))
    assert "cannot be written" in unwritable
    assert "No project has masks yet" in sentence_of(maskloop("export"))


def test_a_data_folder_that_cannot_be_is_named(maskloop: Maskloop, folder: Path) -> None:
    assert "one.png" in sentence_of(maskloop("import", folder, "--data", "birds/one.png"))
