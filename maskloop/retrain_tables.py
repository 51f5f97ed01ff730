"""What `maskloop snapshot` and `maskloop retrain` print for people, and as JSON for scripts."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from engine.flow.due_schedules import next_in_words
from engine.flow.retrain_listing import RetrainSummary
from engine.flow.retrain_order import MODEST, as_settings
from engine.flow.retrain_schedules import in_words
from engine.flow.snapshot_diff import SnapshotDiff
from engine.store.tables import ModelState, RetrainPoint, RetrainRun, RetrainSchedule, Snapshot
from maskloop.batch_lookup import short
from maskloop.commands.options import counted
from maskloop.verdict_words import next_commands, verdict_lines, verdict_word


def snapshot_json(snapshot: Snapshot) -> dict[str, Any]:
    return {
        "id": str(snapshot.id),
        "number": snapshot.number,
        "name": snapshot.name,
        "project_ids": snapshot.project_ids,
        "filters": snapshot.filters,
        "counts": snapshot.counts,
        "authors": snapshot.authors,
        "manifest_sha256": snapshot.manifest_sha256,
        "created_at": snapshot.created_at.isoformat(),
    }


def diff_json(found: SnapshotDiff) -> dict[str, Any]:
    return asdict(found)


def retrain_json(summary: RetrainSummary) -> dict[str, Any]:
    run = summary.run
    return {
        "id": str(run.id),
        "number": run.number,
        "kind": run.kind.value,
        "state": run.state.value,
        "snapshot": summary.snapshot.number,
        "base_model": summary.base_model_name,
        "model": summary.model_name,
        "recipe": run.recipe,
        "overrides": run.overrides,
        "step": run.step,
        "steps": run.steps,
        "verdict": run.verdict,
        "error": run.error,
        "machine_seconds": round(run.machine_seconds, 1),
        "created_at": run.created_at.isoformat(),
        "finished_at": None if run.finished_at is None else run.finished_at.isoformat(),
    }


def retrain_schedule_json(schedule: RetrainSchedule) -> dict[str, Any]:
    return {
        "id": str(schedule.id),
        "when": in_words(schedule),
        "order": schedule.order,
        "next_at": None if schedule.next_at is None else schedule.next_at.isoformat(),
        "last_error": schedule.last_error,
    }


def print_snapshots(snapshots: Sequence[Snapshot]) -> None:
    """One line per snapshot, the newest first."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("number", justify="right")
    table.add_column("name", overflow="fold")
    for heading in ("train images", "masks", "held-out images", "masks", "frozen"):
        table.add_column(heading, justify="right", no_wrap=True)
    for each in snapshots:
        train, held_out = each.counts["train"], each.counts["validation"]
        table.add_row(
            str(each.number),
            each.name,
            *(f"{side[what]:,}" for side in (train, held_out) for what in ("images", "masks")),
            f"{each.created_at.astimezone():%d %b %H:%M}",
        )
    Console().print(table)


def holdings(snapshot: Snapshot) -> str:
    """24 masks in 5 images to train on, and 6 masks in 1 image to measure on."""
    sides = (snapshot.counts["train"], snapshot.counts["validation"])
    train, held_out = (f"{counted(side['masks'], 'mask')} in {counted(side['images'], 'image')}" for side in sides)
    return f"{train} to train on, and {held_out} to measure on"


def print_snapshot(snapshot: Snapshot) -> None:
    """Everything about one snapshot."""
    asked = {name: value for name, value in snapshot.filters.items() if value}
    facts = [
        ("snapshot", f"{snapshot.number}: {snapshot.name}"),
        ("holds", holdings(snapshot)),
        ("filters", " ".join(as_settings(asked)) or "none"),
        ("frozen", f"{snapshot.created_at.astimezone():%Y-%m-%d %H:%M %Z}"),
        ("SHA-256", snapshot.manifest_sha256),
    ]
    for label, value in facts:
        print(f"{label:<14}{value}")


