"""What `maskloop batch` prints for people, and as JSON for scripts."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from engine.automatic.thresholds import SURE_ENOUGH
from engine.flow.batch_estimate import Estimate
from engine.flow.batch_listing import BatchSummary
from engine.flow.batch_progress import BatchProgress, ItemFailure
from engine.flow.batch_settings import CALIBRATED
from engine.flow.compare_batches import ImageComparison
from engine.flow.due_schedules import next_in_words
from engine.flow.schedules import in_words as when_in_words
from engine.store.tables import BatchSchedule, JobState
from maskloop.batch_lookup import short
from maskloop.commands.batch_options import in_words
from maskloop.commands.options import counted


def print_batches(batches: Sequence[BatchSummary]) -> None:
    """One line per batch, the newest first; fits a terminal of 80 columns."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("id", no_wrap=True)
    table.add_column("batch", min_width=9, overflow="fold")
    table.add_column("state", no_wrap=True)
    for heading in ("done", "failed", "masks", "review", "started"):
        table.add_column(heading, justify="right", no_wrap=True)
    for batch in batches:
        job, counts = batch.job, batch.counts
        table.add_row(
            short(job.id),
            f"{job.kind}: {job.name}" if job.name else job.kind,
            job.state,
            f"{counts.done:,}/{counts.total:,}",
            f"{counts.failed:,}",
            f"{counts.masks:,}",
            f"{batch.waiting_for_review:,}",
            f"{job.created_at.astimezone():%d %b %H:%M}",
        )
    Console().print(table)


def print_schedules(schedules: Sequence[BatchSchedule]) -> None:
    """One line per schedule, the next to start first."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for heading in ("id", "kind", "when", "next", "problem"):
        table.add_column(heading, no_wrap=heading not in ("when", "problem"))
    for schedule in schedules:
        due = next_in_words(schedule) or "–"
        table.add_row(short(schedule.id), schedule.kind, when_in_words(schedule), due, schedule.last_error or "")
    Console().print(table)


def print_batch(summary: BatchSummary, progress: BatchProgress, failures: Sequence[ItemFailure]) -> None:
    """Everything about one batch."""
    job = progress.job
    console = Console()
    facts = Table(box=None, show_header=False, pad_edge=False)
    facts.add_column(style="dim", no_wrap=True)
    facts.add_column(overflow="fold")
    facts.add_row("batch", str(job.id), style="bold")
    facts.add_row("kind", job.kind + (f", {job.name}" if job.name else ""))
    facts.add_row("state", job.state)
    facts.add_row("model", summary.model_name or "–")
    facts.add_row("images", progress_line(progress))
    own = job.settings.get(CALIBRATED, [])
    for key, value in job.settings.items():
        if key != CALIBRATED:
            told = "as many as fit" if key == "points_per_batch" and value is None else f"{value}"
            facts.add_row(key, f"{told} (calibrated for the model)" if key in own else told)
    if summary.waiting_for_review:
        facts.add_row("to review", counted(summary.waiting_for_review, "mask"))
    console.print(facts)
    for failure in failures:
        console.print(f"  {failure.file_name}: {failure.error}", style="red", highlight=False)
    if progress.counts.failed > len(failures):
        console.print(f"  and {progress.counts.failed - len(failures):,} more", style="red", highlight=False)
    if failures:
        console.print(f"Try again: maskloop batch retry {short(job.id)}", highlight=False)


def print_comparison(images: Sequence[ImageComparison]) -> None:
    """Masks of two batches by image, and all together."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_footer=True)
    table.add_column("image", counted(len(images), "image"), overflow="fold")
    for name in ("gained", "lost", "changed", "same"):
        total = sum(getattr(image, name) for image in images)
        table.add_column(name, f"{total:,}", justify="right", no_wrap=True)
    for image in images:
        counts = (image.gained, image.lost, image.changed, image.same)
        table.add_row(image.file_name, *(f"{count:,}" for count in counts))
    Console().print(table)


def progress_line(progress: BatchProgress) -> str:
    """12 of 40 done, 1 failed, 340 masks, 8.1 images/min, 3 min left."""
    counts = progress.counts
    parts = [f"{counts.done:,} of {counts.total:,} done"]
    if counts.failed:
        parts.append(f"{counts.failed:,} failed")
    if counts.cancelled:
        parts.append(f"{counts.cancelled:,} cancelled")
    if counts.masks:
        parts.append(counted(counts.masks, "mask"))
    if progress.rate is not None:
        parts.append(f"{progress.rate:.3g} images/min")
    if progress.seconds_left is not None:
        parts.append(f"{duration(progress.seconds_left)} left")
    return ", ".join(parts)


def estimate_line(estimate: Estimate) -> str:
    """What a batch would cost, in a sentence."""
    if estimate.images == 0:
        return "No image passes this selection."
    images = counted(estimate.images, "image")
    if estimate.seconds is None or estimate.seconds_per_image is None:
        return f"{images}; how long one takes has not been measured on this deployment yet."
    how = "measured on" if estimate.same_settings else "reckoned from"
    settings = "these settings" if estimate.same_settings else "other settings"
    return (
        f"{images}, about {duration(estimate.seconds)} for one worker: {estimate.seconds_per_image:.3g} s per image, "
        f"{how} {counted(estimate.measured_images, 'image')} with {settings}."
    )


def thresholds_line(settings: Mapping[str, Any]) -> str | None:
    """Which settings of a batch are its model's own; None when none is."""
    names = settings.get(CALIBRATED)
    if not names:
        return None
    return f"Thresholds calibrated for the model: {in_words({name: settings[name] for name in names})}."


def review_line(precision: float | None, review: bool) -> str | None:
    """Advice where most of what a model finds is no object and would be annotation at once; None elsewhere."""
    if precision is None or precision >= SURE_ENOUGH or review:
        return None
    right = f"By the model's calibration about {precision:.0%} of what it finds is right"
    return f"{right}; with --review it waits to be accepted instead of being annotation at once."


def duration(seconds: float) -> str:
    """40 s, 12 min, 3 h 5 min."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def batch_json(summary: BatchSummary) -> dict[str, Any]:
    job, counts = summary.job, summary.counts
    return {
        "id": str(job.id),
        "kind": job.kind,
        "name": job.name,
        "state": job.state,
        "model": summary.model_name,
        "settings": job.settings,
        "selection": job.selection,
        "review": job.review,
        "images": counts.total,
        "left": counts.left,
        "running": counts.running,
        "done": counts.done,
        "failed": counts.failed,
        "cancelled": counts.cancelled,
        "masks": counts.masks,
        "waiting_for_review": summary.waiting_for_review,
        "created_at": job.created_at.isoformat(),
        "finished_at": job.finished_at.isoformat() if job.finished_at else None,
    }


def schedule_json(schedule: BatchSchedule) -> dict[str, Any]:
    return {
        "id": str(schedule.id),
        "kind": schedule.kind,
        "when": when_in_words(schedule),
        "cron": schedule.cron,
        "zone": schedule.zone,
        "every_new_images": schedule.every_new_images,
        "next_at": schedule.next_at.isoformat() if schedule.next_at else None,
        "order": schedule.order,
        "last_error": schedule.last_error,
    }


def is_over(state: JobState) -> bool:
    return state in (JobState.FINISHED, JobState.CANCELLED)
