"""What `maskloop models` prints for people."""

import json
from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.markdown import Markdown
from rich.table import Table

from engine.flow.model_card import ModelCard


def print_models(cards: Sequence[ModelCard]) -> None:
    """One line per model; names are never cut, for they are what the other commands take."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("name", overflow="fold")
    for heading in ("state", "arch"):
        table.add_column(heading, no_wrap=True)
    for heading in ("params", "size", "added", "mIoU, 1 click"):
        table.add_column(heading, justify="right", no_wrap=heading != "mIoU, 1 click")
    for card in cards:
        size = card.weights
        table.add_row(
            card.name,
            card.state,
            card.arch,
            "–" if size is None else f"{size.parameters / 1e6:,.1f} M",
            "missing" if size is None else f"{size.bytes / 1e6:,.1f} MB",
            "–" if card.created_at is None else f"{card.created_at:%Y-%m-%d}",
            "–" if card.miou is None else f"{card.miou:.3f}",
        )
    Console().print(table)


def print_card(card: ModelCard) -> None:
    """Facts, configuration, metrics, and the written card."""
    console = Console()
    facts = Table(box=None, show_header=False, pad_edge=False)
    facts.add_column(style="dim", no_wrap=True)
    facts.add_column(overflow="fold")
    facts.add_row("name", card.name, style="bold")
    for label, value in card.facts():
        facts.add_row(label, value)
    facts.add_row("configuration", json.dumps(card.config))
    for clicks, scores in _miou(card):
        facts.add_row(f"mIoU, {clicks} click{'' if clicks == '1' else 's'}", scores)
    if "measured_on" in card.metrics:
        facts.add_row("measured on", str(card.metrics["measured_on"]))
    console.print(facts)
    if card.text is None:
        return
    console.print()
    if console.is_terminal:
        console.print(Markdown(card.text))
    else:
        # Whoever pipes it wants the Markdown as it was written.
        print(card.text)


def _miou(card: ModelCard) -> list[tuple[str, str]]:
    """Number of clicks and figures, of what `maskloop evaluate --record` keeps."""
    found = card.metrics.get("miou")
    rows: list[tuple[str, str]] = []
    for clicks, scores in found.items() if isinstance(found, dict) else ():
        words = [f"{value:.3f} {name.replace('_', ' ')}" for name, value in scores.items()]
        rows.append((clicks, ", ".join(words)))
    return rows
