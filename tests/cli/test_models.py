from pathlib import Path

import torch

from engine.sam import Sam, save_checkpoint
from tests.cli.conftest import Maskloop, sentence_of


def test_a_model_is_added_listed_and_used_by_its_name(
    maskloop: Maskloop, small_sam: Sam, tmp_path: Path, photo: Path
) -> None:
    save_checkpoint(small_sam, tmp_path / "mine")
    assert [model["state"] for model in maskloop("models", "list", "--json").json] == ["bundled"]
    assert not (tmp_path / "data").exists()

    added = maskloop("models", "add", "mine.safetensors", "--arch", "vit_t", "--name", "mine", "--json")
    assert added.status == 0
    assert (added.json["name"], added.json["arch"], added.json["state"]) == ("mine", "vit_t", "candidate")
    listed = maskloop("models", "list", "--json").json
    assert listed[0] == added.json
    assert "mine" in maskloop("models", "list").out
    again = maskloop("models", "add", "mine.safetensors", "--arch", "vit_t", "--name", "mine")
    assert "There is a model named mine already" in sentence_of(again)

    by_name = maskloop("predict", photo, "--point", "30,20,1", "--model", "mine", "--json")
    assert by_name.json["model"] == "mine"
    by_path = maskloop("predict", photo, "--point", "30,20,1", "--model", "mine.safetensors", "--json")
    assert by_name.json["masks"] == by_path.json["masks"]
    unknown = maskloop("predict", photo, "--point", "30,20,1", "--model", "yours")
    assert "mine" in sentence_of(unknown)


def test_what_is_no_model_of_that_architecture_is_refused(maskloop: Maskloop, tiny_sam: Sam, tmp_path: Path) -> None:
    torch.save(tiny_sam.state_dict(), tmp_path / "tiny.pth")
    wrong = sentence_of(maskloop("models", "add", "tiny.pth", "--arch", "vit_b", "--name", "b"))
    assert "tiny.pth is not a vit_b checkpoint" in wrong
    assert "image_encoder." in wrong
    assert "There is no file" in sentence_of(maskloop("models", "add", "none.pth", "--arch", "vit_b", "--name", "b"))
    assert "vit_x" in sentence_of(maskloop("models", "add", "tiny.pth", "--arch", "vit_x", "--name", "b"))
    assert "--name" in sentence_of(maskloop("models", "add", "tiny.pth", "--arch", "vit_b"))
