"""Training by several processes of this machine, one for each GPU: torchrun, started, stopped and listened to."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from engine.errors import Conflict, InvalidSetting
from engine.training.distributed import Process
from engine.training.interrupt import stop_on_signals
from engine.training.loop import TrainingStopped
from engine.training.run import RunRequest
from engine.training.run_folder import alone_in

LOG = "processes.log"
_MISUSE = "maskloop: "
_POLL = 0.2
_LEAVING = 120.0
"""Seconds that the processes of an attempt before may take to save and go."""


def run_in_processes(request: RunRequest, count: int, should_stop: Callable[[], bool]) -> None:
    """Do what `engine.training.run.run` does with `count` processes; what they say is in `processes.log`.

    They end with this process: told to go, they save first. Raises TrainingStopped when `should_stop` or a signal ended
    it, InvalidSetting with their sentence when the request cannot be, RuntimeError with the end of their log otherwise.
    """
    request.out.mkdir(parents=True, exist_ok=True)
    _wait_until_free(request.out)
    log = request.out / LOG
    with stop_on_signals() as signalled, log.open("ab") as said:
        begins = said.tell()
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "maskloop.tether", str(os.getpid())),
                *("torch.distributed.run", "--standalone", "--nproc-per-node", str(count)),
                *("-m", "engine.training", *arguments(request)),
            ],
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        stopping = False
        while process.poll() is None:
            if not stopping and (signalled() or should_stop()):
                process.send_signal(signal.SIGTERM)
                stopping = True
            time.sleep(_POLL)
    if stopping and process.returncode:
        raise TrainingStopped(f"Stopped; the state is in {request.out}.")
    if process.returncode:
        _complain(log, begins)


def arguments(request: RunRequest) -> list[str]:
    """A request as the command line takes it."""
    found = [request.recipe, "--out", str(request.out), "--seed", str(request.seed)]
    found += ["--save-every", str(request.save_every), "--log-every", str(request.log_every)]
    several = (("--data", request.data), ("--set", request.overrides), ("--replay", request.replay))
    found += [part for option, values in several for value in values for part in (option, value)]
    # torchrun takes --start for a short form of an option of its own.
    single = (("--start-from", request.start), ("--device", request.device), ("--workers", request.workers))
    return found + [part for option, value in single if value is not None for part in (option, str(value))]


def _wait_until_free(out: Path) -> None:
    """The processes of a worker that was killed are told so, and save before they go."""
    deadline = time.monotonic() + _LEAVING
    while True:
        try:
            with alone_in(out, Process()):
                return
        except Conflict:
            if time.monotonic() > deadline:
                raise
        time.sleep(_POLL)


def _complain(log: Path, begins: int) -> None:
    said = log.read_bytes()[begins:].decode(errors="replace").splitlines()
    sentence = next((line.removeprefix(_MISUSE) for line in said if line.startswith(_MISUSE)), None)
    if sentence is not None:
        raise InvalidSetting(sentence)
    raise RuntimeError("The training processes ended: " + " / ".join(said[-15:]))
