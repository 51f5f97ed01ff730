"""A deployment that a simulation has to itself: `maskloop up` as a process of its own, ended with the simulation."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.errors import InvalidCheckpoint, InvalidSetting
from maskloop.commands.deployment import apply_options, sign_in_link
from maskloop.commands.store import open_store
from maskloop.commands.up import last_lines
from maskloop.running import find_running
from maskloop.supervisor import Child

START_PATIENCE = 300.0
STOP_PATIENCE = 60.0
_HOST = "127.0.0.1"
_POLL = 0.1


@contextmanager
def deployment_of_its_own(data: Path, start: Path | None) -> Iterator[str]:
    """Runs a deployment in the folder `data` and yields a sign-in link of its owner.

    A new deployment's live model is the file of weights `start`; None is the bundled model. Raises InvalidSetting when
    it does not start, InvalidCheckpoint for a file that cannot be used.
    """
    settings = apply_options(data, _HOST, _free_port())
    if start is not None:
        _make_live(data, start)
    log = settings.data / "logs" / "up.log"
    arguments = ["up", "--data", str(settings.data), "--host", _HOST, "--port", str(settings.port), "--no-browser"]
    child = Child("deployment", ["maskloop", *arguments], log)
    child.start()
    try:
        yield sign_in_link(_wait_until_it_runs(child, settings.data))
    finally:
        child.end()
        deadline = time.monotonic() + STOP_PATIENCE
        while child.process is not None and child.process.poll() is None and time.monotonic() < deadline:
            time.sleep(_POLL)
        child.end_now()


def _make_live(data: Path, start: Path) -> None:
    """Registers weights as the live model of a deployment that has none yet."""
    from engine.flow.models import live_model
    from engine.flow.promotion import promote
    from engine.flow.register_model import add_model, prepare_model
    from engine.store.unit_of_work import unit_of_work

    open_store(data, create=True)
    with unit_of_work(read_only=True) as uow:
        if live_model(uow) is not None:
            return
    prepared = prepare_model(start, _arch(start))
    with unit_of_work() as uow:
        promote(uow, add_model(uow, prepared, start.stem).id)


def _arch(start: Path) -> str:
    """The architecture that the JSON beside a file of weights names."""
    from engine.sam.config import SamConfig

    beside = start.with_suffix(".json")
    if not start.is_file() or not beside.is_file():
        raise InvalidCheckpoint(f"A simulation starts from {start} only with {beside.name} beside it.")
    return SamConfig.from_json(beside.read_text()).arch


def _wait_until_it_runs(child: Child, data: Path) -> str:
    """The address it listens at."""
    deadline = time.monotonic() + START_PATIENCE
    while True:
        running = find_running(data)
        if running is not None:
            return running.url
        if child.died() is not None or time.monotonic() > deadline:
            raise InvalidSetting(f"The deployment does not start. The end of {child.log}:\n{last_lines(child.log)}")
        time.sleep(_POLL)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        return int(probe.getsockname()[1])
