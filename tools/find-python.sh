#!/bin/sh
# Prints the Python to set up with: `python3` when it is one that the locked packages are known for, else the newest
# such one on the PATH. A Python that is there by name only (a version manager's stub) does not count.
works='import sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))'
for python in python3 python3.13 python3.12 python3.11; do
	if "$python" -c "$works" >/dev/null 2>&1; then
		echo "$python"
		exit 0
	fi
done
echo "maskloop needs Python 3.11, 3.12 or 3.13, and none is on the PATH. Install one, or name it: make up PYTHON=/path/to/python3.12" >&2
echo false
