"""The supervisor with real processes: it restarts, keeps logs, and leaves nobody behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from maskloop.supervisor import Child, Supervisor

PATIENCE = 20.0


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], list[str]]:
    """Makes a runnable Python module of some source and returns what a `Child` runs."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    def write(source: str) -> list[str]:
        (tmp_path / "supervised.py").write_text(source)
        return ["supervised"]

    return write


def until(condition: Callable[[], object], supervisor: Supervisor | None = None) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        if supervisor is not None:
            supervisor.check()
        time.sleep(0.02)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"


SLEEPER = "import time\nprint('ready', flush=True)\ntime.sleep(600)\n"


def test_a_killed_process_is_started_again_and_the_terminal_says_so(
    tmp_path: Path, module: Callable[[str], list[str]]
) -> None:
    told: list[str] = []
    child = Child("worker", module(SLEEPER), tmp_path / "logs" / "worker.log")
    supervisor = Supervisor([child], told.append)
    supervisor.start()
    try:
        assert child.process is not None
        first = child.process.pid
        until(lambda: "ready" in child.log.read_text())
        os.kill(first, signal.SIGKILL)
        until(lambda: child.log.read_text().count("ready") == 2, supervisor)
        assert child.process.pid != first
        assert len(told) == 1
        assert "The worker process was killed (SIGKILL)" in told[0]
        assert str(child.log) in told[0]
    finally:
        supervisor.stop()
    assert not alive(child.process.pid)


def test_a_process_that_keeps_dying_is_started_less_and_less_often(
    tmp_path: Path, module: Callable[[str], list[str]]
) -> None:
    told: list[str] = []
    child = Child("web", module("import sys; sys.exit('no such database')"), tmp_path / "web.log")
    supervisor = Supervisor([child], told.append)
    supervisor.start()
    until(lambda: child.deaths == 3, supervisor)
    supervisor.stop()
    waits = [float(sentence.partition("again in ")[2].split(" s")[0]) for sentence in told]
    assert waits == [0.5, 1.0, 2.0]
    assert "exit code 1" in told[0]
    assert "no such database" in child.log.read_text()


def test_stopping_ends_a_process_that_does_not_listen_with_all_it_started(
    tmp_path: Path, module: Callable[[str], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("maskloop.supervisor.STOP_PATIENCE", 0.2)
    source = (
        "import signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "grandchild = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "print(grandchild.pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    child = Child("worker", module(source), tmp_path / "worker.log")
    supervisor = Supervisor([child], print)
    supervisor.start()
    until(lambda: child.log.exists() and child.log.read_text().endswith("\n"))
    grandchild = int(child.log.read_text())
    supervisor.stop()
    assert child.process is not None
    assert child.process.returncode == -signal.SIGKILL
    until(lambda: not alive(grandchild))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent is gone")
def test_a_killed_supervisor_leaves_no_process_behind(tmp_path: Path, module: Callable[[str], list[str]]) -> None:
    module(SLEEPER)
    script = (
        "import time\nfrom pathlib import Path\nfrom maskloop.supervisor import Child, Supervisor\n"
        f"child = Child('worker', ['supervised'], Path({str(tmp_path / 'worker.log')!r}))\n"
        "Supervisor([child], print).start()\n"
        "print(child.process.pid, flush=True)\ntime.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as supervisor:
        assert supervisor.stdout is not None
        child = int(supervisor.stdout.readline())
        until(lambda: "ready" in (tmp_path / "worker.log").read_text())
        supervisor.kill()
    until(lambda: not alive(child))
