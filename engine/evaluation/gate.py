"""Should a candidate take the place of its base? Rules about paired differences, and a verdict with its reasons.

Pure: an evaluation goes in as JSON, as it is stored, so that it can be judged again under other rules at any time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from engine.evaluation.bootstrap import Interval

SETS = {"validation": "the held-out images", "benchmark": "the benchmark"}
"""The sets that a candidate is measured on, and what they are called in a sentence."""

DETECTOR_FIGURES = {"ap": "AP", "ar10": "AR@10", "ar100": "AR@100"}
"""What detectors are judged by: means over the IoUs 0.50 to 0.95, as COCO has them."""

_POINTS = 100.0
_MOST_DIGITS = 4


@dataclass(frozen=True)
class GateRules:
    """What a candidate must show. Points are hundredths: from an mIoU of 0.60 to 0.63 it is 3 points.

    The figures are the mIoU of the most confident mask after each of `clicks`; for a detector AP, AR@10 and AR@100.
    """

    clicks: tuple[int, ...] = (1, 3, 5)
    better_at: int = 1
    """At least so many figures must be better."""
    better_on: Literal["either", "validation", "benchmark", "both"] = "either"
    """The set on which they must be: one of the two is enough, one in particular, or each of them."""
    largest_loss: float = 0.5
    """Points that a figure may lose at most, on both sets."""
    certain: bool = True
    """Better means that the 95 % interval of the paired difference lies above zero; else the difference itself."""


@dataclass(frozen=True)
class Change:
    """The candidate's figure less the base's, more being better; `interval` None where there were too few images."""

    on: str
    figure: str
    difference: float
    interval: Interval | None

    def is_better(self, certain: bool) -> bool:
        """Whether the figure improved: shown by its interval, or as measured."""
        if not certain:
            return self.difference > 0
        return self.interval is not None and self.interval.low > 0

    def in_words(self, digits: int = 1) -> str:
        found = f"{self.figure} on {SETS[self.on]}: {self.difference * _POINTS:+.{digits}f} points"
        if self.interval is None:
            return found
        low, high = (bound * _POINTS for bound in self.interval)
        return f"{found} (95 % interval {low:+.1f} to {high:+.1f})"


@dataclass(frozen=True)
class Verdict:
    """Whether the candidate may take its base's place, why in sentences, and the rules that were asked."""

    passed: bool
    reasons: tuple[str, ...]
    rules: GateRules

    def to_json(self) -> dict[str, Any]:
        rules = asdict(self.rules) | {"clicks": list(self.rules.clicks)}
        return {"passed": self.passed, "reasons": list(self.reasons), "rules": rules}


def judge(evaluation: Mapping[str, Any], rules: GateRules) -> Verdict:
    """The verdict on a stored evaluation (`engine.flow.candidate.evaluate_candidate` documents its JSON).

    A candidate passes if enough figures are better and none lost more than is allowed. A set without anything to
    measure speaks against it; a first detector, which has no predecessor, passes if it finds anything.
    """
    kind, sets = evaluation["kind"], evaluation["sets"]
    absent = [f"There is nothing to measure on {SETS[name]}." for name in SETS if sets.get(name) is None]
    if absent:
        return Verdict(False, tuple(absent), rules)
    if evaluation.get("base") is None:
        return _first_detector(sets, rules)
    changes = [change for name in SETS for change in _changes(kind, name, sets[name]["difference"], rules)]
    against = [_loss(change, rules) for change in changes if change.difference * _POINTS < -rules.largest_loss]
    for names in _wanted(rules):
        against += _not_better([change for change in changes if change.on in names], rules)
    if against:
        return Verdict(False, tuple(against), rules)
    better = [f"Better: {change.in_words()}." for change in changes if change.is_better(rules.certain)]
    worst = min(changes, key=lambda change: change.difference)
    rest = "No figure is lower than the base's."
    if worst.difference < 0:
        rest = f"The largest loss is within the {rules.largest_loss:g} points allowed: {worst.in_words()}."
    return Verdict(True, (*better, rest), rules)


def _wanted(rules: GateRules) -> list[tuple[str, ...]]:
    """The groups of sets in each of which enough figures must be better."""
    if rules.better_on == "either":
        return [tuple(SETS)]
    return [(name,) for name in SETS] if rules.better_on == "both" else [(rules.better_on,)]


def _changes(kind: str, name: str, difference: Mapping[str, Any], rules: GateRules) -> list[Change]:
    if kind == "detector":
        return [_change(name, title, difference[figure]) for figure, title in DETECTOR_FIGURES.items()]
    return [
        _change(name, f"mIoU after {_clicks(count)}", difference["miou"][str(count)]["most_confident"])
        for count in rules.clicks
    ]


def _change(name: str, figure: str, found: Mapping[str, Any]) -> Change:
    interval = found["interval"]
    return Change(name, figure, found["difference"], None if interval is None else Interval(*interval))


def _loss(change: Change, rules: GateRules) -> str:
    # As exact as it takes to see that it is too much: 0.52 points are not "0.5 points, where 0.5 may be lost".
    lost = -change.difference * _POINTS
    enough = (digits for digits in range(1, _MOST_DIGITS) if round(lost, digits) > rules.largest_loss)
    digits = next(enough, _MOST_DIGITS)
    return f"Worse: {change.in_words(digits)}, where {rules.largest_loss:g} points may be lost at most."


def _not_better(changes: Sequence[Change], rules: GateRules) -> list[str]:
    """Why these figures are not better enough; empty if they are."""
    better = sum(change.is_better(rules.certain) for change in changes)
    if better >= rules.better_at:
        return []
    best = max(changes, key=lambda change: change.difference)
    where = " or ".join(dict.fromkeys(SETS[change.on] for change in changes))
    wanted = f"{rules.better_at} of {len(changes)} figures must be better on {where}, {better or 'none'} is"
    if rules.certain and all(change.interval is None for change in changes):
        return [f"Not shown to be better: {wanted}, and there are too few images for an interval."]
    return [f"Not better: {wanted}. The best is {best.in_words()}."]


def _first_detector(sets: Mapping[str, Any], rules: GateRules) -> Verdict:
    found = {name: float(sets[name]["candidate"]["ap"]) for name in SETS}
    figures = ", ".join(f"{SETS[name]} {ap:.3f}" for name, ap in found.items())
    if any(ap > 0 for ap in found.values()):
        return Verdict(True, (f"The first detector of its model, so nothing is replaced. AP: {figures}.",), rules)
    return Verdict(False, ("The detector finds nothing: its AP is 0 on both sets.",), rules)


def _clicks(count: int) -> str:
    return f"{count} click{'' if count == 1 else 's'}"
