from pathlib import Path

import pytest

from engine.inference.decoder import Decoder


@pytest.fixture(scope="session")
def decoder(tiny_graphs: tuple[Path, Path]) -> Decoder:
    """`tiny_sam`'s decoder as the server runs it."""
    return Decoder(*tiny_graphs, threads=1)
