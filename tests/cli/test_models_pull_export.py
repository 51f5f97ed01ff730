"""Published checkpoints in, folders out; a small model stands for the published ones, whose file nobody has here."""

import hashlib
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from sqlalchemy import Engine

from engine.flow.published import PUBLISHED, PublishedCheckpoint
from engine.masks import rle
from engine.sam import ARCHITECTURES, Sam, load_checkpoint
from engine.settings import get_settings
from maskloop.cli import run
from tests.cli.conftest import Maskloop, sentence_of
from tests.fixtures.checkpoint_server import CheckpointServer, serve
from tests.fixtures.deployment import register
from tests.fixtures.pictures import picture


@dataclass(frozen=True)
class Answer:
    status: int
    out: str
    err: str


@pytest.fixture
def published_server(
    sqlite_database: Engine, tiny_sam: Sam, monkeypatch: pytest.MonkeyPatch
) -> Iterator[CheckpointServer]:
    """Serves `tiny_sam` as the published ViT-B, under a name that carries its hash."""
    file = io.BytesIO()
    torch.save(tiny_sam.state_dict(), file)
    prefix = hashlib.sha256(file.getvalue()).hexdigest()[:6]
    monkeypatch.setitem(ARCHITECTURES, "vit_b", lambda: tiny_sam.config)
    monkeypatch.setitem(PUBLISHED, "vit_b", PublishedCheckpoint("vit_b", f"sam_vit_b_{prefix}.pth"))
    monkeypatch.setattr("engine.flow.download.PAUSES", ())
    with serve(file.getvalue()) as server:
        monkeypatch.setenv("MASKLOOP_PUBLISHED_MODELS_URL", server.address)
        get_settings.cache_clear()
        yield server


def maskloop_models(capsys: pytest.CaptureFixture[str], *arguments: object) -> Answer:
    status = run(["models", *map(str, arguments)])
    out, err = capsys.readouterr()
    return Answer(status, out, err)


