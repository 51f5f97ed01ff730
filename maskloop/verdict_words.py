"""What the gate said of a candidate, for people, and the commands that go on from there."""

import shlex
from collections.abc import Mapping
from typing import Any

from engine.store.tables import ModelState


def verdict_lines(verdict: Mapping[str, Any]) -> list[str]:
    """A sentence, and its reasons indented below. `verdict` is a run's, as `engine.flow.promotion` stores it."""
    reasons = [*verdict["reasons"], verdict.get("not_promoted_because")]
    said = "The gate lets it pass." if verdict["passed"] else "The gate refuses it."
    return [said, *(f"  {reason}" for reason in reasons if reason)]


def verdict_word(verdict: Mapping[str, Any] | None) -> str:
    """One word for a table; a dash while the candidate is not judged."""
    if verdict is None:
        return "–"
    return "passed" if verdict["passed"] else "refused"


def next_commands(name: str, state: ModelState, verdict: Mapping[str, Any]) -> list[str]:
    """What one may want to type about a judged candidate of that name and state."""
    quoted = shlex.quote(name)
    commands = [f"Look closer: maskloop models compare {quoted}"]
    if state is ModelState.LIVE:
        commands.append("It is live. Take that back: maskloop models rollback")
    elif verdict["passed"]:
        commands.append(f"Make it live: maskloop models promote {quoted}")
    return commands
