"""Torch's threads do not spin for long: beside another process that computes, that costs many times what it saves."""

import os
import subprocess
import sys

import pytest


def said_by_libgomp(code: str, **more: str) -> str:
    """What libgomp says of its settings while `code` runs in a fresh interpreter."""
    chosen = ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")
    environment = {name: value for name, value in os.environ.items() if name not in chosen}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment | {"OMP_DISPLAY_ENV": "VERBOSE"} | more,
        capture_output=True,
        text=True,
        check=True,
    )
    if "GOMP_SPINCOUNT" not in done.stderr:
        pytest.skip("torch's threads do not come from libgomp here")
    return done.stderr


def test_threads_sleep_soon_unless_somebody_chose_otherwise() -> None:
    assert "GOMP_SPINCOUNT = '2000'" in said_by_libgomp("import engine.sam")
    assert "GOMP_SPINCOUNT = '77'" in said_by_libgomp("import engine.sam", GOMP_SPINCOUNT="77")
    assert "GOMP_SPINCOUNT = '2000'" not in said_by_libgomp("import engine.sam", OMP_WAIT_POLICY="ACTIVE")
