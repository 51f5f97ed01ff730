import pytest

from maskloop.cli import COMMANDS
from tests.cli.conftest import Maskloop, sentence_of


def test_version_is_printed(maskloop: Maskloop) -> None:
    result = maskloop("--version")
    assert result.status == 0
    assert result.out.startswith("maskloop ")


def test_help_lists_every_command_and_loads_none(maskloop: Maskloop) -> None:
    result = maskloop("--help", PYTHONPROFILEIMPORTTIME="1")
    assert result.status == 0
    assert all(f" {name} " in result.out for name in COMMANDS)
    loaded = {line.rsplit("|", 1)[-1].strip() for line in result.err.splitlines()}
    assert "typer" in loaded
    assert not loaded & {"torch", "numpy", "sqlalchemy", "celery"}


GROUPS = {
    "tag": "list change",
    "batch": "start list show pause resume cancel retry change schedules unschedule",
    "detector": "train evaluate",
    "models": "list show add pull export promote rollback compare delete",
    "snapshot": "create list diff write",
    "retrain": "start list show stop resume schedules unschedule",
    "loop": "report settings",
}
COMMANDS_OF_GROUPS = [f"{group} {name}" for group, names in GROUPS.items() for name in names.split()]


@pytest.mark.parametrize("command", [*[name for name in COMMANDS if name not in GROUPS], *COMMANDS_OF_GROUPS])
def test_every_command_explains_itself_with_an_example(maskloop: Maskloop, command: str) -> None:
    result = maskloop(*command.split(), "--help")
    assert result.status == 0
    assert "Example:" in result.out
    assert f"maskloop {command}" in " ".join(result.out.split())


@pytest.mark.parametrize("command", ["predict", "evaluate", "automask"])
def test_help_of_the_commands_that_run_a_model_does_not_load_torch(maskloop: Maskloop, command: str) -> None:
    result = maskloop(command, "--help", PYTHONPROFILEIMPORTTIME="1")
    assert not any(line.rsplit("|", 1)[-1].strip() == "torch" for line in result.err.splitlines())


def test_maskloop_alone_prints_its_help(maskloop: Maskloop) -> None:
    assert "Usage: maskloop" in maskloop().out


def test_unknown_command_and_option_are_named(maskloop: Maskloop) -> None:
    assert "'pridict'" in sentence_of(maskloop("pridict"))
    assert "--colour" in sentence_of(maskloop("export", "--colour"))


def test_an_impossible_setting_is_named_by_its_variable(maskloop: Maskloop) -> None:
    assert sentence_of(maskloop("export", MASKLOOP_PORT="abc")).startswith("MASKLOOP_PORT cannot be 'abc'")
