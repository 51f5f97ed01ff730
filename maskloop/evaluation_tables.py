"""What `maskloop evaluate` prints for people: tables that fit the terminal, an interval under each figure."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from rich import box
from rich.console import Console
from rich.table import Table

from engine.evaluation.bootstrap import Figure
from engine.evaluation.calibration import Bin
from engine.evaluation.compare import Comparison, Verdict
from engine.evaluation.measures import NOC_CAP, Kind, Measure
from engine.evaluation.report import Evaluation, Group

MEAN = "mean over sources"
_CELL_WIDTH = 11
_DIFFERENCE_WIDTH = 15
# In words in JSON and in the sentence; in a table's column there is no room.
_VERDICTS = {Verdict.BETTER: "better", Verdict.WORSE: "worse", Verdict.NOT_SHOWN: "none shown"}


class _Row(NamedTuple):
    """A labelled row: how many images and masks it is of, and its figures; none where there are no masks."""

    label: str
    images: int
    masks: int
    figures: Mapping[Measure, Figure]


def print_evaluation(result: Evaluation, model: str, console: Console) -> None:
    """All of one model's figures."""
    overall = _group_row(MEAN, result.overall)
    shown = [measure for measure in result.overall.figures if _is_headline(measure)]
    sources = [_group_row(name, group) for name, group in result.sources.items()]
    _print_groups(console, f"mIoU of {model}, by source", [*sources, overall], shown, footer=True)
    # Whoever asks how many masks are never reached finds it above; by tag and size it would be one table too many.
    shown = [measure for measure in shown if measure.kind is not Kind.UNREACHED]
    if result.tags:
        tags = [_group_row(name, group) for name, group in result.tags.items()]
        _print_groups(console, "By tag", tags, shown)
    sizes = [
        _Row(f"{size.low:g} to {size.high:g}", 0, 0, {})
        if size.group is None
        else _group_row(f"{size.low:g} to {size.high:g}", size.group)
        for size in result.sizes
    ]
    _print_groups(console, "By relative mask size", sizes, shown)
    _print_calibration(console, result)
    for line in _remarks(result):
        console.print(line, highlight=False)


