"""Fixtures every room's tests share: where test images lie, a deployment of one's own, a small real model."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.sam import Sam, build_sam
from engine.settings import Settings, get_settings

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared_folder() -> Path:
    """The folder `shared/` beside the checkout: photographs with masks and parity vectors, not part of the project."""
    folder = REPOSITORY.parent / "shared"
    if not folder.is_dir():
        pytest.skip("needs the folder `shared/` beside the checkout (photographs with masks, parity vectors)")
    return folder


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """Settings of a deployment that is this test's alone: everything lies below `tmp_path / "data"`."""
    for name in [name for name in os.environ if name.startswith("MASKLOOP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("MASKLOOP_DATA", str(tmp_path / "data"))
    get_settings.cache_clear()
    yield get_settings()
    get_settings.cache_clear()


@pytest.fixture(scope="session")
def small_sam() -> Sam:
    """A `vit_t` with seeded random weights, in evaluation mode: real arithmetic, nothing learnt. Do not train it."""
    import torch

    with torch.random.fork_rng():
        torch.manual_seed(0)
        return build_sam("vit_t").eval()
