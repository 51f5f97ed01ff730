"""What the loop should reach, and whether it did: the paper's 34 to 14 seconds, and no old skill lost."""

from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

from engine.simulation.figures import Outcome

FEWER_CLICKS = 2.4
"""Clicks per mask of the first model over those of the last: 34 s / 14 s (Segment Anything, section 4)."""

BETTER_ONE_CLICK = 0.15
"""Gain of the held-out mIoU after one click."""

BENCHMARK_LOSS = 0.01
"""Most that the mIoU after one click may fall on generated scenes."""


@dataclass(frozen=True)
class Goal:
    """One goal. `reached` is None where it was not measured."""

    what: str
    wanted: str
    got: str
    reached: bool | None


def goals(outcome: Outcome) -> list[Goal]:
    """Every goal, from what the first round's model and the last round's reach on the same masks."""
    first, last = outcome.rounds[0], outcome.rounds[-1]
    ratio = first.held_out.clicks / last.held_out.clicks
    gain = last.held_out.miou["1"] - first.held_out.miou["1"]
    steps = [
        after.held_out.miou["1"] - before.held_out.miou["1"]
        for before, after in pairwise(outcome.rounds)
        if before.model != after.model
    ]
    worst = min(steps, default=None)
    return [
        Goal(
            "held-out clicks per mask",
            f"{FEWER_CLICKS}× fewer",
            f"{first.held_out.clicks:.1f} → {last.held_out.clicks:.1f}: {ratio:.2f}×",
            ratio >= FEWER_CLICKS,
        ),
        Goal(
            "held-out mIoU, 1 click",
            f"+{100 * BETTER_ONE_CLICK:.0f} points",
            f"{first.held_out.miou['1']:.3f} → {last.held_out.miou['1']:.3f}: {100 * gain:+.1f}",
            gain >= BETTER_ONE_CLICK,
        ),
        Goal(
            "every promoted model better than the one before",
            "held-out mIoU, 1 click",
            "no model was promoted" if worst is None else f"{len(steps)} promoted, the least gain {100 * worst:+.1f}",
            worst is not None and worst > 0,
        ),
        _benchmark(outcome),
    ]


def outcome_json(outcome: Outcome) -> dict[str, Any]:
    """Numbers, strings, lists and objects only."""
    return {
        "plan": outcome.plan.to_json(),
        "rounds": [each.to_json() for each in outcome.rounds],
        "goals": [asdict(goal) for goal in goals(outcome)],
    }


def _benchmark(outcome: Outcome) -> Goal:
    what, wanted = "generated scenes, mIoU, 1 click", f"at most {100 * BENCHMARK_LOSS:.0f} point lost"
    first, last = outcome.rounds[0].benchmark, outcome.rounds[-1].benchmark
    if first is None or last is None:
        return Goal(what, wanted, "not measured", None)
    change = last["1"] - first["1"]
    got = f"{first['1']:.3f} → {last['1']:.3f}: {100 * change:+.1f}"
    return Goal(what, wanted, got, change >= -BENCHMARK_LOSS)
