"""Sets maskloop up: `.venv` with every dependency, and the built page in `web/dist`. Needs nothing but Python.

    python3 tools/setup.py          what running maskloop needs
    python3 tools/setup.py --dev    and what testing and linting it need

Run it as often as you like: it remembers what it did by the hash of the files that decide it, and does only what
changed.
"""

import argparse
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

from console import SetupError, run, say, succeeds
from page import build_page, digest

REPOSITORY = Path(__file__).resolve().parents[1]
VENV = REPOSITORY / ".venv"
PYTHON = VENV / "bin" / "python"
LOCK = REPOSITORY / "requirements.lock"
TORCH = "torch==2.13.0"  # as in pyproject.toml; a test keeps the two equal


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--dev", action="store_true", help="install what tests and linters need as well")
    dev = arguments.parse_args().dev
    os.chdir(REPOSITORY)
    # A missing network shows within seconds instead of minutes; whoever set these keeps what they set.
    os.environ.setdefault("PIP_RETRIES", "2")
    os.environ.setdefault("PIP_DISABLE_PIP_VERSION_CHECK", "1")
    try:
        worked = install_python_packages(dev)
        worked = build_page(REPOSITORY / "web", VENV) or worked
    except SetupError as failure:
        say(f"Set-up stopped. {failure}", error=True)
        return 1
    say("Set-up is complete." if worked else "Everything is set up already.")
    return 0


def install_python_packages(dev: bool) -> bool:
    """Brings `.venv` to what `requirements.lock` says; False when it is there already."""
    wanted = digest([REPOSITORY / "pyproject.toml", LOCK, Path(__file__)]) + sys.version
    stamps = {kind: VENV / f".maskloop-{kind}" for kind in ("run", "dev")}
    enough = [stamps["dev"]] if dev else [stamps["run"], stamps["dev"]]
    if PYTHON.exists() and any(stamp.exists() and stamp.read_text() == wanted for stamp in enough):
        return False

    create_venv()
    pip("install", "-q", "-c", str(LOCK), "setuptools")  # builds the editable install below
    install_torch()
    say("Installing the locked Python packages" + (" with the tools for tests and linting." if dev else "."))
    project = ".[dev,production,regions,text]" if dev else "."
    pip("install", "-q", "-c", str(LOCK), "--no-build-isolation", "-e", project)
    stamps["dev" if dev else "run"].write_text(wanted)
    return True


def create_venv() -> None:
    """Makes `.venv` with this Python; one made with another Python version is made anew."""
    version = "{}.{}".format(*sys.version_info[:2])
    same = f"import sys; sys.exit('{{}}.{{}}'.format(*sys.version_info[:2]) != '{version}')"
    if PYTHON.exists() and succeeds(PYTHON, "-c", same):
        return
    say(f"Creating .venv with Python {version}, so that nothing outside this folder is touched.")
    try:
        venv.create(VENV, with_pip=True, clear=VENV.exists())
    except subprocess.CalledProcessError as error:
        raise SetupError(
            "Python could not put pip into .venv. On Debian and Ubuntu, `apt install python3-venv` mends that."
        ) from error


def install_torch() -> None:
    """Installs the build of torch that fits this machine: gigabytes of CUDA only where a CUDA device is."""
    version = TORCH.partition("==")[2]
    installed = f"import importlib.metadata as m; assert m.version('torch').split('+')[0] == '{version}'"
    if succeeds(PYTHON, "-c", installed):
        return
    say("Installing PyTorch, the largest part; this takes a few minutes.")
    if succeeds(PYTHON, "-m", "pip", "install", "-q", "--no-index", "--no-deps", TORCH):
        say("  Took it from the wheel folder that your pip is configured with.")
        return
    if sys.platform == "linux" and not has_nvidia_gpu():
        say("  There is no NVIDIA GPU here, so this is the CPU build, without gigabytes of CUDA.")
        pip("install", "-q", "-c", str(LOCK), "uv")
        uv = [PYTHON, "-m", "uv", "pip", "install", "-q", "--python", PYTHON, "-c", LOCK, TORCH]
        if succeeds(*uv, "--torch-backend", "cpu"):
            return
        say("  The CPU build is not to be had from here; taking the package index's build, which brings CUDA along.")
    pip("install", "-c", str(LOCK), TORCH, show_progress=True)


def has_nvidia_gpu() -> bool:
    return Path("/proc/driver/nvidia/version").exists() or (
        shutil.which("nvidia-smi") is not None and succeeds("nvidia-smi", "-L")
    )


def pip(*arguments: str, show_progress: bool = False) -> None:
    run(PYTHON, "-m", "pip", *arguments, what="installing Python packages", show_progress=show_progress)


if __name__ == "__main__":
    sys.exit(main())