def print_comparison(
    comparison: Comparison, first: tuple[str, Evaluation], second: tuple[str, Evaluation], console: Console
) -> None:
    """Two models side by side, and what their difference says."""
    console.print(f"A  {first[0]}\nB  {second[0]}", highlight=False)
    table = _table("B against A, means over sources")
    for heading in ("A", "B", "B − A", "95 % interval"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("difference", no_wrap=True)
    for measure, difference in comparison.overall.items():
        interval = difference.figure.interval
        table.add_row(
            _short(measure),
            _number(measure, first[1].overall.figures[measure].value),
            _number(measure, second[1].overall.figures[measure].value),
            _number(measure, difference.figure.value, sign=True),
            "–" if interval is None else " ".join(_number(measure, bound, sign=True) for bound in interval),
            _VERDICTS[difference.verdict],
        )
    console.print(table)
    rows = [
        _Row(name, 0, 0, {measure: difference.figure for measure, difference in found.items()})
        for name, found in comparison.sources.items()
    ]
    shown = [measure for measure in comparison.overall if _is_headline(measure)]
    _print_groups(console, "B − A, by source", rows, shown, difference=True)
    seconds = first[1].seconds + second[1].seconds
    images, masks = first[1].images, first[1].masks
    console.print(_measured(masks, images, seconds), highlight=False)
    console.print(comparison.sentence(first[0], second[0]), highlight=False)


def _print_groups(
    console: Console,
    title: str,
    rows: Sequence[_Row],
    shown: Sequence[Measure],
    *,
    footer: bool = False,
    difference: bool = False,
) -> None:
    """Rows of figures. What does not fit beside each other follows below; with `footer` the last row is set apart."""
    label_width = max(len(row.label) for row in rows) + 2
    counts_width, cell_width = (0, _DIFFERENCE_WIDTH) if difference else (16, _CELL_WIDTH)
    across = max(1, (console.width - label_width - counts_width) // cell_width)
    for start in range(0, len(shown), across):
        part = shown[start : start + across]
        table = _table(title if start == 0 else f"{title} (continued)")
        headings = ["images", "masks"] if not difference else []
        for heading in [*headings, *map(_short, part)]:
            table.add_column(heading, justify="right")
        for index, row in enumerate(rows):
            counts = [f"{row.images:,}", f"{row.masks:,}"] if not difference else []
            cells = [_cell(measure, row.figures.get(measure), difference) for measure in part]
            table.add_row(row.label, *counts, *cells, end_section=footer and index == len(rows) - 2)
        console.print(table)


def _print_calibration(console: Console, result: Evaluation) -> None:
    """Predicted against true IoU by bin, for every number of clicks."""
    across = max(1, (console.width - 12) // 31)
    for start in range(0, len(result.clicks), across):
        part = result.clicks[start : start + across]
        table = _table("Predicted IoU against true IoU, all masks" + (" (continued)" if start else ""))
        for clicks in part:
            for heading in (f"masks, {_clicks(clicks)}", "pred.", "true"):
                table.add_column(heading, justify="right")
        for index in range(len(result.calibration[part[0]])):
            bins = [result.calibration[clicks][index] for clicks in part]
            if any(each.masks for each in bins):
                table.add_row(f"{bins[0].low:g} to {bins[0].high:g}", *(text for each in bins for text in _bin(each)))
        console.print(table)
    errors = ", ".join(f"{result.overall.figure(Kind.IOU_ERROR, n).value:.3f} at {n}" for n in result.clicks)
    calibration = ", ".join(f"{result.overall.calibration_error[n]:.3f} at {n}" for n in result.clicks)
    console.print("Of the predicted IoU, means over sources by number of clicks:")
    console.print(f"mean |predicted − true| {errors}; calibration error {calibration}.", highlight=False)


def _measured(masks: int, images: int, seconds: float) -> str:
    plural_masks, plural_images = "" if masks == 1 else "s", "" if images == 1 else "s"
    return f"{masks:,} mask{plural_masks} on {images:,} image{plural_images} in {seconds:.0f} s."


def _remarks(result: Evaluation) -> list[str]:
    lines = ["Under each figure: its 95 % interval, from resampling images."]
    if any(group.images < 10 for group in result.sources.values()):
        lines.append("A source has fewer than 10 images: its interval is too narrow, or missing.")
    if result.noc:
        lines.append(
            f"NoC: clicks to that IoU in percent, at most {NOC_CAP}; below it, the share that never gets there."
        )
    return [*lines, _measured(result.masks, result.images, result.seconds)]


def _table(title: str) -> Table:
    table = Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        collapse_padding=True,
    )
    table.add_column("", no_wrap=True)
    return table


def _group_row(label: str, group: Group) -> _Row:
    return _Row(label, group.images, group.masks, group.figures)


def _is_headline(measure: Measure) -> bool:
    return measure.kind not in (Kind.IOU_ERROR, Kind.IOU_SURPLUS)


def _short(measure: Measure) -> str:
    """A column's or row's heading."""
    return {
        Kind.MOST_CONFIDENT: _clicks(measure.at),
        Kind.ORACLE: "best of 3",
        Kind.IOU_ERROR: f"IoU error, {_clicks(measure.at)}",
        Kind.IOU_SURPLUS: f"IoU bias, {_clicks(measure.at)}",
        Kind.CLICKS: f"NoC@{measure.at}",
        Kind.UNREACHED: f"never {measure.at} %",
    }[measure.kind]


def _clicks(count: int) -> str:
    return f"{count} click{'' if count == 1 else 's'}"


def _number(measure: Measure, value: float, *, sign: bool = False) -> str:
    kind = {Kind.CLICKS: ".2f", Kind.UNREACHED: ".1%"}.get(measure.kind, ".3f")
    return f"{value:{'+' if sign else ''}z{kind}}"


def _bound(measure: Measure, value: float) -> str:
    """A number rounded to what an interval of this width deserves."""
    kind = {Kind.CLICKS: ".1f", Kind.UNREACHED: ".0%"}.get(measure.kind, ".2f")
    return f"{value:z{kind}}"


def _cell(measure: Measure, figure: Figure | None, sign: bool) -> str:
    if figure is None:
        return "–"
    value = _number(measure, figure.value, sign=sign)
    if figure.interval is None:
        return value
    if sign:
        bounds = " ".join(_number(measure, bound, sign=True) for bound in figure.interval)
    else:
        bounds = "–".join(_bound(measure, bound) for bound in figure.interval)
    return f"{value}\n[dim]{bounds}[/dim]"


def _bin(found: Bin) -> list[str]:
    means = (found.mean_predicted_iou, found.mean_iou)
    return [f"{found.masks:,}", *("–" if mean is None else f"{mean:.3f}" for mean in means)]
