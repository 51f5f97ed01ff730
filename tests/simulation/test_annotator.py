"""The annotator's clicks, against answers whose quality is known."""

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.evaluation.clicks import BACKGROUND, FOREGROUND, Click
from engine.simulation.annotator import Answer, Attempt, click_to
from engine.simulation.figures import measured
from engine.simulation.plan import Plan

TRUTH = np.zeros((40, 60), np.bool_)
TRUTH[10:30, 10:50] = True


class Growing:
    """Answers with ever more of the truth, from the left: `columns` more with every click."""

    def __init__(self, columns: int) -> None:
        self.columns = columns
        self.seen: list[tuple[tuple[Click, ...], NDArray[np.float16] | None]] = []

    def __call__(self, clicks: tuple[Click, ...], logits: NDArray[np.float16] | None) -> Answer:
        self.seen.append((clicks, logits))
        mask = TRUTH.copy()
        mask[:, 10 + self.columns * len(clicks) :] = False
        return Answer(mask, np.full((4, 4), len(clicks), np.float16), 0.5)


def test_clicks_until_the_mask_is_good_enough() -> None:
    model = Growing(columns=12)
    attempt = click_to(model, TRUTH, target=0.9, most=20)
    assert attempt.ious == pytest.approx((0.3, 0.6, 0.9))
    assert attempt.clicks_to(0.9, 20) == (3, True)
    assert attempt.clicks_to(0.5, 20) == (2, True)


def test_every_further_click_lies_in_the_largest_error_and_refines_the_answer_before() -> None:
    model = Growing(columns=12)
    click_to(model, TRUTH, target=0.9, most=20)
    (first, nothing), (second, logits), _ = model.seen
    assert nothing is None and first[0].label == FOREGROUND and TRUTH[first[0].y, first[0].x]
    assert second[:1] == first and second[1].x >= 22
    assert logits is not None and logits[0, 0] == 1


def test_what_is_too_much_is_clicked_away() -> None:
    def everything(clicks: tuple[Click, ...], logits: object) -> Answer:
        return Answer(np.ones_like(TRUTH), np.zeros((4, 4), np.float16), 0.5)

    attempt = click_to(everything, TRUTH, target=0.9, most=3)
    assert [click.label for click in attempt.clicks] == [FOREGROUND, BACKGROUND, BACKGROUND]
    assert attempt.clicks_to(0.9, 3) == (3, False)


def test_a_good_mask_is_clicked_on_as_often_as_is_measured() -> None:
    assert len(click_to(Growing(columns=15), TRUTH, target=0.5, most=20, least=3).ious) == 3


def test_a_perfect_mask_needs_no_further_click_and_keeps_its_iou() -> None:
    attempt = click_to(Growing(columns=40), TRUTH, target=0.9, most=20, least=5)
    assert len(attempt.clicks) == 1
    assert attempt.iou_after(5) == 1


def test_figures_count_every_mask_the_same_and_the_unreached_at_the_cap() -> None:
    answer = Answer(TRUTH, np.zeros((4, 4), np.float16), 0.5)
    click = Click(20, 20, FOREGROUND)
    good = Attempt((click,) * 5, (0.8, 0.95, 0.95, 0.95, 0.95), answer)
    bad = Attempt((click,) * 20, (0.2,) * 20, answer)
    found = measured(2, [good, bad], Plan())
    assert (found.masks, found.clicks, found.unreached) == (2, 11, 0.5)
    assert found.miou == pytest.approx({"1": 0.5, "3": 0.575, "5": 0.575})
