"""The gate on outcomes made up for it: each is what a comparison of two models could have come to."""

from collections.abc import Sequence
from typing import Any

import pytest

from engine.evaluation.gate import GateRules, judge

Outcome = tuple[float, tuple[float, float] | None]
SAME: Outcome = (0.0, (-0.002, 0.002))
BETTER: Outcome = (0.03, (0.01, 0.05))


def found(outcome: Outcome) -> dict[str, Any]:
    return {"difference": outcome[0], "interval": None if outcome[1] is None else list(outcome[1])}


def evaluation(validation: Sequence[Outcome] | None, benchmark: Sequence[Outcome] | None) -> dict[str, Any]:
    """An evaluation whose mIoU after 1, 3 and 5 clicks differ as given."""

    def measured(outcomes: Sequence[Outcome] | None) -> dict[str, Any] | None:
        if outcomes is None:
            return None
        by_clicks = zip(("1", "3", "5"), outcomes, strict=True)
        return {"difference": {"miou": {clicks: {"most_confident": found(each)} for clicks, each in by_clicks}}}

    sets = {"validation": measured(validation), "benchmark": measured(benchmark)}
    return {"kind": "promptable", "base": {"name": "v1"}, "candidate": {"name": "v2"}, "sets": sets}


def detectors(validation: Sequence[Outcome], benchmark: Sequence[Outcome], first: bool = False) -> dict[str, Any]:
    def measured(outcomes: Sequence[Outcome]) -> dict[str, Any]:
        names = ("ap", "ar10", "ar100")
        difference = {name: found(each) for name, each in zip(names, outcomes, strict=True)}
        return {"difference": difference, "candidate": {"ap": outcomes[0][0]}}

    sets = {"validation": measured(validation), "benchmark": measured(benchmark)}
    return {"kind": "detector", "base": None if first else {"name": "boxes 1"}, "sets": sets}


def test_better_at_one_figure_and_no_worse_elsewhere_passes() -> None:
    verdict = judge(evaluation([SAME, BETTER, SAME], [SAME, SAME, SAME]), GateRules())
    assert verdict.passed
    assert verdict.reasons == (
        "Better: mIoU after 3 clicks on the held-out images: +3.0 points (95 % interval +1.0 to +5.0).",
        "No figure is lower than the base's.",
    )


@pytest.mark.parametrize("place", range(6))
def test_losing_too_much_anywhere_is_refused(place: int) -> None:
    outcomes = [BETTER] * 6
    outcomes[place] = (-0.0051, (-0.02, 0.01))
    verdict = judge(evaluation(outcomes[:3], outcomes[3:]), GateRules())
    assert not verdict.passed
    (reason,) = verdict.reasons
    assert reason.startswith("Worse: mIoU after ") and ": -0.51 points" in reason
    assert "where 0.5 points may be lost at most" in reason


def test_a_small_loss_is_allowed_and_said() -> None:
    small = (-0.004, (-0.02, 0.01))
    verdict = judge(evaluation([BETTER] * 3, [SAME, small, SAME]), GateRules())
    assert verdict.passed
    assert "mIoU after 3 clicks on the benchmark: -0.4 points" in verdict.reasons[-1]
    assert not judge(evaluation([BETTER] * 3, [SAME, small, SAME]), GateRules(largest_loss=0.3)).passed


def test_what_chance_may_have_done_is_not_better() -> None:
    by_chance = (0.03, (-0.001, 0.06))
    chances = evaluation([by_chance] * 3, [by_chance] * 3)
    verdict = judge(chances, GateRules())
    assert not verdict.passed
    assert verdict.reasons[0].startswith("Not better: 1 of 6 figures must be better on the held-out images or the")
    assert judge(chances, GateRules(certain=False)).passed


def test_a_model_that_changed_nothing_is_refused() -> None:
    assert not judge(evaluation([SAME] * 3, [SAME] * 3), GateRules(certain=False)).passed


def test_too_few_images_for_an_interval_are_said() -> None:
    few = (0.2, None)
    verdict = judge(evaluation([few] * 3, [few] * 3), GateRules())
    assert not verdict.passed
    assert "too few images for an interval" in verdict.reasons[0]


@pytest.mark.parametrize(
    ("better_on", "passes"), [("either", True), ("validation", True), ("benchmark", False), ("both", False)]
)
def test_where_it_must_be_better_is_a_rule(better_on: Any, passes: bool) -> None:
    outcome = evaluation([BETTER] * 3, [SAME] * 3)
    assert judge(outcome, GateRules(better_on=better_on)).passed is passes


def test_how_many_figures_must_be_better_is_a_rule() -> None:
    outcome = evaluation([BETTER, BETTER, SAME], [SAME] * 3)
    assert judge(outcome, GateRules(better_at=2)).passed
    assert not judge(outcome, GateRules(better_at=3)).passed


def test_only_the_figures_that_are_asked_for_count() -> None:
    worse = (-0.2, (-0.3, -0.1))
    outcome = evaluation([BETTER, SAME, worse], [SAME, SAME, worse])
    assert judge(outcome, GateRules(clicks=(1, 3))).passed
    assert not judge(outcome, GateRules()).passed


def test_a_set_without_masks_refuses() -> None:
    verdict = judge(evaluation(None, [BETTER] * 3), GateRules())
    assert not verdict.passed
    assert verdict.reasons == ("There is nothing to measure on the held-out images.",)


def test_detectors_are_judged_by_average_precision_and_recall() -> None:
    assert judge(detectors([SAME, SAME, BETTER], [SAME] * 3), GateRules()).passed
    verdict = judge(detectors([BETTER, SAME, (-0.02, (-0.03, -0.01))], [SAME] * 3), GateRules())
    assert not verdict.passed
    assert "AR@100 on the held-out images: -2.0 points" in verdict.reasons[0]


def test_a_first_detector_passes_if_it_finds_anything() -> None:
    assert judge(detectors([BETTER] * 3, [SAME] * 3, first=True), GateRules()).passed
    assert not judge(detectors([SAME] * 3, [SAME] * 3, first=True), GateRules()).passed
