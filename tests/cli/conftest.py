"""The command as a shell runs it, in a folder and with a data folder of the test's own."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from engine.flow.dispatch import set_sender
from engine.sam import Sam, save_checkpoint
from tests.fixtures.pictures import picture


@dataclass(frozen=True)
class Finished:
    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Maskloop = Callable[..., Finished]


@pytest.fixture(autouse=True)
def no_sender_left() -> Iterator[None]:
    """Commands run in this process register a sender to their own broker; the next test starts without one."""
    yield
    set_sender(None)


@pytest.fixture
def maskloop(tmp_path: Path) -> Maskloop:
    """Runs `maskloop …` in `tmp_path`, whose `data` is the data folder."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MASKLOOP_")}
    environment = kept | {"MASKLOOP_DATA": str(tmp_path / "data"), "OMP_NUM_THREADS": "1", "COLUMNS": "100"}

    def run(*arguments: object, **variables: str) -> Finished:
        done = subprocess.run(
            [sys.executable, "-m", "maskloop", *map(str, arguments)],
            cwd=tmp_path,
            env=environment | variables,
            capture_output=True,
            text=True,
            check=False,
        )
        assert "Traceback" not in done.stderr
        return Finished(done.returncode, done.stdout, done.stderr)

    return run


def sentence_of(finished: Finished) -> str:
    """The one sentence a misuse is answered with; nothing else may have been printed."""
    assert finished.status == 2
    assert finished.out == ""
    lines = finished.err.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("maskloop: ")
    return lines[0].removeprefix("maskloop: ")


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """An image of 64×48 pixels."""
    path = tmp_path / "photo.png"
    path.write_bytes(picture())
    return path


@pytest.fixture(scope="session")
def weights(tiny_sam: Sam, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model file with its configuration beside it; small, so that commands are quick."""
    path = tmp_path_factory.mktemp("weights") / "tiny.safetensors"
    save_checkpoint(tiny_sam, path)
    return path
