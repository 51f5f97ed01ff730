"""Runs a Python module that ends with the process which started it: `python -m maskloop.tether PARENT_PID MODULE …`.

A killed supervisor cannot stop its children, and one left behind would hold the port or take the next one's work. Linux
can tell a process that its parent is gone; elsewhere the module simply runs.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    parent, *module = sys.argv[1:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != int(parent):  # it went before the line above
            sys.exit(1)
    os.execv(sys.executable, [sys.executable, "-m", *module])


if __name__ == "__main__":
    main()
