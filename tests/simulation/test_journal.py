from pathlib import Path

import pytest

from engine.errors import Conflict, InvalidInput
from engine.simulation.journal import Journal


def test_a_step_is_done_once_even_by_another_process(tmp_path: Path) -> None:
    done: list[int] = []

    def work() -> int:
        done.append(1)
        return len(done)

    path = tmp_path / "out" / "journal.jsonl"
    assert Journal(path).step("a", work) == 1
    assert Journal(path).step("a", work) == 1
    assert done == [1]


def test_a_step_that_failed_is_done_again(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    with pytest.raises(ZeroDivisionError):
        journal.step("a", lambda: 1 // 0)
    assert journal.step("a", lambda: 2) == 2


def test_a_line_that_was_cut_off_is_forgotten_and_the_next_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    Journal(path).step("a", lambda: 1)
    with path.open("a") as file:
        file.write('{"step": "b", "res')
    journal = Journal(path)
    assert journal.step("b", lambda: 2) == 2
    again = Journal(path)
    assert (again.step("a", lambda: 0), again.step("b", lambda: 0)) == (1, 2)


def test_another_plan_is_refused_and_the_same_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    Journal(path).require_same("plan", {"clicks": (1, 3)})
    Journal(path).require_same("plan", {"clicks": (1, 3)})
    with pytest.raises(Conflict, match="another plan"):
        Journal(path).require_same("plan", {"clicks": (1, 5)})


def test_a_file_that_is_no_journal_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_text("hello\n")
    with pytest.raises(InvalidInput, match="Line 1"):
        Journal(path)
