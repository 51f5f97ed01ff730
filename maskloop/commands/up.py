"""`maskloop up`: the whole deployment from one command, with nothing else to install or start."""

import os
import socket
import sys
import time
import urllib.error
import urllib.request
import webbrowser
from importlib.metadata import version
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer
from rich.console import Console

from engine.errors import InvalidSetting
from engine.flow.dispatch import Queue
from engine.flow.sign_in import create_owner_if_none
from engine.settings import Settings
from engine.store.unit_of_work import unit_of_work
from maskloop.commands.deployment import EVERY_ADDRESS, DataOption, apply_options, people_open, sign_in_link
from maskloop.running import HeldFolder, find_running, hold
from maskloop.supervisor import Child, Supervisor
from migrations import upgrade

START_PATIENCE = 60.0
DEATHS_AT_START = 3
PROMPT_QUEUES = tuple(queue.value for queue in Queue if queue is not Queue.TRAIN)
GIVING_WAY = 10
"""By how much retraining is less urgent than the rest, as `nice` counts."""

console = Console(highlight=False, soft_wrap=True)


def up(
    data: DataOption = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on [127.0.0.1: this machine only]")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on [8631]", min=1, max=65535)] = None,
    browser: Annotated[bool, typer.Option(help="Open the page where there is a desktop")] = True,
) -> None:
    """Start maskloop on this machine and print a sign-in link. Ctrl-C stops it.

    Example: maskloop up --data ~/annotations --port 9000
    """
    settings = apply_options(data, host, port)
    settings.data.mkdir(parents=True, exist_ok=True)
    running = find_running(settings.data)
    if running is not None:
        console.print(f"maskloop is running with the data folder {settings.data} already (process {running.pid}).")
        console.print(f"A new sign-in link:\n\n  {sign_in_link(running.url)}\n")
        return
    with hold(settings.data) as folder:
        start(settings, folder, browser)


def start(settings: Settings, folder: HeldFolder, browser: bool) -> None:
    """Brings the database up to date, starts the processes and supervises them until someone stops this one."""
    check_port_is_free(settings)
    console.print(f"maskloop {version('maskloop')} is starting; everything it keeps is in {settings.data}")
    upgrade()
    with unit_of_work() as uow:
        create_owner_if_none(uow)
    supervisor = Supervisor(children(settings), tell=console.print)
    with supervisor.stopping_on_signals():
        supervisor.start()
        try:
            if wait_for_health(supervisor, settings):
                folder.publish(people_open(settings))
                greet(settings, browser)
            supervisor.run()
        finally:
            console.print("Stopping. Work in progress goes on at the next start.")
            supervisor.stop()


def children(settings: Settings) -> list[Child]:
    """The API, the worker with the schedule, and one that retrains; each with a log file of its own.

    A training takes hours and a worker does one thing at a time, so it has a process of its own; it gives way to the
    others, so that annotators' images are still embedded while they look at the last one.
    """
    logs = settings.data / "logs"
    listen = ["--host", settings.host, "--port", str(settings.port), "--no-access-log"]
    return [
        Child("web", ["uvicorn", "--factory", "api.app:create_app", *listen], logs / "web.log"),
        Child("worker", ["workers", "--queues", ",".join(PROMPT_QUEUES)], logs / "worker.log"),
        Child(
            "training",
            ["workers", "--queues", Queue.TRAIN.value, "--no-beat", "--nice", str(GIVING_WAY)],
            logs / "training.log",
        ),
    ]


def check_port_is_free(settings: Settings) -> None:
    """Raises InvalidSetting, with a sentence that says what to do, where uvicorn would leave a stack trace in a log."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise InvalidSetting(
                f"maskloop cannot listen on {settings.host}, port {settings.port}: {error.strerror}. "
                f"Choose another port: maskloop up --port {settings.port + 1}"
            ) from None


def wait_for_health(supervisor: Supervisor, settings: Settings) -> bool:
    """Waits until the API answers; False when a stop is asked for first. Raises InvalidSetting when it cannot start."""
    web = supervisor.children[0]
    deadline = time.monotonic() + START_PATIENCE
    while not healthy(settings):
        if supervisor.wait():
            return False
        supervisor.check()
        if web.deaths >= DEATHS_AT_START or time.monotonic() > deadline:
            raise InvalidSetting(f"The web process does not start. The end of {web.log}:\n{last_lines(web.log)}")
    return True


def healthy(settings: Settings) -> bool:
    host = "127.0.0.1" if settings.host in EVERY_ADDRESS else settings.host
    # Straight to this machine, whatever proxy the environment names.
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(f"http://{bracketed(host)}:{settings.port}/api/v1/health", timeout=2) as answer:
            return answer.status == 200
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


def greet(settings: Settings, browser: bool) -> None:
    address = sign_in_link(people_open(settings))
    console.print(f"\nOpen this link to sign in; it works once, within a day:\n\n  [bold]{address}[/bold]\n")
    if urlsplit(people_open(settings)).hostname not in ("127.0.0.1", "localhost", "::1"):
        console.print("Others on the network can reach this address: the link is as good as a password.")
    console.print(f"A new link: maskloop link. Logs: {settings.data / 'logs'}. Ctrl-C stops maskloop; nothing is lost.")
    if browser and has_desktop():
        webbrowser.open(address)


def bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def has_desktop() -> bool:
    return sys.platform == "darwin" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def last_lines(log: Path, count: int = 15) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-count:])
