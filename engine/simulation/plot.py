"""A simulation's rounds as one SVG: a small chart for every figure, with the paper's own beside it in words."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from engine.simulation.figures import Annotated, Found, Outcome, Round
from engine.simulation.plan import MEASURED_CLICKS, RECALL_AT

COLOURS = ("#2563eb", "#c2410c", "#15803d")
_WIDTH, _HEIGHT, _COLUMNS = 320, 240, 3
_LEFT, _RIGHT, _TOP, _BOTTOM = 40, 16, 62, 30
_TICKS = 4


@dataclass(frozen=True)
class Series:
    """One line: a value per round, None where there is none."""

    label: str
    values: Sequence[float | None]


@dataclass(frozen=True)
class Panel:
    """One chart. The axis begins at 0 and ends at `top`, or above the largest value."""

    title: str
    note: str
    series: Sequence[Series]
    top: float | None = None


def plot(outcome: Outcome) -> str:
    """The SVG document."""
    charts = panels(outcome)
    rows = -(-len(charts) // _COLUMNS)
    width, height = _COLUMNS * _WIDTH, rows * _HEIGHT
    numbers = [each.number for each in outcome.rounds]
    parts = [
        f'<g transform="translate({index % _COLUMNS * _WIDTH} {index // _COLUMNS * _HEIGHT})">'
        f"{_chart(panel, numbers)}</g>"
        for index, panel in enumerate(charts)
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'font-family="system-ui, sans-serif" font-size="11" fill="#334155">'
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>{"".join(parts)}</svg>\n'
    )


def panels(outcome: Outcome) -> list[Panel]:
    """What is shown of each round."""

    def of(label: str, value: Callable[[Round], float | None]) -> Series:
        return Series(label, [value(each) for each in outcome.rounds])

    def automatic(label: str, value: Callable[[Found], float]) -> Series:
        return of(label, lambda each: None if each.held_out_automatic is None else value(each.held_out_automatic))

    def annotated(label: str, value: Callable[[Annotated], float | None]) -> Series:
        return of(label, lambda each: None if each.annotated is None else value(each.annotated))

    return [
        Panel(
            f"Clicks per mask to IoU {outcome.plan.target_iou:g}",
            f"capped at {outcome.plan.most_clicks}; paper: 34 s to 14 s a mask",
            [
                of("held out", lambda each: each.held_out.clicks),
                annotated("annotated", lambda made: made.clicks if made.made else None),
            ],
        ),
        Panel(
            "Masks per image",
            f"for {outcome.plan.clicks_per_image} clicks an image; paper: 20, 44, 72",
            [annotated("annotated", lambda made: made.masks_per_image)],
        ),
        Panel(
            "Held-out mIoU",
            f"after {', '.join(map(str, MEASURED_CLICKS))} clicks on images nobody annotates",
            [of(f"@{count}", lambda each, at=str(count): each.held_out.miou[at]) for count in MEASURED_CLICKS],
            top=1,
        ),
        Panel(
            "Prefilled masks accepted",
            f"of those offered, from IoU {outcome.plan.accepted_iou:g} on",
            [annotated("accepted", lambda made: made.acceptance)],
            top=1,
        ),
        Panel(
            "Automatic masks per image",
            "the same held-out images",
            [automatic("automatic", lambda found: found.masks_per_image)],
        ),
        Panel(
            "Recall of automatic masks",
            "of the true masks of held-out images",
            [automatic(f"IoU {iou}", lambda found, at=str(iou): found.recall[at]) for iou in RECALL_AT],
            top=1,
        ),
    ]


def _chart(panel: Panel, rounds: Sequence[int]) -> str:
    """One panel's axes, lines and legend, its corner at the origin."""
    known = [value for series in panel.series for value in series.values if value is not None]
    top = panel.top or _round_top(max(known, default=0.0))
    right, bottom = _WIDTH - _RIGHT, _HEIGHT - _BOTTOM

    def x(place: int) -> float:
        return _LEFT + (right - _LEFT) * (place + 0.5) / len(rounds)

    def y(value: float) -> float:
        return bottom - (bottom - _TOP) * value / top

    parts = [_text(_LEFT, 20, panel.title, 'font-size="13" font-weight="600"'), _text(_LEFT, 35, panel.note)]
    for tick in range(_TICKS + 1):
        value = top * tick / _TICKS
        parts.append(f'<line x1="{_LEFT}" x2="{right}" y1="{y(value):.1f}" y2="{y(value):.1f}" stroke="#e2e8f0"/>')
        parts.append(_text(_LEFT - 5, y(value) + 4, f"{value:.3g}", 'text-anchor="end"'))
    parts += [_text(x(place), bottom + 16, str(number), 'text-anchor="middle"') for place, number in enumerate(rounds)]
    for place, (series, colour) in enumerate(zip(panel.series, COLOURS, strict=False)):
        dots = [(x(at), y(value)) for at, value in enumerate(series.values) if value is not None]
        line = " ".join(f"{left:.1f},{up:.1f}" for left, up in dots)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{left:.1f}" cy="{up:.1f}" r="3" fill="{colour}"/>' for left, up in dots]
        parts.append(_text(_LEFT + 85 * place, 52, f"● {series.label}", f'fill="{colour}"'))
    return "".join(parts)


def _round_top(largest: float) -> float:
    """The end of an axis which holds `largest` and whose ticks are round numbers."""
    least = max(largest, 1e-9) / _TICKS
    power = 10.0 ** math.floor(math.log10(least))
    return _TICKS * power * next(step for step in (1, 2, 2.5, 5, 10) if step * power >= least * (1 - 1e-9))


def _text(x: float, y: float, text: str, attributes: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" {attributes}>{escape(text)}</text>'
