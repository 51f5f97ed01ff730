"""The examples in docs/loop.md do what they say."""

import re
from pathlib import Path
from typing import Any

import pytest

from engine.flow.models import live_model
from engine.sam import Sam
from engine.store.tables import Model, RetrainRun
from engine.store.unit_of_work import unit_of_work
from tests.conftest import REPOSITORY
from tests.fixtures.deployment import make_owner, make_project, register
from tests.flow.retraining import annotated_project


@pytest.mark.timeout(900)
def test_examples_retrain_and_judge_a_model(
    sqlite_database: object,
    tiny_sam: Sam,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    register(tiny_sam, tmp_path)
    owner = make_owner()
    annotated_project(owner, make_project(owner, "street"))
    monkeypatch.chdir(tmp_path)
    examples = re.findall(r"```python\n(.*?)```", (REPOSITORY / "docs" / "loop.md").read_text(), re.DOTALL)
    retraining, judging = examples
    # A test has no time for a hundred steps of eight images.
    quick = '"steps": 2, "phases.0.images": 1, "phases.0.masks": 1, "replay": 0.0'
    assert retraining.count('"steps": 100') == 1
    names: dict[str, Any] = {}
    exec(retraining.replace('"steps": 100', quick).replace("overrides=", "replay_scenes=False, overrides="), names)  # noqa: S102
    assert "finished None {'passed':" in capsys.readouterr().out
    assert (tmp_path / "street-1" / "train" / "annotations").is_dir()
    run: RetrainRun = names["run"]
    with unit_of_work(read_only=True) as uow:
        assert "street v1" in {model.name for model in uow.session.query(Model)}

    exec(judging, {"run_id": run.id, "model_id": run.model_id, "project_id": run.project_id})  # noqa: S102
    said = capsys.readouterr().out
    assert "figures must be better" in said, "the reasons of the verdict"
    assert said.splitlines()[-1].startswith("1 "), "a round for the run"
    with unit_of_work(read_only=True) as uow:
        live = live_model(uow)
        assert live is not None and live.name == "tiny", "promoted, and taken back"
