"""Two runs never write to one folder."""

from pathlib import Path

import pytest

from engine.errors import Conflict
from engine.training.distributed import Process
from engine.training.run_folder import alone_in


def test_a_folder_takes_one_run_at_a_time_and_the_next_one_after_it(tmp_path: Path) -> None:
    out = tmp_path / "run"
    with alone_in(out, Process()), pytest.raises(Conflict, match="Another run is writing"), alone_in(out, Process()):
        pass
    with alone_in(out, Process()):
        pass


def test_processes_of_one_run_share_its_folder(tmp_path: Path) -> None:
    with alone_in(tmp_path, Process(rank=0, world=2)), alone_in(tmp_path, Process(rank=1, world=2)):
        pass
