"""Sees to it that there is a Chromium for the end-to-end tests: the machine's own, else Debian's, else Playwright's."""

import os
import shutil
import sys
from pathlib import Path

from console import SetupError, run, say

ON_PATH = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
WHAT = "installing Chromium for the end-to-end tests"


def main() -> int:
    if any(shutil.which(name) for name in ON_PATH):
        return 0
    try:
        install_chromium()
    except SetupError as failure:
        say(str(failure), error=True)
        return 1
    return 0


def install_chromium() -> None:
    apt = shutil.which("apt-get")
    if apt and os.geteuid() == 0:
        say("There is no Chromium on the PATH; installing Debian's for the end-to-end tests.")
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        run(apt, "update", "-q", what=WHAT, environment=environment)
        run(apt, "install", "-q", "-y", "--no-install-recommends", "chromium", what=WHAT, environment=environment)
        return
    say("There is no Chromium on the PATH; asking Playwright for the one it keeps in your cache folder.")
    run(Path(sys.executable), "-m", "playwright", "install", "chromium", what=WHAT)


if __name__ == "__main__":
    sys.exit(main())
