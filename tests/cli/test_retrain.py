"""`maskloop snapshot` and `maskloop retrain`: what they print, and every misuse a sentence."""

import json
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from engine.flow.retrain_order import MODEST
from engine.sam import Sam
from engine.store.tables import Project, RetrainRun, RetrainSchedule, User
from maskloop.cli import run
from maskloop.retrain_tables import print_retrain_schedules, settings_of
from tests.cli.conftest import Maskloop, sentence_of
from tests.fixtures.deployment import make_owner, make_project, register
from tests.flow.retraining import annotated_project

QUICK = ("--set", "steps=2", "--set", "phases.0.images=1")


@pytest.fixture
def owner(sqlite_database: object) -> User:
    return make_owner()


@pytest.fixture
def project(owner: User, tiny_sam: Sam, tmp_path: Path) -> Project:
    register(tiny_sam, tmp_path)
    project = make_project(owner)
    annotated_project(owner, project)
    return project


def test_snapshots_are_made_listed_compared_and_written(
    project: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["snapshot", "create", "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert (made["number"], made["name"]) == (1, "Birds")
    assert run(["snapshot", "create", "--name", "Again", "--stage", "manual"]) == 0
    assert capsys.readouterr().out.startswith("Snapshot 2 holds ")
    assert run(["snapshot", "list"]) == 0
    assert "Again" in capsys.readouterr().out
    assert run(["snapshot", "show", "2"]) == 0
    shown = capsys.readouterr().out
    assert "2: Again" in shown and " to train on, and " in shown and 'stages=["manual"]' in shown
    assert run(["snapshot", "show", "1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == made
    assert run(["snapshot", "diff", "1", "2"]) == 0
    assert "4 masks as before." in capsys.readouterr().out
    out = tmp_path / "written"
    assert run(["snapshot", "write", "1", "--out", str(out)]) == 0
    assert (out / "train" / "annotations").is_dir() and (out / "snapshot.json").is_file()
    assert run(["snapshot", "write", "2", "--out", str(out)]) == 2
    assert "holds another snapshot" in capsys.readouterr().err
    assert run(["snapshot", "write", "1", "--out", str(tmp_path)]) == 2
    assert "is in the way" in capsys.readouterr().err


def test_a_run_is_started_listed_stopped_and_resumed(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["retrain", "list"]) == 0
    assert "Nothing has been retrained yet" in capsys.readouterr().out
    assert run(["retrain", "start", *QUICK, "--json"]) == 0
    started = json.loads(capsys.readouterr().out)
    assert (started["number"], started["state"], started["base_model"]) == (1, "queued", "tiny")
    assert started["overrides"] == {"steps": 2, "phases.0.images": 1}
    # A recipe that cannot be would take seconds to find out; the run in the way is said before.
    assert run(["retrain", "start", "--recipe", "nosuch"]) == 2
    said = capsys.readouterr().err
    assert "Run 1 for this project is queued." in said
    assert "maskloop retrain stop 1" in said and "--parallel" in said
    assert run(["retrain", "stop", "1"]) == 0
    assert run(["retrain", "resume", "1"]) == 0
    assert run(["retrain", "list"]) == 0
    said = capsys.readouterr().out
    assert "Run 1 is stopped." in said and "Run 1 is queued." in said and "promptable" in said


def test_a_run_shows_what_was_asked_for_and_the_rest_if_wanted() -> None:
    run_ = RetrainRun(overrides=MODEST | {"steps": 7})
    short = " ".join(settings_of(run_, every=False))
    assert short.startswith("steps=7 (and ") and short.endswith(
        f"{len(MODEST) - 1} defaults for a small model: --recipe)"
    )
    every = settings_of(run_, every=True)
    assert every[0] == "steps=7" and len(every) == len(MODEST)
    assert settings_of(RetrainRun(overrides={"steps": 7}), every=False) == ["steps=7"]


def test_the_next_moment_says_its_time_zone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    moment = datetime(2026, 11, 22, 1, tzinfo=UTC)
    planned = RetrainSchedule(
        id=uuid4(),
        cron="0 2 * * *",
        zone="Europe/Berlin",
        next_at=moment,
        minimum_new_masks=1,
        last_error="",
        created_at=moment,
    )
    monkeypatch.setenv("COLUMNS", "120")
    print_retrain_schedules([planned])
    assert "2026-11-22 02:00 CET" in capsys.readouterr().out


def test_retraining_is_planned_and_taken_off_the_plan(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["retrain", "start", "--cron", "0 2 * * *", "--zone", "Europe/Berlin", "--minimum", "10"]) == 0
    capsys.readouterr()
    assert run(["retrain", "start", "--detector", "--every", "1000", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["when"] == "Every 1,000 new masks"
    assert run(["retrain", "schedules", "--json"]) == 0
    planned = json.loads(capsys.readouterr().out)
    assert [each["order"]["kind"] for each in planned] == ["promptable", "detector"]
    assert planned[1]["when"] == "Every 1,000 new masks"
    assert run(["retrain", "unschedule", planned[0]["id"][:8]]) == 0
    assert run(["retrain", "schedules"]) == 0
    assert "1,000 new" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["retrain", "start", "--set", "schedule.learning_rate=much"], "schedule.learning_rate cannot be"),
        (["retrain", "start", "--recipe", "nosuch"], "There is no recipe 'nosuch'"),
        (["retrain", "start", "--detector", "--set", "colour=red"], "There is no colour."),
        (["retrain", "start", "--snapshot", "7"], "There is no snapshot 7."),
        (["retrain", "start", "--minimum", "100"], "100 are needed"),
        (["retrain", "start", "--every", "0"], "must be at least 1"),
        (["retrain", "start", "--cron", ""], "is no cron expression"),
        (["retrain", "start", "--zone", "Europe/Berlin"], "without --cron it says nothing"),
        (["retrain", "start", "--every", "10", "--follow"], "not with one that is planned"),
        (["retrain", "show", "7"], "There is no retraining run 7."),
        (["snapshot", "create", "--label", "fish"], "No mask passes these filters."),
    ],
)
def test_a_misuse_is_a_sentence(
    project: Project, arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 2
    said = capsys.readouterr().err
    assert says in said and said.count("\n") == 1


def test_without_masks_and_without_filters_the_filters_are_not_blamed(
    owner: User, capsys: pytest.CaptureFixture[str]
) -> None:
    make_project(owner)
    assert run(["snapshot", "create"]) == 2
    assert "There is no mask to freeze yet. Annotate some images first." in capsys.readouterr().err


def test_without_a_deployment_there_is_nothing_to_freeze(maskloop: Maskloop) -> None:
    assert "holds no maskloop data yet" in sentence_of(maskloop("snapshot", "create"))
