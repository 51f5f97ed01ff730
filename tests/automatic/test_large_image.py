"""The largest image that is accepted goes through the automatic stage with bounded memory."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.sam import Sam, save_checkpoint
from tests.conftest import REPOSITORY

GB = 2**30


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_two_hundred_megapixels_take_a_few_gigabytes(tiny_sam: Sam, tmp_path: Path) -> None:
    """What one mask needs while it is made and cleaned, not what all of them would."""
    save_checkpoint(tiny_sam, tmp_path / "tiny")
    command = [sys.executable, str(Path(__file__).with_name("large_image.py")), str(tmp_path / "tiny.safetensors")]
    done = subprocess.run(
        [*command, "16000", "12500"],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=True,
    )
    report = json.loads(done.stdout)
    assert report["image_bytes"] == 3 * 16_000 * 12_500
    assert max(report["areas"]) > 100_000_000
    # Labelling the regions of one mask of the whole image takes 4 bytes a pixel, and two threads are at work.
    assert report["most"] - report["with_image"] < 3 * GB
