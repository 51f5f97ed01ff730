import json
from pathlib import Path

import pytest
import torch
from sqlalchemy import Engine

from engine.sam import Sam, save_checkpoint
from maskloop.cli import run
from tests.cli.conftest import Maskloop, sentence_of
from tests.fixtures.deployment import register


# Exporting the decoder's graphs takes half a minute of processor time, more on a busy machine.
@pytest.mark.timeout(900)
def test_an_added_model_is_a_candidate_and_its_name_is_taken(
    sqlite_database: Engine, small_sam: Sam, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_checkpoint(small_sam, tmp_path / "mine")
    command = ["models", "add", str(tmp_path / "mine.safetensors"), "--arch", "vit_t", "--name", "mine"]
    assert run([*command, "--json"]) == 0
    added = json.loads(capsys.readouterr().out)
    assert (added["name"], added["arch"], added["state"]) == ("mine", "vit_t", "candidate")
    assert run(["models", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0] == added
    assert run(command) == 2
    assert "There is a model named mine already" in capsys.readouterr().err


def test_a_registered_model_is_listed_and_used_by_its_name(
    sqlite_database: Engine, tiny_sam: Sam, tmp_path: Path, photo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    register(tiny_sam, tmp_path, "mine")
    assert run(["models", "list"]) == 0
    assert "mine" in capsys.readouterr().out
    prompt = ["predict", str(photo), "--point", "30,20,1", "--json", "--model"]
    assert run([*prompt, "mine"]) == 0
    by_name = json.loads(capsys.readouterr().out)
    assert by_name["model"] == "mine"
    assert run([*prompt, str(tmp_path / "mine.safetensors")]) == 0
    assert json.loads(capsys.readouterr().out)["masks"] == by_name["masks"]
    assert run([*prompt, "yours"]) == 2
    assert "mine" in capsys.readouterr().err


def test_before_the_first_start_the_bundled_models_are_listed(maskloop: Maskloop, tmp_path: Path) -> None:
    models = maskloop("models", "list", "--json").json
    assert [(model["name"], model["state"]) for model in models] == [("vit_t", "bundled")]
    assert not (tmp_path / "data").exists()


def test_what_is_no_model_of_that_architecture_is_refused(
    settings: object, tiny_sam: Sam, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    weights = tmp_path / "tiny.pth"
    torch.save(tiny_sam.state_dict(), weights)

    def complaint(*arguments: object) -> str:
        assert run(["models", "add", *map(str, arguments)]) == 2
        return capsys.readouterr().err

    wrong = complaint(weights, "--arch", "vit_b", "--name", "b")
    assert "tiny.pth is not a vit_b checkpoint" in wrong
    assert "image_encoder." in wrong
    assert "There is no file" in complaint("none.pth", "--arch", "vit_b", "--name", "b")
    assert "vit_x" in complaint(weights, "--arch", "vit_x", "--name", "b")
    assert "--name" in complaint(weights, "--arch", "vit_b")


def test_a_command_without_its_subcommand_prints_its_help(maskloop: Maskloop) -> None:
    result = maskloop("models")
    assert "models" in result.out
    assert sentence_of(maskloop("models", "remove")).startswith("No such command 'remove'")
