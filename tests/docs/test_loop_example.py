"""The example in docs/loop.md does what it says."""

import re
from pathlib import Path

import pytest

from engine.sam import Sam
from engine.store.tables import Model
from engine.store.unit_of_work import unit_of_work
from tests.conftest import REPOSITORY
from tests.fixtures.deployment import make_owner, make_project, register
from tests.flow.retraining import annotated_project


@pytest.mark.timeout(900)
def test_example_retrains_a_model(
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
    (example,) = re.findall(r"```python\n(.*?)```", (REPOSITORY / "docs" / "loop.md").read_text(), re.DOTALL)
    # A test has no time for a hundred steps of eight images.
    quick = '"steps": 2, "phases.0.images": 1, "phases.0.masks": 1, "replay": 0.0'
    assert example.count('"steps": 100') == 1
    exec(example.replace('"steps": 100', quick).replace("overrides=", "replay_scenes=False, overrides="), {})  # noqa: S102
    said = capsys.readouterr().out
    assert "finished None {'passed':" in said
    assert (tmp_path / "street-1" / "train" / "annotations").is_dir()
    with unit_of_work(read_only=True) as uow:
        assert "street v1" in {model.name for model in uow.session.query(Model)}
