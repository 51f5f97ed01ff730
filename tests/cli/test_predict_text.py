"""`maskloop predict --text`: words become masks, by models that were trained for it."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.masks import rle
from engine.sam import Sam, build_sam, save_checkpoint
from maskloop.cli import run
from tests.text.tiny_clip import write_tiny_clip

pytest.importorskip("transformers", reason="needs the extra `text`")


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_clip(tmp_path_factory.mktemp("clip"))


@pytest.fixture(scope="module")
def text_weights(tiny_sam: Sam, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`tiny_sam` with a projection for the texts of the tiny CLIP."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        sam = build_sam(replace(tiny_sam.config, text_dim=16))
    sam.load_state_dict(tiny_sam.state_dict(), strict=False)
    path = tmp_path_factory.mktemp("weights") / "text.safetensors"
    save_checkpoint(sam, path)
    return path


Ask = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def ask(photo: Path, text_weights: Path, clip: Path, capsys: pytest.CaptureFixture[str]) -> Ask:
    """The masks that the command prints for a prompt."""

    def run_command(*prompt: str) -> list[dict[str, Any]]:
        command = ["predict", str(photo), *prompt, "--clip", str(clip), "--model", str(text_weights), "--json"]
        assert run(command) == 0
        return json.loads(capsys.readouterr().out)["masks"]

    return run_command


def test_words_alone_give_three_masks_best_first(ask: Ask) -> None:
    masks = ask("--text", "a wheel")
    scores = [mask["predicted_iou"] for mask in masks]
    assert len(scores) == 3
    assert scores == sorted(scores, reverse=True)
    for mask in masks:
        rle.validate(mask["segmentation"], 48, 64)
    assert ask("--text", "zebra") != masks


def test_words_with_a_point_give_the_single_mask(ask: Ask) -> None:
    assert len(ask("--text", "a wheel", "--point", "30,20,1")) == 1


def test_what_is_missing_is_said(
    photo: Path, weights: Path, text_weights: Path, clip: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for options, reason in (
        (["--model", str(text_weights)], "go together"),
        (["--clip", str(clip), "--model", str(weights)], "takes no text"),
        (["--clip", str(photo.parent), "--model", str(text_weights)], "holds no CLIP model"),
    ):
        assert run(["predict", str(photo), "--text", "a wheel", *options]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert reason in err
        assert len(err.splitlines()) == 1
