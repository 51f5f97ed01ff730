"""Two detectors compared: the figures are pycocotools' own, and what both share cancels."""

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.detector.compare import FIGURES, compare_boxes, match
from engine.detector.evaluate import evaluate_boxes
from engine.detector.interface import Detections


def boxes_of(count: int, generator: np.random.Generator) -> NDArray[np.float32]:
    corner = generator.uniform(0, 400, (count, 2))
    return np.concatenate([corner, corner + generator.uniform(20, 120, (count, 2))], axis=1).astype(np.float32)


def found(true: NDArray[np.float32], noise: float, generator: np.random.Generator) -> Detections:
    """The true boxes, shaken, some missing, and some that are not there; most confident first."""
    kept = true[generator.random(len(true)) < 0.8]
    boxes = np.concatenate([kept + generator.normal(0, noise, kept.shape), boxes_of(3, generator)]).astype(np.float32)
    scores = np.sort(generator.random(len(boxes)))[::-1].astype(np.float32)
    return Detections(boxes[generator.permutation(len(boxes))], scores)


@pytest.fixture
def true() -> list[NDArray[np.float32]]:
    generator = np.random.default_rng(0)
    return [boxes_of(count, generator) for count in (12, 1, 0, 7, 20, 4)]


def detector(true: list[NDArray[np.float32]], noise: float, seed: int = 1) -> list[Detections]:
    generator = np.random.default_rng(seed)
    return [found(each, noise, generator) for each in true]


def test_figures_are_those_of_pycocotools(true: list[NDArray[np.float32]]) -> None:
    for noise in (1, 5):
        boxes = detector(true, noise)
        theirs = evaluate_boxes(true, boxes)
        ours = match(true, boxes).figures(np.ones(len(true)))
        assert ours == pytest.approx([theirs.ap, theirs.ar10, theirs.ar100])


def test_an_image_that_is_drawn_twice_counts_as_two(true: list[NDArray[np.float32]]) -> None:
    boxes = detector(true, 5)
    twice = match(true, boxes).figures(np.array([2.0, 1, 1, 0, 1, 1]))
    drawn = [0, 0, 1, 2, 4, 5]
    theirs = evaluate_boxes([true[index] for index in drawn], [boxes[index] for index in drawn])
    assert twice == pytest.approx([theirs.ap, theirs.ar10, theirs.ar100], abs=0.01)


def test_a_better_detector_is_shown_and_the_same_one_is_not(true: list[NDArray[np.float32]]) -> None:
    rough, exact = detector(true, 8), detector(true, 1)
    difference = compare_boxes(true, rough, exact, resamples=300)["difference"]
    assert difference["ap"]["interval"][0] > 0
    same = compare_boxes(true, rough, rough, resamples=300)["difference"]
    assert same == {name: {"difference": 0.0, "interval": [0.0, 0.0]} for name in FIGURES}


def test_a_first_detector_and_one_that_finds_nothing(true: list[NDArray[np.float32]]) -> None:
    nothing = [Detections(np.zeros((0, 4), np.float32), np.zeros(0, np.float32)) for _ in true]
    first = compare_boxes(true, None, nothing)
    assert (first["base"], first["difference"]) == (None, None)
    assert first["candidate"] == {"ap": 0.0, "ar10": 0.0, "ar100": 0.0}
    assert (first["images"], first["masks"]) == (6, 44)
