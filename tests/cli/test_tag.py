"""Tags on the command line: listed, changed on the images chosen, and typed wrong."""

from pathlib import Path

import pytest

from tests.cli.conftest import Maskloop, sentence_of
from tests.fixtures.pictures import picture


@pytest.fixture
def street(maskloop: Maskloop, tmp_path: Path) -> None:
    """A project of three images, two of them from one camera."""
    (tmp_path / "street").mkdir()
    for number, name in enumerate(("cam1_1", "cam2_1", "cam2_2")):
        (tmp_path / "street" / f"{name}.png").write_bytes(picture(seed=number))
    assert maskloop("import", "street", "--tag", "Day").status == 0


@pytest.mark.usefixtures("street")
def test_the_images_chosen_are_tagged(maskloop: Maskloop) -> None:
    night = ("tag", "change", "--named", "cam2_", "--add", "Night", "--remove", "day")
    assert maskloop(*night, "--json").json == {"images": 2, "changed": 2}
    assert "2 images had these tags already." in maskloop(*night).out
    assert "The tags of 1 image changed." in maskloop("tag", "change", "--tag", "DAY", "--add", "sunny").out
    assert maskloop("tag", "list", "--json").json == [
        {"tag": "day", "images": 1},
        {"tag": "night", "images": 2},
        {"tag": "sunny", "images": 1},
    ]
    assert maskloop("tag", "list").out.splitlines()[1] == "night  2 images"


@pytest.mark.usefixtures("street")
def test_misuse_is_one_sentence(maskloop: Maskloop) -> None:
    assert "at least one tag" in sentence_of(maskloop("tag", "change"))
    assert "No image of street" in sentence_of(maskloop("tag", "change", "--named", "cam3", "--add", "night"))
    assert "1 to 50 printable" in sentence_of(maskloop("tag", "change", "--add", " "))
    assert "both added and removed" in sentence_of(maskloop("tag", "change", "--add", "a", "--remove", "A"))
    assert "There is no project 'road'" in sentence_of(maskloop("tag", "list", "--project", "road"))
