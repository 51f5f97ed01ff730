"""The largest image that is accepted goes through the automatic stage with bounded memory."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from engine.sam import Sam, save_checkpoint
from tests.conftest import REPOSITORY

BYTES_PER_PIXEL = 12
"""What one mask of the whole image needs while it is made and encoded, two threads being at work. An array of the
image's size for each of all masks would take more than this."""


def test_what_is_needed_besides_the_image_does_not_grow_with_its_masks(tiny_sam: Sam, tmp_path: Path) -> None:
    report = automatic_stage_on(6000, 4000, tiny_sam, tmp_path)
    assert len(report["areas"]) >= 8
    assert max(report["areas"]) > 12_000_000
    assert report["most"] - report["with_image"] < BYTES_PER_PIXEL * 6000 * 4000


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_two_hundred_megapixels_take_a_few_gigabytes(tiny_sam: Sam, tmp_path: Path) -> None:
    """What one mask needs while it is made, not what all of them would."""
    report = automatic_stage_on(16_000, 12_500, tiny_sam, tmp_path)
    assert report["image_bytes"] == 3 * 16_000 * 12_500
    assert max(report["areas"]) > 100_000_000
    assert report["most"] - report["with_image"] < 3 * 2**30


def automatic_stage_on(width: int, height: int, sam: Sam, folder: Path) -> dict[str, Any]:
    """What `large_image.py` says of a generated image of that size."""
    save_checkpoint(sam, folder / "tiny")
    script = Path(__file__).with_name("large_image.py")
    done = subprocess.run(
        [sys.executable, str(script), str(folder / "tiny.safetensors"), str(width), str(height)],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)
