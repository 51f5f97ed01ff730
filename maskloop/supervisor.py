"""Starts the processes of one deployment on this machine, restarts those that die, and stops all of them together."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

FIRST_DELAY = 0.5
LONGEST_DELAY = 30.0
# A process that ran this long was healthy: if it dies after that, the next start is immediate again.
HEALTHY_AFTER = 60.0
STOP_PATIENCE = 15.0
POLL_SECONDS = 0.1
LARGEST_LOG = 10_000_000  # bytes; one older file is kept


@dataclass
class Child:
    """One supervised process: its name in messages, the Python module and arguments it runs, and where its log is."""

    name: str
    module: Sequence[str]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    deaths: int = 0
    _delay: float = FIRST_DELAY
    _started: float = 0.0
    _start_at: float = field(default=0.0)

    def start(self) -> None:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > LARGEST_LOG:
            self.log.replace(self.log.with_suffix(".1.log"))
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "maskloop.tether", str(os.getpid()), *self.module],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # A session of its own: Ctrl-C in the terminal reaches the supervisor alone, which stops the others
                # in order, and what the process leaves behind can be ended with it.
                start_new_session=True,
            )
        self._started = time.monotonic()

    def died(self) -> int | None:
        """The exit status if the process has ended since the last call (negative: the signal), else None."""
        if self.process is None or self.process.poll() is None:
            return None
        status = self.process.returncode
        self.end_now()
        self.process = None
        self.deaths += 1
        if time.monotonic() - self._started > HEALTHY_AFTER:
            self._delay = FIRST_DELAY
        self._start_at = time.monotonic() + self._delay
        return status

    @property
    def delay(self) -> float:
        """Seconds from the last death to the next start."""
        return self._delay

    def start_when_due(self) -> None:
        if self.process is None and time.monotonic() >= self._start_at:
            self._delay = min(self._delay * 2, LONGEST_DELAY)
            self.start()

    def end(self) -> None:
        """Asks the process to finish what it has in hand and go."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(signal.SIGTERM)

    def end_now(self) -> None:
        """Ends the process and all it started; harmless when they are gone."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


class Supervisor:
    """Keeps `children` running until `stop` is asked for. `tell` gets one sentence per thing worth knowing."""

    def __init__(self, children: Sequence[Child], tell: Callable[[str], None]) -> None:
        self.children = children
        self.tell = tell
        self.stop_asked = threading.Event()
        self._hurry = threading.Event()

    def start(self) -> None:
        for child in self.children:
            child.start()

    def check(self) -> None:
        """Notes who died and restarts whoever is due. Call it every moment."""
        for child in self.children:
            status = child.died()
            if status is not None:
                self.tell(
                    f"The {child.name} process {ending(status)}; starting it again in {child.delay:g} s. "
                    f"What it said last is in {child.log}."
                )
            child.start_when_due()

    def wait(self, seconds: float = POLL_SECONDS) -> bool:
        """Waits a moment; True when it is time to stop."""
        return self.stop_asked.wait(seconds)

    def run(self) -> None:
        while not self.wait():
            self.check()

    def stop(self) -> None:
        """Ends all children: politely, and after `STOP_PATIENCE` seconds (or a second signal) at once."""
        for child in reversed(self.children):
            child.end()
        deadline = time.monotonic() + STOP_PATIENCE
        while any(child.process and child.process.poll() is None for child in self.children):
            if time.monotonic() > deadline or self._hurry.wait(POLL_SECONDS):
                break
        for child in self.children:
            child.end_now()

    @contextlib.contextmanager
    def stopping_on_signals(self) -> Iterator[None]:
        """Within the block, Ctrl-C, SIGTERM and a closed terminal ask for a stop; a second one hurries it."""

        def ask(_signal: int, _frame: object) -> None:
            if self.stop_asked.is_set():
                self._hurry.set()
            self.stop_asked.set()

        signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        before = {number: signal.signal(number, ask) for number in signals}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def ending(status: int) -> str:
    """How a process ended, as the end of a sentence."""
    return f"was killed ({signal.Signals(-status).name})" if status < 0 else f"ended (exit code {status})"
