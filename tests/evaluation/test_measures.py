import numpy as np
import pytest

from engine.evaluation.measures import Kind, Measure, clicks_to_reach, measures, values
from tests.evaluation.tables import image, table


def test_clicks_are_counted_to_the_first_time_the_threshold_is_reached() -> None:
    iou = np.array([[0.2, 0.86, 0.5, 0.91], [0.85, 0.1, 0.1, 0.1], [0.1, 0.2, 0.3, 0.84]])
    clicks, reached = clicks_to_reach(iou, 0.85)
    assert clicks.tolist() == [2, 1, 20]
    assert reached.tolist() == [True, True, False]
    assert clicks_to_reach(iou, 0.90)[0].tolist() == [4, 20, 20]


def test_only_twenty_clicks_count() -> None:
    iou = np.zeros((2, 30))
    iou[0, 19] = iou[1, 20] = 0.95
    clicks, reached = clicks_to_reach(iou, 0.9)
    assert (clicks.tolist(), reached.tolist()) == ([20, 20], [True, False])


def test_clicks_that_were_not_made_reach_nothing() -> None:
    clicks, reached = clicks_to_reach(np.array([[0.5, 0.92, np.nan, np.nan]]), 0.9)
    assert (clicks.tolist(), reached.tolist()) == ([2], [True])


def test_every_measure_of_two_masks_by_hand() -> None:
    measured = table(image("a_1", [[0.4, 0.9], [0.8, 0.7]], [[0.5, 0.8], [0.5, 1.0]]))
    wanted = measures((1, 2), noc=True)
    found = dict(zip(wanted, values(measured, wanted).T.tolist(), strict=True))
    assert wanted[0] == Measure(Kind.MOST_CONFIDENT, 1)
    assert found[Measure(Kind.MOST_CONFIDENT, 1)] == [0.4, 0.8]
    assert found[Measure(Kind.MOST_CONFIDENT, 2)] == [0.9, 0.7]
    assert found[Measure(Kind.ORACLE, 1)] == pytest.approx([0.5, 0.9])
    assert found[Measure(Kind.IOU_ERROR, 1)] == pytest.approx([0.1, 0.3])
    assert found[Measure(Kind.IOU_SURPLUS, 1)] == pytest.approx([0.1, -0.3])
    assert found[Measure(Kind.CLICKS, 85)] == [2, 20]
    assert found[Measure(Kind.UNREACHED, 90)] == [0, 1]


def test_the_best_of_three_is_measured_after_one_click_only() -> None:
    kinds = [measure.kind for measure in measures((3, 5), noc=False)]
    assert Kind.ORACLE not in kinds
    assert Kind.CLICKS not in kinds
