import json

import numpy as np
import pytest

from engine.evaluation.compare import Comparison, Verdict, compare
from engine.evaluation.measurements import Measurements
from engine.evaluation.measures import Kind, Measure
from engine.evaluation.report import summarize
from tests.evaluation.tables import image, table

HARD = np.linspace(0.1, 0.8, 12)
"""Images differ far more in how hard they are than two models differ on one."""


def measured(gain: np.ndarray | float, source: str = "a") -> Measurements:
    return table(*(image(f"{source}_{i:02}", [[iou]]) for i, iou in enumerate(HARD + gain)))


def compared(first: Measurements, second: Measurements) -> Comparison:
    a, b = (summarize(each, (1,), noc=True, seconds=1) for each in (first, second))
    return compare(a, b)


def test_a_small_gain_on_every_image_is_shown_although_intervals_overlap() -> None:
    first, second = measured(0.0), measured(0.02 + 0.01 * np.cos(np.arange(12)))
    found = compared(first, second)
    difference = found.overall[Measure(Kind.MOST_CONFIDENT, 1)]
    assert found.verdict is Verdict.BETTER
    assert difference.figure.value == pytest.approx(0.02, abs=0.003)
    assert difference.figure.interval is not None
    assert 0 < difference.figure.interval.low < 0.02 < difference.figure.interval.high < 0.03
    assert compared(second, first).verdict is Verdict.WORSE


def test_gains_and_losses_that_balance_show_no_difference() -> None:
    found = compared(measured(0.0), measured(0.1 * (-1.0) ** np.arange(12)))
    assert found.verdict is Verdict.NOT_SHOWN
    assert found.sentence("A", "B").startswith("No difference shown between A and B")


def test_a_model_is_not_different_from_itself() -> None:
    found = compared(measured(0.0), measured(0.0))
    assert {difference.verdict for difference in found.overall.values()} == {Verdict.NOT_SHOWN}
    assert found.overall[Measure(Kind.ORACLE, 1)].figure == (0.0, (0.0, 0.0))


def test_fewer_clicks_and_smaller_errors_are_better() -> None:
    first = table(*(image(f"a_{i}", [[0.5, 0.6, 0.95]], [[0.9, 0.9, 0.9]]) for i in range(5)))
    second = table(*(image(f"a_{i}", [[0.5, 0.95, 0.95]], [[0.6, 0.9, 0.9]]) for i in range(5)))
    found = compared(first, second).overall
    assert found[Measure(Kind.CLICKS, 90)].figure.value == -1
    assert found[Measure(Kind.CLICKS, 90)].verdict is Verdict.BETTER
    assert found[Measure(Kind.IOU_ERROR, 1)].verdict is Verdict.BETTER
    assert found[Measure(Kind.MOST_CONFIDENT, 1)].verdict is Verdict.NOT_SHOWN


def test_one_image_shows_nothing() -> None:
    found = compared(table(image("a_1", [[0.2]])), table(image("a_1", [[0.9]])))
    assert found.verdict is Verdict.NOT_SHOWN
    assert "too few images" in found.sentence("A", "B")


def test_the_sentence_and_the_json_carry_difference_and_interval() -> None:
    found = compared(measured(0.0), measured(0.05))
    assert found.sentence("A", "B") == ("B is better than A (mIoU, 1 click: +0.050, 95 % interval +0.050 to +0.050).")
    document = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert document["verdict"] == "better"
    assert document["miou"]["1"]["most_confident"]["difference"] == pytest.approx(0.05)
    assert document["sources"]["a"]["miou"]["1"]["oracle"]["verdict"] == "better"
    assert set(document["noc"]["90"]) == {"clicks", "unreached"}


def test_evaluations_of_other_masks_cannot_be_compared() -> None:
    with pytest.raises(ValueError, match="same masks"):
        compared(measured(0.0), measured(0.0, source="b"))
