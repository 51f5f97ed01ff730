import json
from xml.etree import ElementTree

import numpy as np
import pytest

from engine.masks import rle
from engine.simulation.figures import found
from engine.simulation.goals import goals, outcome_json
from engine.simulation.plot import COLOURS, panels, plot
from maskloop.simulation_tables import print_outcome
from tests.simulation.outcomes import outcome


def test_goals_are_reached_only_by_what_was_measured() -> None:
    good = outcome(("v1", 0.3, 12.0, 0.5), ("v2", 0.4, 8.0, 0.52), ("v3", 0.46, 5.0, 0.495))
    assert [goal.reached for goal in goals(good)] == [True, True, True, True]
    poor = outcome(("v1", 0.3, 12.0, 0.5), ("v2", 0.42, 6.0, 0.5), ("v3", 0.41, 5.1, 0.48))
    assert [goal.reached for goal in goals(poor)] == [False, False, False, False]


def test_a_loop_that_promoted_nothing_has_not_reached_its_goals() -> None:
    assert [goal.reached for goal in goals(outcome(("v1", 0.3, 12.0, 0.5), ("v1", 0.3, 12.0, 0.5)))] == [
        False,
        False,
        False,
        True,
    ]


def test_the_document_is_plain_json() -> None:
    document = json.loads(json.dumps(outcome_json(outcome(("v1", 0.3, 12.0, 0.5)))))
    assert document["rounds"][0]["held_out"]["miou"]["1"] == 0.3
    assert len(document["goals"]) == 4


def test_recall_counts_true_masks_and_every_mask_once() -> None:
    square, shifted = np.zeros((2, 20, 20), np.bool_)
    square[2:12, 2:12] = True
    shifted[2:12, 4:14] = True
    truth = [rle.encode(square)]
    figures = found([([rle.encode(shifted)] * 2, truth), ([], truth)])
    assert figures.masks_per_image == 1
    # The shifted square overlaps by 8 of 12 columns: an IoU of 2/3.
    assert figures.recall == {"0.5": 0.5, "0.75": 0.0}


def test_the_plot_is_svg_with_a_dot_for_every_value() -> None:
    rounds = outcome(("v1", 0.3, 12.0, 0.5), ("<v2>", 0.4, 8.0, 0.52))
    drawn = ElementTree.fromstring(plot(rounds))
    values = sum(value is not None for panel in panels(rounds) for series in panel.series for value in series.values)
    assert len(list(drawn.iter("{http://www.w3.org/2000/svg}circle"))) == values
    assert all(len(panel.series) <= len(COLOURS) for panel in panels(rounds))


def test_higher_values_are_drawn_higher() -> None:
    drawn = ElementTree.fromstring(plot(outcome(("v1", 0.3, 12.0, 0.5), ("v2", 0.4, 8.0, 0.5))))
    heights = [float(dot.attrib["cy"]) for dot in drawn.iter("{http://www.w3.org/2000/svg}circle")]
    assert heights[0] < heights[1]  # 12 clicks, then 8


def test_the_tables_name_rounds_models_and_goals(capsys: pytest.CaptureFixture[str]) -> None:
    print_outcome(outcome(("first", 0.3, 12.0, 0.5), ("second", 0.4, 8.0, 0.52)))
    said = capsys.readouterr().out
    for part in ("first", "second", "0.300", "0.400", "12.0", "75%", "not reached", "1.50×"):
        assert part in said


@pytest.mark.parametrize(("largest", "ticks"), [(17.2, ["5", "10", "15", "20"]), (0.9, ["0.25", "0.5", "0.75", "1"])])
def test_axes_end_at_round_numbers(largest: float, ticks: list[str]) -> None:
    drawn = ElementTree.fromstring(plot(outcome(("v1", 0.3, largest, 0.5))))
    texts = [text.text for text in drawn.iter("{http://www.w3.org/2000/svg}text")]
    assert texts[3:7] == ticks
