"""What batches made, on the command line: compared, downloaded; and the images of a tag."""

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from engine.flow.sign_in import create_owner_if_none
from engine.sam import Sam
from engine.store.tables import Job, Project, User
from engine.store.unit_of_work import unit_of_work
from maskloop.cli import run
from migrations import upgrade
from tests.fixtures.deployment import register
from tests.fixtures.pictures import picture
from tests.flow.batching import LENIENT, start, work_off


@pytest.fixture
def project(settings: object, tiny_sam: Sam, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Project:
    """A project named Birds of three images, one of them tagged, and a live model."""
    for seed in range(3):
        folder = tmp_path / ("night" if seed == 0 else "day")
        folder.mkdir(exist_ok=True)
        (folder / f"bird-{seed}.png").write_bytes(picture(seed=seed))
    assert run(["import", str(tmp_path / "night"), "--project", "Birds", "--tag", "Night", "--tag", "zoo"]) == 0
    assert run(["import", str(tmp_path / "day"), "--project", "Birds"]) == 0
    upgrade()
    register(tiny_sam, tmp_path)
    capsys.readouterr()
    with unit_of_work(read_only=True) as uow:
        return uow.session.query(Project).one()


@pytest.fixture
def owner(project: Project) -> User:
    with unit_of_work() as uow:
        return create_owner_if_none(uow)


def said(capsys: pytest.CaptureFixture[str], *arguments: object, status: int = 0) -> str:
    assert run(["batch", *(str(each) for each in arguments)]) == status
    captured = capsys.readouterr()
    return captured.out if status == 0 else captured.err


def read(capsys: pytest.CaptureFixture[str], *arguments: object) -> Any:
    return json.loads(said(capsys, *arguments, "--json"))


def done(owner: User, project: Project, **order: Any) -> Job:
    job = start(owner, project, **order)
    work_off(job)
    return job


def test_a_tag_chooses_the_images(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    estimate = ("start", "export", "--estimate")
    assert read(capsys, *estimate, "--tag", "night")["images"] == 1
    assert read(capsys, *estimate)["images"] == 3
    assert "No image" in said(capsys, "start", "export", "--tag", "rain", status=2)


def test_two_batches_are_compared(project: Project, owner: User, capsys: pytest.CaptureFixture[str]) -> None:
    first = done(owner, project)
    assert "nothing to compare" in said(capsys, "compare", first.id, status=2)
    second = done(owner, project, settings=LENIENT | {"points_per_side": 2})
    report = read(capsys, "compare", second.id)
    assert report["earlier"] == str(first.id)
    assert len(report["images"]) == 3
    assert sum(image["lost"] + image["gained"] + image["changed"] for image in report["images"]) > 0
    same = read(capsys, "compare", second.id, second.id)["images"]
    assert all(image["gained"] == image["lost"] == image["changed"] == 0 < image["same"] for image in same)
    text = said(capsys, "compare", second.id, first.id)
    assert all(word in text for word in ("gained", "lost", "bird-0.png", "3 images"))


def test_an_export_is_downloaded(
    project: Project, owner: User, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found, export = done(owner, project), done(owner, project, kind="export")
    assert read(capsys, "download", export.id, "--out", tmp_path / "out.zip")["files"] == 3
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        assert len(archive.namelist()) == 3
    assert "3 files written" in said(capsys, "download", export.id, "--out", tmp_path / "out")
    records = [json.loads(file.read_text()) for file in (tmp_path / "out").iterdir()]
    assert sum(len(record["annotations"]) for record in records) > 0
    assert "no files to download" in said(capsys, "download", found.id, status=2)
    started = start(owner, project, kind="export")
    assert "not finished yet" in said(capsys, "download", started.id, status=2)
