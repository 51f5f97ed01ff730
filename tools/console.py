"""How the set-up scripts talk and run other programs: quiet while it works, plain sentences when it does not."""

import subprocess
import sys
from os import PathLike

# What pip, uv, npm and apt say when they cannot reach anything.
NO_NETWORK = (
    "name resolution",
    "name or service not known",
    "newconnectionerror",
    "max retries exceeded",
    "network is unreachable",
    "connection refused",
    "connect timeout",
    "dns error",
    "enotfound",
    "eai_again",
    "econnrefused",
    "etimedout",
    "could not resolve",
)

Argument = str | PathLike[str]


class SetupError(Exception):
    """Set-up cannot go on; the message says why and what to do."""


def say(sentence: str, *, error: bool = False) -> None:
    print(sentence, file=sys.stderr if error else sys.stdout, flush=True)


def succeeds(*command: Argument) -> bool:
    """Whether a command ends well; what it says is dropped."""
    try:
        return subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, check=False).returncode == 0
    except FileNotFoundError:
        return False


def run(
    *command: Argument,
    what: str,
    cwd: Argument = ".",
    show_progress: bool = False,
    environment: dict[str, str] | None = None,
) -> None:
    """Runs a command; if it fails, raises `SetupError` with the end of what it said. `what` completes "while …"."""
    progress = show_progress and sys.stdout.isatty()
    result = subprocess.run(
        command,
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=None if progress else subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        check=False,
    )
    if result.returncode == 0:
        return
    said = ((result.stdout or "") + result.stderr).strip()
    if any(sign in said.lower() for sign in NO_NETWORK):
        raise SetupError(
            f"There is no network, or a package registry cannot be reached, while {what}. "
            "Connect this machine (or configure its package mirror) and run the same command again: "
            "it goes on where it stopped."
        )
    tail = "\n".join(said.splitlines()[-20:])
    shown = " ".join(str(part) for part in command)
    raise SetupError(f"Something failed while {what}.\n\n{tail}\n\nThe command was: {shown}")
