"""What `maskloop models compare` prints for people."""

from collections.abc import Mapping
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from engine.evaluation.gate import DETECTOR_FIGURES, SETS
from engine.flow.comparison import ComparisonPage
from maskloop.commands.options import counted
from maskloop.verdict_words import verdict_lines


def print_candidate(
    evaluation: Mapping[str, Any], verdict: Mapping[str, Any] | None, page: ComparisonPage | None, clicks: int
) -> None:
    """Base and candidate on both sets, the verdict with its reasons, and single masks."""
    console = Console()
    base = evaluation["base"]
    console.print(f"base       {'none' if base is None else base['name']}", highlight=False, markup=False)
    console.print(f"candidate  {evaluation['candidate']['name']}", highlight=False, markup=False)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("")
    for heading in ("base", "candidate", "difference", "95 % interval"):
        table.add_column(heading, justify="right")
    for name, title in SETS.items():
        found = evaluation["sets"][name]
        if found is None:
            table.add_row(f"{title}: nothing to measure")
            continue
        table.add_row(f"{title}: {counted(found['images'], 'image')}, {counted(found['masks'], 'mask')}", style="bold")
        for row in _rows(evaluation["kind"], found):
            table.add_row(*row)
    console.print(table)
    if verdict is not None:
        said, *reasons = verdict_lines(verdict)
        console.print(said, style="bold")
        for reason in reasons:
            console.print(reason, highlight=False, markup=False)
    if page is not None:
        _print_masks(console, page, clicks)


def _rows(kind: str, found: Mapping[str, Any]) -> list[tuple[str, ...]]:
    base, candidate, difference = found["base"], found["candidate"], found["difference"]
    if kind == "detector":
        return [
            _row(f"  {title}", None if base is None else base[name], candidate[name], (difference or {}).get(name))
            for name, title in DETECTOR_FIGURES.items()
        ]
    rows = [
        _row(
            f"  mIoU, {at} click{'' if at == '1' else 's'}",
            base["miou"][at]["most_confident"],
            candidate["miou"][at]["most_confident"],
            difference["miou"][at]["most_confident"],
        )
        for at in candidate["miou"]
    ]
    if "noc" in candidate:
        sides = (base["noc"]["90"]["clicks"], candidate["noc"]["90"]["clicks"])
        rows.append(_row("  NoC@90", *sides, difference["noc"]["90"]["clicks"]))
    errors = (base["calibration_error"]["1"], candidate["calibration_error"]["1"])
    rows.append(_row("  calibration error, 1 click", *errors, None))
    return rows


def _row(label: str, base: float | None, candidate: float, difference: Mapping[str, Any] | None) -> tuple[str, ...]:
    interval = None if difference is None else difference["interval"]
    return (
        label,
        "–" if base is None else f"{base:.3f}",
        f"{candidate:.3f}",
        "–" if base is None else f"{candidate - base:+.3f}",
        "–" if interval is None else f"{interval[0]:+.3f} to {interval[1]:+.3f}",
    )


def _print_masks(console: Console, page: ComparisonPage, clicks: int) -> None:
    table = Table(
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        title=f"{counted(page.total, 'held-out mask')}, IoU after {counted(clicks, 'click')}",
        title_justify="left",
    )
    for heading in ("mask", "image"):
        table.add_column(heading, overflow="fold")
    for heading in ("base", "candidate", "difference"):
        table.add_column(heading, justify="right", no_wrap=True)
    for each in page.items:
        table.add_row(
            str(each.mask_id)[:8],
            str(each.image_id)[:8],
            f"{each.base_iou:.3f}",
            f"{each.candidate_iou:.3f}",
            f"{each.difference:+.3f}",
        )
    console.print(table)
