"""`maskloop batch` as it is typed, well and badly, beside no running server."""

import json
from pathlib import Path
from typing import Any

import pytest

from engine.flow.model_thresholds import record_thresholds
from engine.sam import Sam
from engine.settings import get_settings
from engine.store.unit_of_work import unit_of_work
from maskloop.cli import run
from migrations import upgrade
from tests.fixtures.deployment import register
from tests.fixtures.pictures import picture


@pytest.fixture
def project(settings: object, tiny_sam: Sam, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """A project named Birds with three images and a live model."""
    folder = tmp_path / "Birds"
    folder.mkdir()
    for seed in range(3):
        (folder / f"bird-{seed}.png").write_bytes(picture(seed=seed))
    assert run(["import", str(folder)]) == 0
    upgrade()
    register(tiny_sam, tmp_path)
    capsys.readouterr()
    return "Birds"


def said(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> str:
    assert run(["batch", *arguments]) == status
    captured = capsys.readouterr()
    return captured.out if status == 0 else captured.err


def read(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    return json.loads(said(capsys, *arguments, "--json"))


def test_a_batch_is_started_and_steered(project: str, capsys: pytest.CaptureFixture[str]) -> None:
    started = said(capsys, "start", "automatic", "--set", "points_per_side=4", "--set", "preset=fast", "--review")
    assert "3 images" in started
    assert "maskloop up" in started
    (batch,) = read(capsys, "list")
    assert (batch["kind"], batch["images"], batch["left"], batch["review"]) == ("automatic", 3, 3, True)
    assert (batch["settings"]["points_per_side"], batch["settings"]["preset"]) == (4, "fast")
    short = batch["id"][:6]
    assert "is paused" in said(capsys, "pause", short)
    assert "is running" in said(capsys, "resume", short)
    assert "is running" in said(capsys, "change", short, "--priority", "high", "--at-once", "1")
    assert "No image failed" in said(capsys, "retry", short)
    assert "is cancelled" in said(capsys, "cancel", short)
    assert "0 of 3 done, 3 cancelled" in said(capsys, "show", short)
    assert "is cancelled" in said(capsys, "cancel", short)


def test_a_batch_is_planned_and_the_plan_removed(project: str, capsys: pytest.CaptureFixture[str]) -> None:
    planned = said(capsys, "start", "embed", "--cron", "0 2 * * 1-5", "--zone", "Europe/Berlin")
    assert "At 02:00 on Monday through Friday (Europe/Berlin)" in planned
    (schedule,) = read(capsys, "schedules")
    assert schedule["cron"] == "0 2 * * 1-5"
    assert "starts nothing any more" in said(capsys, "unschedule", schedule["id"][:6])
    assert "Nothing is planned" in said(capsys, "schedules")


def test_masks_that_are_mostly_wrong_are_advised_to_wait(project: str, capsys: pytest.CaptureFixture[str]) -> None:
    with unit_of_work() as uow:
        thresholds = {"pred_iou_thresh": 0.5, "stability_score_thresh": 0.5, "box_nms_thresh": 0.5}
        record_thresholds(uow, "tiny", {**thresholds, "precision": 0.25})
    assert "about 25% of what it finds is right; with --review" in said(capsys, "start", "automatic", "--estimate")
    assert "--review" not in said(capsys, "start", "automatic", "--estimate", "--review")
    assert "--review" not in said(capsys, "start", "embed", "--estimate")


def test_an_estimate_starts_nothing(project: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert read(capsys, "start", "automatic", "--estimate", "--limit", "2")["images"] == 2
    assert "No batch has been started yet" in said(capsys, "list")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("start", "Missing argument 'KIND'"),
        ("start fly", "kind cannot be 'fly'"),
        ("start automatic --project Owls", "no project 'Owls'"),
        ("start automatic --set points=1", "no setting 'points'"),
        ("start automatic --set points_per_side", "KEY=VALUE"),
        ("start automatic --named owl", "No image"),
        ("start automatic --model nobody", "no model 'nobody'; there are tiny"),
        ("start automatic --priority soon", "'soon'"),
        ("start automatic --cron never", "no cron expression"),
        ("start automatic --at yesterday", "no time"),
        ("start automatic --at 2001-01-01", "has passed"),
        ("start automatic --zone Europe/Berlin", "--cron"),
        ("start automatic --new-images 2 --follow", "--follow"),
        ("start prefill", "detector"),
        ("show abc", "no batch abc"),
        ("unschedule abc", "no schedule abc"),
        ("change abc", "Say what to change"),
    ],
)
def test_what_is_typed_wrong_gets_a_sentence(
    arguments: str, says: str, project: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert says in said(capsys, *arguments.split(), status=2)


def test_without_data_it_says_where_to_begin(settings: object, capsys: pytest.CaptureFixture[str]) -> None:
    assert "maskloop up" in said(capsys, "list", status=2)
    assert not (get_settings().data / "maskloop.db").exists()