def test_a_published_checkpoint_is_fetched_checked_registered_and_exported(
    published_server: CheckpointServer, tiny_sam: Sam, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file_name = PUBLISHED["vit_b"].file_name
    downloads = get_settings().data / "downloads"

    # The connection breaks for good: what came stays, nothing is registered.
    published_server.breaks = [10_000]
    broken = maskloop_models(capsys, "pull", "vit_b")
    assert broken.status == 2
    said, complaint = broken.err.splitlines()
    assert said.startswith(f"Fetching {published_server.address}/{file_name}: ")
    assert "goes on from there" in complaint
    assert f"maskloop models add {file_name} --arch vit_b --name 'vit_b'" in complaint
    assert (downloads / f"{file_name}.partial").stat().st_size == 10_000
    assert "vit_b" not in maskloop_models(capsys, "list").out

    # The same command goes on.
    pulled = maskloop_models(capsys, "pull", "vit_b", "--json")
    assert pulled.status == 0
    assert published_server.requests == [None, "bytes=10000-"]
    assert "of which 0.0 MB are here already" in pulled.err
    card = json.loads(pulled.out)
    assert (card["name"], card["state"], card["origin"]["file_name"]) == ("vit_b", "candidate", file_name)
    assert card["origin"]["sha256"][:6] == PUBLISHED["vit_b"].sha256_prefix
    assert card["parameters"] == sum(value.numel() for value in tiny_sam.state_dict().values())
    assert not list(downloads.iterdir())

    # Once more: it is here, and nothing is fetched.
    again = maskloop_models(capsys, "pull", "vit_b")
    assert (again.status, len(published_server.requests)) == (0, 2)
    assert "is registered already" in again.out

    shown = maskloop_models(capsys, "show", "vit_b")
    assert card["weights_sha256"] in shown.out
    assert card["origin"]["sha256"] in shown.out

    out = tmp_path / "exported"
    exported = maskloop_models(capsys, "export", "vit_b", "--out", out, "--json")
    assert exported.status == 0
    names = ["vit_b.safetensors", "vit_b.json", "prepare.onnx", "decode.onnx", "vit_b.md"]
    assert json.loads(exported.out)["files"] == [str(out / name) for name in names]
    assert sorted(path.name for path in out.iterdir()) == sorted(names)
    weights = load_checkpoint(out / "vit_b.safetensors").state_dict()
    for key, value in tiny_sam.state_dict().items():
        assert torch.equal(weights[key], value.half().float())
    onnx.checker.check_model(out / "prepare.onnx", full_check=True)
    onnx.checker.check_model(out / "decode.onnx", full_check=True)
    assert card["weights_sha256"] in (out / "vit_b.md").read_text()
    assert hashlib.sha256((out / "vit_b.safetensors").read_bytes()).hexdigest() == card["weights_sha256"]

    # Nothing is overwritten without being told to.
    (out / "vit_b.md").write_text("mine")
    refused = maskloop_models(capsys, "export", "vit_b", "--out", out)
    assert refused.status == 2
    assert "--force" in refused.err
    assert (out / "vit_b.md").read_text() == "mine"
    assert maskloop_models(capsys, "export", "vit_b", "--out", out, "--force").status == 0
    assert (out / "vit_b.md").read_text() != "mine"


def test_recorded_figures_are_on_the_card_and_in_the_list(
    sqlite_database: Engine, tiny_sam: Sam, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    register(tiny_sam, tmp_path, "mine")
    for part in ("images", "annotations"):
        (tmp_path / "cells" / part).mkdir(parents=True)
    mask = np.zeros((48, 64), np.bool_)
    mask[5:30, 10:40] = True
    (tmp_path / "cells" / "images" / "a_1.png").write_bytes(picture())
    document = {"annotations": [{"segmentation": rle.encode(mask)}]}
    (tmp_path / "cells" / "annotations" / "a_1.json").write_text(json.dumps(document))

    evaluate = ["evaluate", "--images", str(tmp_path / "cells"), "--clicks", "1", "--record", "--json", "--model"]
    assert run([*evaluate, "mine"]) == 0
    miou = json.loads(capsys.readouterr().out)["miou"]["1"]["most_confident"]
    metrics = json.loads(maskloop_models(capsys, "show", "mine", "--json").out)["metrics"]
    assert (metrics["measured_on"], metrics["miou"]["1"]["most_confident"]) == ("cells", miou)
    assert f"{miou:.3f}" in maskloop_models(capsys, "list").out
    assert f"{miou:.3f}" in maskloop_models(capsys, "show", "mine").out

    # Only a registered model has a card to write on; that is said before the work.
    assert run([*evaluate, "vit_t"]) == 2
    assert "vit_t is not registered in this deployment" in capsys.readouterr().err


def test_other_content_under_the_published_name_is_not_registered(
    published_server: CheckpointServer, capsys: pytest.CaptureFixture[str]
) -> None:
    published_server.content = b"<html>Please sign in to this network</html>"
    answer = maskloop_models(capsys, "pull", "vit_b", "--as", "mine")
    assert answer.status == 2
    assert "is not the published file" in answer.err
    assert "models add" not in answer.err
    assert "mine" not in maskloop_models(capsys, "list").out
    assert not list((get_settings().data / "downloads").iterdir())


def test_a_taken_name_is_said_before_anything_is_fetched(
    published_server: CheckpointServer, tiny_sam: Sam, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    register(tiny_sam, tmp_path, "vit_b")
    answer = maskloop_models(capsys, "pull", "vit_b")
    assert answer.status == 2
    assert "There is a model named vit_b already" in answer.err
    assert published_server.requests == []


def test_without_network_pulling_says_how_else(maskloop: Maskloop) -> None:
    with serve(b"") as gone:
        address = gone.address
    sentence = sentence_of(maskloop("models", "pull", "vit_h", MASKLOOP_PUBLISHED_MODELS_URL=address))
    assert "127.0.0.1 cannot be reached" in sentence
    assert "maskloop models add sam_vit_h_4b8939.pth --arch vit_h --name 'vit_h'" in sentence


def test_unknown_names_are_answered_with_those_there_are(maskloop: Maskloop, tmp_path: Path) -> None:
    assert "vit_b, vit_l, vit_h" in sentence_of(maskloop("models", "pull", "vit_x"))
    assert sentence_of(maskloop("models", "show", "mine")) == "There is no model 'mine'; there are vit_t."
    assert "there are vit_t" in sentence_of(maskloop("models", "export", "mine", "--out", "x"))
    assert not (tmp_path / "x").exists()
    assert not (tmp_path / "data").exists()


def test_the_bundled_model_has_a_card_without_any_deployment(maskloop: Maskloop, tmp_path: Path) -> None:
    card = maskloop("models", "show", "vit_t", "--json").json
    assert (card["name"], card["arch"], card["state"], card["id"]) == ("vit_t", "vit_t", "bundled", None)
    assert card["card"].startswith("# Model card")
    assert card["config"]["arch"] == "vit_t"
    assert card["precision"] == "F16"
    assert len(card["weights_sha256"]) == 64
    assert "# Model card" in maskloop("models", "show", "vit_t").out
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("columns", ["60", "80", "200"])
def test_a_list_never_cuts_a_name(maskloop: Maskloop, columns: str) -> None:
    lines = maskloop("models", "list", COLUMNS=columns).out.splitlines()
    assert all(len(line) <= int(columns) for line in lines)
    assert any(line.lstrip().startswith("vit_t ") for line in lines)
    assert not any("…" in line for line in lines)


def test_an_output_that_is_a_file_is_refused(maskloop: Maskloop, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    assert "taken is a file" in sentence_of(maskloop("models", "export", "vit_t", "--out", "taken"))


class RunsCode:
    """Pickled, it would write a file when it is read."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return (Path.touch, (self.file,))


def test_a_pickle_that_would_run_code_is_refused_and_runs_none(
    settings: object, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    torch.save({"weight": RunsCode(tmp_path / "ran")}, tmp_path / "evil.pth")
    answer = maskloop_models(capsys, "add", tmp_path / "evil.pth", "--arch", "vit_t", "--name", "evil")
    assert answer.status == 2
    assert "evil.pth is refused: it would run" in answer.err
    assert "getattr" in answer.err or "Path" in answer.err
    assert len(answer.err.splitlines()) == 1
    assert not (tmp_path / "ran").exists()
    assert "evil" not in maskloop_models(capsys, "list").out
