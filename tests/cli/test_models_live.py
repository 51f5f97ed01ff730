"""Choosing the live model, looking at a candidate and at the loop, on the command line."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from engine.evaluation.gate import GateRules, judge
from engine.flow.loop_report import Round
from engine.sam import Sam
from engine.store.tables import Model, ModelState, Project, RetrainKind, RetrainRun, RetrainState, Snapshot
from engine.store.unit_of_work import unit_of_work
from maskloop.cli import run
from maskloop.loop_tables import NO_MODEL, print_rounds
from maskloop.verdict_words import next_commands, verdict_lines, verdict_word
from tests.fixtures.deployment import make_owner, make_project, register


def measured(miou: float) -> dict[str, Any]:
    by_clicks = {clicks: {"most_confident": miou} for clicks in ("1", "3", "5")}
    noc = {"90": {"clicks": 12.5}}
    return {"miou": by_clicks, "calibration_error": {"1": 0.125}, "noc": noc}


def one_set(gain: float) -> dict[str, Any]:
    change = {"difference": gain, "interval": [gain - 0.01, gain + 0.01]}
    return {
        "images": 7,
        "masks": 31,
        "base": measured(0.5),
        "candidate": measured(0.5 + gain),
        "difference": {
            "miou": {clicks: {"most_confident": change} for clicks in ("1", "3", "5")},
            "noc": {"90": {"clicks": {"difference": 0.0, "interval": [-1.0, 1.0]}}},
        },
    }


@pytest.fixture
def project(sqlite_database: Engine) -> Project:
    return make_project(make_owner(), "Birds")


@pytest.fixture
def base(project: Project, tiny_sam: Sam, tmp_path: Path) -> Model:
    return register(tiny_sam, tmp_path, "base")


@pytest.fixture
def child(project: Project, base: Model) -> Model:
    """A candidate that a run made, measured and judged."""
    evaluation: dict[str, Any] = {
        "kind": "promptable",
        "base": {"id": str(base.id), "name": "base"},
        "candidate": {"id": "-", "name": "Birds v1"},
        "sets": {"validation": one_set(0.04), "benchmark": one_set(-0.02)},
        "comparison": None,
    }
    with unit_of_work() as uow:
        model = Model(
            name="Birds v1",
            arch=base.arch,
            config=base.config,
            weights_key=base.weights_key,
            weights_sha256=base.weights_sha256,
            parent_id=base.id,
            state=ModelState.CANDIDATE,
        )
        owner = project.created_by
        snapshot = Snapshot(
            number=1,
            name="Birds",
            project_ids=[str(project.id)],
            filters={},
            manifest_key="none",
            manifest_sha256="none",
            counts={"train": {"images": 1, "masks": 1}, "validation": {"images": 1, "masks": 1}},
            authors={},
            created_by=owner,
        )
        uow.session.add_all([model, snapshot])
        uow.session.flush()
        run_ = RetrainRun(
            number=1,
            project_id=project.id,
            kind=RetrainKind.PROMPTABLE,
            name="Birds",
            snapshot_id=snapshot.id,
            replay_snapshot_ids=[],
            base_model_id=base.id,
            model_id=model.id,
            recipe="finetune",
            overrides={},
            state=RetrainState.FINISHED,
            evaluation=evaluation,
            verdict=judge(evaluation, GateRules()).to_json(),
            created_by=owner,
        )
        uow.session.add(run_)
    return model


def test_models_are_promoted_and_rolled_back(child: Model, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["models", "promote", "Birds v1"]) == 2
    said = capsys.readouterr().err
    assert "The gate refused Birds v1: " in said and "on the benchmark: -2.0 points" in said and "add --force" in said
    assert run(["models", "promote", "Birds v1", "--force"]) == 0
    assert capsys.readouterr().out == "Birds v1 is live.\n"
    assert run(["models", "rollback", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"name": "base", "state": "live"}
    assert run(["models", "rollback"]) == 2
    assert "base replaced no other model" in capsys.readouterr().err
    assert run(["models", "promote", "nope"]) == 2
    assert "There is no model 'nope'; there are Birds v1, base." in capsys.readouterr().err
    assert run(["models", "promote", "Birds", "v1"]) == 2
    assert "(v1). A name with spaces goes in quotes. See: maskloop models promote" in capsys.readouterr().err
    assert run(["models", "rollback", "v1"]) == 2
    assert "quotes" not in capsys.readouterr().err
    assert run(["loop", "report", "--project", "Brids"]) == 2
    assert "There is no project 'Brids'; there are Birds." in capsys.readouterr().err


def test_a_run_shows_the_verdict_on_its_candidate(child: Model, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["retrain", "show", "1"]) == 0
    shown = capsys.readouterr().out
    assert "The gate refuses it.\n  " in shown
    assert "Worse: mIoU after 1 click on the benchmark: -2.0 points" in shown
    assert shown.endswith("\nLook closer: maskloop models compare 'Birds v1'\n")
    assert run(["retrain", "list"]) == 0
    listed = capsys.readouterr().out
    assert "verdict" in listed and "refused" in listed


def test_what_passed_can_be_promoted_and_what_is_live_taken_back() -> None:
    passed = {"passed": True, "reasons": ["Better: mIoU after 1 click."], "not_promoted_because": "People do."}
    assert verdict_lines(passed) == ["The gate lets it pass.", "  Better: mIoU after 1 click.", "  People do."]
    assert next_commands("Birds v1", ModelState.CANDIDATE, passed)[1:] == [
        "Make it live: maskloop models promote 'Birds v1'"
    ]
    assert next_commands("v1", ModelState.LIVE, passed)[1:] == ["It is live. Take that back: maskloop models rollback"]
    assert (verdict_word(passed), verdict_word(None)) == ("passed", "–")


def test_the_round_before_the_first_model_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    empty = Round(0, None, None, None, None, None, None, 0, 0, None, None, None, 0, None, 0.0, 0.0, [])
    print_rounds([empty])
    assert NO_MODEL in capsys.readouterr().out


def test_a_model_is_deleted_or_the_reason_is_said(child: Model, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["models", "delete", "base"]) == 2
    assert "It is live. It is where Birds v1 came from." in capsys.readouterr().err
    assert run(["models", "delete", "Birds v1"]) == 0
    assert run(["models", "delete", "Birds v1"]) == 2


def test_a_candidate_is_held_against_its_base(child: Model, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["models", "compare", "Birds v1"]) == 0
    shown = capsys.readouterr().out
    assert "The gate refuses it." in shown
    assert "Worse: mIoU after 1 click on the benchmark: -2.0 points" in shown
    assert "+0.040" in shown
    assert "+0.030 to +0.050" in shown
    assert run(["models", "compare", "Birds v1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["verdict"]["passed"] is False
    assert run(["models", "compare", "base"]) == 2
    assert "no retraining run made it" in capsys.readouterr().err
    assert run(["models", "compare", "Birds v1", "--clicks", "2"]) == 2


def test_the_loops_report_and_settings(child: Model, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["loop", "report"]) == 0
    shown = capsys.readouterr().out
    assert "base" in shown
    assert "34 → 14 s" in shown
    assert "─" in shown
    assert run(["loop", "report", "--project", "Birds", "--json"]) == 0
    (only,) = json.loads(capsys.readouterr().out)
    assert (only["number"], only["model_name"], only["runs"], only["held_out"]["miou"]["1"]) == (0, "base", [1], 0.5)
    assert run(["loop", "settings", "--set", "auto_promote=true", "--set", "gate.largest_loss=2"]) == 0
    assert "auto_promote=true\n" in capsys.readouterr().out
    assert run(["loop", "settings", "--json"]) == 0
    settings = json.loads(capsys.readouterr().out)
    assert (settings["auto_promote"], settings["gate"]["largest_loss"]) == (True, 2.0)
    for setting, says in (
        ("gate.speed=1", "There is no setting gate.speed. There are gate.clicks, gate.better_at"),
        ("gate=7", "gate is several settings. Set one of them: gate.clicks, gate.better_at"),
        ("gate.largest_loss=-1", "gate.largest_loss cannot be -1: it should be greater than or equal to 0."),
        ("benchmark.scenes=0", "benchmark cannot be so: a benchmark needs scenes or a folder."),
    ):
        assert run(["loop", "settings", "--set", setting]) == 2
        assert says in capsys.readouterr().err


def test_what_the_settings_print_can_be_set(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["loop", "settings"]) == 0
    printed = capsys.readouterr().out
    assert "benchmark.folder=none\n" in printed and "gate.certain=true\n" in printed
    assert run(["loop", "settings", *(part for line in printed.splitlines() for part in ("--set", line))]) == 0
    assert capsys.readouterr().out == printed
