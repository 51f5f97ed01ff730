"""An evaluation that was broken off goes on where it stopped, and comes to the same figures."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.evaluation.evaluate import evaluate_images
from engine.evaluation.kept import KeptMeasurements
from engine.evaluation.protocol import Protocol
from engine.evaluation.read_folder import read_folder
from engine.evaluation.report import Evaluation
from engine.masks import rle
from engine.sam import Sam
from tests.evaluation.drawn import write_image


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for index in range(4):
        write_image(tmp_path / "set", f"cells_{index}", masks=3, seed=index, tags=["night"])
    return tmp_path / "set"


def measure(sam: Sam, folder: Path, **options: Any) -> Evaluation:
    found = evaluate_images(sam, read_folder(folder), progress=False, **options)
    assert found is not None
    return found


class Broken(Exception):
    pass


def test_an_evaluation_goes_on_where_it_was_broken_off(tiny_sam: Sam, folder: Path, tmp_path: Path) -> None:
    kept = KeptMeasurements(tmp_path / "kept", "a" * 64)
    seen = iter(range(4))

    def break_off() -> None:
        if next(seen) == 1:
            raise Broken

    with pytest.raises(Broken):
        measure(tiny_sam, folder, noc=True, kept=kept, on_image=break_off)
    begun = {path: path.stat().st_mtime_ns for path in (tmp_path / "kept").rglob("*.json")}
    assert len(begun) == 2
    resumed = measure(tiny_sam, folder, noc=True, kept=kept)
    assert {path: path.stat().st_mtime_ns for path in begun} == begun
    whole = measure(tiny_sam, folder, noc=True)
    again = measure(tiny_sam, folder, noc=True, kept=kept)
    for result in (resumed, again):
        assert result.to_json() | {"seconds": 0} == whole.to_json() | {"seconds": 0}
        np.testing.assert_array_equal(result.measurements.iou, whole.measurements.iou)


def test_other_weights_masks_and_protocols_are_not_mistaken(tiny_sam: Sam, folder: Path, tmp_path: Path) -> None:
    kept, protocol = KeptMeasurements(tmp_path / "kept", "a" * 64), Protocol(1)
    measure(tiny_sam, folder, clicks=[1], kept=kept)
    image = read_folder(folder)[0]
    assert kept.get(image, protocol) is not None
    assert KeptMeasurements(tmp_path / "kept", "b" * 64).get(image, protocol) is None
    assert kept.get(image, Protocol(3)) is None
    write_image(folder, "cells_0", masks=2, seed=0)
    assert kept.get(image, protocol) is None


def test_traced_masks_are_those_that_were_measured(tiny_sam: Sam, folder: Path, tmp_path: Path) -> None:
    kept = KeptMeasurements(tmp_path / "kept", "a" * 64)
    measure(tiny_sam, folder, clicks=[1, 3], kept=kept, traced=(1, 3))
    image = read_folder(folder)[0]
    measured = kept.get(image, Protocol(3, traced=(1, 3)))
    assert measured is not None
    truths = image.load().masks
    assert len(measured.traces) == len(truths) == 3
    for row, (trace, truth) in enumerate(zip(measured.traces, truths, strict=True)):
        assert set(trace.counts) == {1, 3}
        assert len(trace.clicks) == 3
        for clicks, counts in trace.counts.items():
            mask = rle.decode({"size": [50, 70], "counts": counts})
            iou = (mask & truth).sum() / (mask | truth).sum()
            assert iou == pytest.approx(measured.iou[row, clicks - 1])
