import numpy as np

from engine.automatic.nms import GreedySuppression, non_maximum_suppression

BOXES = np.array([[0, 0, 10, 10], [1, 0, 11, 10], [30, 30, 40, 40], [0, 0, 10, 6]])


def test_the_better_of_two_overlapping_boxes_stays_and_comes_first() -> None:
    kept = non_maximum_suppression(BOXES, np.array([0.5, 0.9, 0.95, 0.1]), 0.7)
    assert kept.tolist() == [2, 1, 3]


def test_a_box_at_exactly_the_threshold_stays() -> None:
    kept = non_maximum_suppression(BOXES[[0, 3]], np.array([0.9, 0.8]), 0.6)
    assert kept.tolist() == [0, 1]


def test_a_suppressed_box_suppresses_nothing() -> None:
    chain = np.array([[0, 0, 10, 10], [2, 0, 12, 10], [4, 0, 14, 10]])
    kept = non_maximum_suppression(chain, np.array([0.9, 0.8, 0.7]), 0.5)
    assert kept.tolist() == [0, 2]


def test_equal_scores_count_in_the_given_order() -> None:
    kept = non_maximum_suppression(BOXES[[1, 0]], np.array([0.5, 0.5]), 0.7)
    assert kept.tolist() == [0]


def test_no_boxes_are_no_problem() -> None:
    assert non_maximum_suppression(np.empty((0, 4)), np.empty(0), 0.7).tolist() == []


def test_boxes_of_a_single_pixel_survive() -> None:
    kept = non_maximum_suppression(np.array([[3, 3, 3, 3], [9, 9, 9, 9]]), np.array([0.5, 0.6]), 0.7)
    assert kept.tolist() == [1, 0]


def test_boxes_one_by_one_give_the_same_as_all_at_once() -> None:
    rng = np.random.default_rng(0)
    corners = rng.integers(0, 40, (200, 2))
    boxes = np.hstack([corners, corners + rng.integers(1, 30, (200, 2))]).astype(float)
    suppression = GreedySuppression(0.5)
    kept: list[int] = []
    for index, box in enumerate(boxes):
        # What is sure of a roughly known box must be true of the box.
        margin = np.array([1, 1, -1, -1])
        if suppression.surely_suppresses(box + margin, box - margin):
            assert suppression.suppresses(box)
        if not suppression.suppresses(box):
            suppression.keep(box)
            kept.append(index)
    assert kept == non_maximum_suppression(boxes, np.arange(200.0, 0, -1), 0.5).tolist()
