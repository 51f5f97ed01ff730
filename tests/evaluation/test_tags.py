from pathlib import Path

import pytest

from engine.errors import InvalidInput
from engine.evaluation.tags import read_tags


def write(folder: Path, text: str) -> Path:
    (folder / "tags.csv").write_text(text, encoding="utf-8")
    return folder / "tags.csv"


def test_a_name_may_have_several_tags_and_further_columns_do_no_harm(tmp_path: Path) -> None:
    file = write(tmp_path, '\ufeffname,who,tag\na_1,me,night\na_1,me,rain\na_1,you,night\nb.jpg,me,"day, dry"\n')
    assert read_tags(file) == {"a_1": ("night", "rain"), "b.jpg": ("day, dry",)}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a_1,night\n", "must begin with the line name,tag"),
        ("", "must begin with the line name,tag"),
        ("name,tag\n", "holds no tags"),
        ("name,tag\na_1,night\na_2\n", "line 3: a line needs a name and a tag"),
        ('name,tag\n"a_1,night\n', "cannot be read as a CSV file"),
    ],
)
def test_a_malformed_file_is_explained(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(InvalidInput, match=reason):
        read_tags(write(tmp_path, text))


def test_a_missing_file_and_one_that_is_no_text_are_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"none\.csv cannot be read: No such file or directory\.$"):
        read_tags(tmp_path / "none.csv")
    (tmp_path / "photo.csv").write_bytes(b"\xff\xd8\xff\xe0")
    with pytest.raises(InvalidInput, match=r"photo\.csv cannot be read"):
        read_tags(tmp_path / "photo.csv")
