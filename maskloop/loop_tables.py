"""What `maskloop loop report` prints for people."""

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table

from engine.flow.loop_report import Round

PAPER = "Segment Anything, section 4: 34 → 14 s per mask in the manual stage, 20 → 44 → 72 masks per image."

NO_MODEL = "none"
"""Of the round before the first promotion, in which no model was live."""


def print_rounds(rounds: Sequence[Round]) -> None:
    """One line per round, and the paper's figures below."""
    console = Console()
    # Narrow, with headings on several lines: twelve columns are to fit into eighty characters.
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=0)
    table.add_column("#", justify="right")
    table.add_column("model", overflow="fold", min_width=6)
    for heading in (
        "mIoU 1",
        "mIoU 3",
        "mIoU 5",
        "masks",
        "clicks",
        "secs",
        "per image",
        "kept",
        "hours people",
        "hours worker",
    ):
        table.add_column(heading, justify="right")
    for each in rounds:
        miou = {} if each.held_out is None else each.held_out.miou
        table.add_row(
            str(each.number),
            each.model_name or NO_MODEL,
            *(_number(miou.get(clicks), 3) for clicks in ("1", "3", "5")),
            f"{each.masks:,}",
            _number(each.clicks, 1),
            _number(each.seconds, 1),
            _number(each.masks_per_image, 1),
            "–" if each.accepted_share is None else f"{each.accepted_share:.0%}",
            _number(each.people_hours, 1),
            _number(each.machine_hours, 1),
        )
    console.print(table)
    console.print(PAPER, style="dim", highlight=False)


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"
