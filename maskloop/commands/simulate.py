"""`maskloop simulate`: the proof that the loop works, by an annotator who knows the true masks."""

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.errors import InvalidInput, InvalidSetting
from maskloop.commands.options import JsonOption, print_json

if TYPE_CHECKING:
    from engine.simulation.figures import Outcome

INTERRUPTED = 130


def simulate(
    images: Annotated[Path, typer.Option(metavar="DIR", help="A folder that holds images/ and annotations/")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where the simulation lives; one that is there goes on")],
    source: Annotated[str | None, typer.Option(metavar="NAME", help="Only images whose name begins with NAME_")] = None,
    size: Annotated[str, typer.Option(metavar="SIZE", help="smoke (minutes, no meaning) or full (hours)")] = "full",
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Replace a value of the size, any number of times"),
    ] = None,
    start: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Weights (.safetensors) that a deployment of its own starts from [vit_t]"),
    ] = None,
    link: Annotated[
        str | None,
        typer.Option(metavar="URL", help="A manager's sign-in link to a deployment that runs [one of its own]"),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Simulate the data engine: annotate by clicks that follow the true masks, through the real HTTP API.

    Images are drawn from the folder by their names' hashes; some are held out to measure on. Without --link a
    deployment of its own runs in OUT/data for as long as the command does. Ctrl-C ends it; the same command goes on.
    After every round OUT holds the figures so far (simulation.json) and their plots (simulation.svg).

    Example: maskloop simulate --images labelled --source facade --out simulated --size smoke
    """
    from engine.simulation.client import Client
    from engine.simulation.goals import outcome_json
    from engine.simulation.ground_truth import read_domain
    from engine.simulation.journal import Journal
    from engine.simulation.plan import SIZES
    from engine.simulation.plot import plot
    from engine.simulation.simulation import Simulation
    from engine.training.overrides import override
    from maskloop.simulated_deployment import deployment_of_its_own
    from maskloop.simulation_scenes import benchmark_scenes

    if size not in SIZES:
        raise InvalidInput(f"There is no size {size!r}; choose one of {', '.join(SIZES)}.")
    if start is not None and link is not None:
        raise InvalidSetting("--start is for a deployment of its own; the one at --link has its live model.")
    plan = override(SIZES[size], tuple(set_ or ()))
    domain = read_domain(images, source, plan.pool_images, plan.held_out_images)
    benchmark = benchmark_scenes(out / "scenes", plan.benchmark_scenes)
    journal = Journal(out / "journal.jsonl")

    def keep(outcome: "Outcome") -> None:
        """So far: a simulation of hours can be looked at while it goes on."""
        (out / "simulation.json").write_text(json.dumps(outcome_json(outcome), indent=1) + "\n", encoding="utf-8")
        (out / "simulation.svg").write_text(plot(outcome), encoding="utf-8")

    at = nullcontext(link) if link is not None else deployment_of_its_own(out / "data", start)
    try:
        with _ended_by_signals(), at as sign_in, Client(sign_in) as client:
            outcome = Simulation(client, journal, plan, domain, benchmark, _tell, keep).run()
    except KeyboardInterrupt:
        _tell("Interrupted. The same command goes on from here.")
        raise typer.Exit(INTERRUPTED) from None
    if as_json:
        print_json(outcome_json(outcome))
        return

    from maskloop.simulation_tables import print_outcome

    print_outcome(outcome)
    typer.echo(f"{out / 'simulation.svg'} shows it, {out / 'simulation.json'} holds all figures.")


def _tell(line: str) -> None:
    typer.echo(line, err=True)


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Within the block SIGTERM is as Ctrl-C, which is heeded even where the shell had it ignored: the deployment is
    stopped in order."""

    def interrupt(_signal: int, _frame: object) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
