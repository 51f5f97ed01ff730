"""What `maskloop simulate` prints for people."""

from rich import box
from rich.console import Console
from rich.table import Table

from engine.simulation.figures import Outcome
from engine.simulation.plan import MEASURED_CLICKS


def print_outcome(outcome: Outcome) -> None:
    """One row per round."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("round", no_wrap=True)
    table.add_column("model", overflow="fold")
    for heading in ("images", "masks/image", "clicks/mask", "painted"):
        table.add_column(heading, justify="right")
    for count in MEASURED_CLICKS:
        table.add_column(f"mIoU@{count}", justify="right", no_wrap=True)
    table.add_column("held-out clicks/mask", justify="right")
    for each in outcome.rounds:
        made = each.annotated
        table.add_row(
            f"{each.number} {each.stage}",
            each.model,
            *(
                ("–",) * 4
                if made is None
                else (str(made.images), f"{made.masks_per_image:.1f}", f"{made.clicks:.1f}", f"{made.unreached:.0%}")
            ),
            *(f"{each.held_out.miou[str(count)]:.3f}" for count in MEASURED_CLICKS),
            f"{each.held_out.clicks:.1f}",
        )
    Console().print(table)