def print_diff(found: SnapshotDiff) -> None:
    """A sentence on images, and a line for each stage."""
    print(f"{counted(found.images_added, 'image')} more, {found.images_removed:,} less.")
    print(f"{counted(found.masks_same, 'mask')} as before.")
    for stage, counts in found.stages.items():
        print(f"  {stage:<16}{counts['added']:,} new, {counts['changed']:,} changed, {counts['removed']:,} gone")


def print_retrains(runs: Sequence[RetrainSummary]) -> None:
    """One line per run, the newest first."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for heading in ("run", "kind", "state", "steps", "snapshot", "base", "candidate", "verdict"):
        table.add_column(heading, overflow="fold", no_wrap=heading == "verdict")
    for each in runs:
        run = each.run
        table.add_row(
            str(run.number),
            run.kind.value,
            run.state.value,
            f"{run.step:,}/{run.steps:,}" if run.steps else "–",
            str(each.snapshot.number),
            each.base_model_name,
            each.model_name or "–",
            verdict_word(run.verdict),
        )
    Console().print(table)


def settings_of(run: RetrainRun, *, every: bool) -> list[str]:
    """A run's overrides as --set takes them, what was asked for first; how many defaults were left out at the end."""
    modest = MODEST if MODEST.keys() <= run.overrides.keys() else {}
    own = {name: value for name, value in run.overrides.items() if name not in modest or modest[name] != value}
    defaults = {name: value for name, value in run.overrides.items() if name not in own}
    if every:
        return list(as_settings(own | defaults))
    left_out = [f"(and {counted(len(defaults), 'default')} for a small model: --recipe)"] if defaults else []
    return [*as_settings(own), *left_out]


def print_retrain(
    summary: RetrainSummary,
    points: Sequence[RetrainPoint],
    model_state: ModelState | None = None,
    *,
    every: bool = False,
) -> None:
    """Everything about one run: its curve in a few lines, and the verdict on its candidate, whose state is given.

    `every`: also the settings that nobody asked for, by which the recipe is made modest for a small model.
    """
    run = summary.run
    facts = [
        ("run", f"{run.number}, {run.kind.value}: {run.name}"),
        ("state", run.state.value),
        ("steps", f"{run.step:,} of {run.steps:,}" if run.steps else "not begun"),
        ("snapshot", f"{summary.snapshot.number}: {summary.snapshot.name}"),
        ("base", summary.base_model_name),
        ("candidate", summary.model_name or "–"),
        ("recipe", " ".join([run.recipe, *settings_of(run, every=every)])),
        ("machine time", f"{run.machine_seconds / 60:.1f} minutes"),
        ("problem", run.error or ""),
    ]
    for label, value in facts:
        if value:
            print(f"{label:<14}{value}")
    shown = points if len(points) <= _SHOWN else [points[i * (len(points) - 1) // (_SHOWN - 1)] for i in range(_SHOWN)]
    for point in shown:
        ious = "  ".join(
            f"{counted(number, 'click')} {iou:.3f}" for number, iou in enumerate(point.values.get("iou", []), 1)
        )
        print(f"  step {point.step + 1:>6}  loss {point.values['loss']:.4f}  {ious}".rstrip())
    if run.verdict is None:
        return
    print(*verdict_lines(run.verdict), sep="\n")
    if summary.model_name is not None and model_state is not None:
        print(*next_commands(summary.model_name, model_state, run.verdict), sep="\n")


_SHOWN = 12


def print_retrain_schedules(schedules: Sequence[RetrainSchedule]) -> None:
    """One line per schedule, the next to start first."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for heading in ("id", "when", "next", "problem"):
        table.add_column(heading, no_wrap=heading in ("id", "next"))
    for each in schedules:
        due = next_in_words(each) or "–"
        table.add_row(short(each.id), in_words(each), due, each.last_error or "")
    Console().print(table)
