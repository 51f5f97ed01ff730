"""A real `maskloop up` in a process of its own, its API as a program sees it, and a real Chromium."""

import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
from playwright.sync_api import Browser, Playwright

# Small machines export the decoder and embed the demo project first, and tests share them.
PATIENCE = 300.0
# All in one process of pytest's, because they share one deployment, whose first start is what takes longest.
E2E = [pytest.mark.e2e, pytest.mark.xdist_group("e2e"), pytest.mark.timeout(1200)]
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# The tour of a first visit lies over a corner of the image.
TOUR_TAKEN = "localStorage.setItem('maskloop.tour', 'taken')"
T = TypeVar("T")
LINK = re.compile(r"http://127\.0\.0\.1:\d+/sign-in\?token=[\w-]+")


@dataclass
class RunningMaskloop:
    """A `maskloop up` process, what its terminal shows, and its data folder."""

    process: subprocess.Popen[str]
    url: str
    data: Path
    terminal: list[str] = field(default_factory=list)

    def said(self) -> str:
        return "".join(self.terminal)

    def new_link(self) -> str:
        """A one-time sign-in link, asked for as a user would in a second terminal."""
        answer = maskloop("link", "--data", str(self.data))
        assert answer.returncode == 0, answer.stderr
        return answer.stdout.strip()

    @contextmanager
    def client(self) -> Iterator[httpx.Client]:
        """A signed-in client of the API."""
        token = self.new_link().partition("token=")[2]
        with httpx.Client(base_url=f"{self.url}/api/v1", timeout=60) as client:
            client.post("/sign-in", json={"token": token}).raise_for_status()
            yield client

    def process_ids(self, name: str) -> list[int]:
        """Processes of this deployment whose command line contains `name`, oldest first."""
        found = []
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit():
                try:
                    command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                    mine = f"MASKLOOP_DATA={self.data}\0".encode() in (folder / "environ").read_bytes()
                except (FileNotFoundError, ProcessLookupError, PermissionError):
                    continue
                if mine and name in command:
                    found.append(int(folder.name))
        return sorted(found)

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows straight from the database file."""
        with closing(sqlite3.connect(f"file:{self.data / 'maskloop.db'}?mode=ro", uri=True)) as database:
            return database.execute(sql).fetchall()


def until(condition: Callable[[], T | None], what: str, patience: float = PATIENCE) -> T:
    """What `condition` returns once that is true; fails with `what` was waited for."""
    deadline = time.monotonic() + patience
    while not (value := condition()):
        assert time.monotonic() < deadline, f"waited {patience:g} s in vain for {what}"
        time.sleep(0.1)
    return value


def maskloop(*arguments: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
    """Runs a `maskloop` command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "maskloop", *arguments],
        check=False,
        capture_output=True,
        text=True,
        timeout=timeout,
        env=clean_environment(),
        stdin=subprocess.DEVNULL,
    )


@contextmanager
def running_maskloop(data: Path) -> Iterator[RunningMaskloop]:
    """Starts `maskloop up` on a free port, waits for its sign-in link, and stops it as a user would."""
    command = [sys.executable, "-m", "maskloop", "up", "--data", str(data), "--port", str(free_port()), "--no-browser"]
    terminal: list[str] = []
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=clean_environment(),
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        reader = threading.Thread(target=terminal.extend, args=(process.stdout,))
        reader.start()
        try:
            until(lambda: LINK.search("".join(terminal)) or process.poll() is not None, "the sign-in link")
            link = LINK.search("".join(terminal))
            assert link, "".join(terminal)
            yield RunningMaskloop(process, link[0].partition("/sign-in")[0], data, terminal)
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
            finally:
                reader.join()


def clean_environment() -> dict[str, str]:
    """This process's environment without settings of maskloop and without colours."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MASKLOOP_")}
    return environment | {"PYTHONUNBUFFERED": "1", "NO_COLOR": "1"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def launch_chromium(playwright: Playwright, arguments: Sequence[str] = CHROMIUM_ARGUMENTS) -> Browser:
    """The machine's own Chromium, else the one Playwright keeps. Skips where there is neither."""
    on_path = next((path for name in CHROMIUM if (path := shutil.which(name))), None)
    kept = Path(playwright.chromium.executable_path)
    if on_path is None and not kept.exists():
        pytest.skip("needs Chromium: `python tools/browser.py` installs it")
    return playwright.chromium.launch(executable_path=on_path or kept, args=list(arguments))
