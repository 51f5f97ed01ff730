"""What `maskloop simulate` prints for people."""

from rich import box
from rich.console import Console
from rich.table import Table

from engine.simulation.figures import Found, Measured, Outcome
from engine.simulation.goals import goals
from engine.simulation.plan import MEASURED_CLICKS, RECALL_AT

_NONE = "–"


def print_outcome(outcome: Outcome) -> None:
    """What every round's model reaches, what was annotated with it, and the goals; fits 80 columns."""
    console = Console()
    console.print(_models(outcome))
    console.print(_annotation(outcome))
    console.print(_goals(outcome))


def _models(outcome: Outcome) -> Table:
    table = _table("Every round's model on held-out images")
    table.add_column("round", no_wrap=True)
    table.add_column("model", overflow="fold")
    for count in MEASURED_CLICKS:
        table.add_column(f"mIoU\n@{count}", justify="right")
    table.add_column("clicks", justify="right")
    table.add_column("auto", justify="right")
    for iou in RECALL_AT:
        table.add_column(f"recall\n@{iou:g}", justify="right")
    table.add_column("scenes\n@1", justify="right")
    for each in outcome.rounds:
        table.add_row(
            str(each.number),
            each.model,
            *_miou(each.held_out),
            f"{each.held_out.clicks:.1f}",
            *_found(each.held_out_automatic),
            _NONE if each.benchmark is None else f"{each.benchmark['1']:.3f}",
        )
    table.caption = (
        f"clicks: per mask to IoU {outcome.plan.target_iou:g}, at most {outcome.plan.most_clicks}. auto: automatic "
        "masks per image. scenes: mIoU after 1 click on generated scenes."
    )
    return table


def _annotation(outcome: Outcome) -> Table:
    table = _table("What was annotated with it")
    table.add_column("round", no_wrap=True)
    for heading in ("images", "masks/\nimage", "clicks/\nmask", "painted", "accepted", "recall", "promoted"):
        table.add_column(heading, justify="right")
    for each in outcome.rounds:
        made, found, run = each.annotated, each.automatic, each.retrained
        images = made.images if made else found.images if found else 0
        masks = made.masks_per_image if made else found.masks_per_image if found else None
        table.add_row(
            f"{each.number} {each.stage}",
            str(images),
            _NONE if masks is None else f"{masks:.1f}",
            f"{made.clicks:.1f}" if made and made.made else _NONE,
            f"{made.painted:.0%}" if made and made.made else _NONE,
            f"{made.acceptance:.0%}" if made and made.acceptance is not None else _NONE,
            " ".join(f"{value:.2f}" for value in found.recall.values()) if found else _NONE,
            _NONE if run is None else "yes" if run.promoted else "no",
        )
    return table


def _goals(outcome: Outcome) -> Table:
    table = _table("Goals")
    for heading in ("goal", "wanted", "got", ""):
        table.add_column(heading, overflow="fold")
    for goal in goals(outcome):
        reached = {True: "reached", False: "not reached", None: _NONE}[goal.reached]
        table.add_row(goal.what, goal.wanted, goal.got, reached)
    return table


def _table(title: str) -> Table:
    return Table(
        title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0)
    )


def _miou(measured: Measured) -> list[str]:
    return [f"{measured.miou[str(count)]:.3f}" for count in MEASURED_CLICKS]


def _found(found: Found | None) -> list[str]:
    if found is None:
        return [_NONE] * (1 + len(RECALL_AT))
    return [f"{found.masks_per_image:.1f}", *(f"{found.recall[str(iou)]:.2f}" for iou in RECALL_AT)]
