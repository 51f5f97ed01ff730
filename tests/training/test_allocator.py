"""Freed memory stays with the process while it trains, and no longer."""

import platform
import subprocess
import sys

import pytest

SCRIPT = """
import ctypes
import os
from pathlib import Path
from engine.training.allocator import freed_memory_kept

libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_size_t], [ctypes.c_void_p]

def touched_and_freed() -> int:
    blocks = [libc.malloc(64 * 2**20) for _ in range(4)]
    for block in blocks:
        ctypes.memset(block, 1, 64 * 2**20)
    for block in blocks:
        libc.free(block)
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 2**20

before = touched_and_freed()
with freed_memory_kept():
    inside = touched_and_freed()
print(before, inside, touched_and_freed())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc's allocator can be told")
def test_freed_memory_is_kept_until_the_end() -> None:
    printed = subprocess.run([sys.executable, "-c", SCRIPT], check=True, capture_output=True, text=True).stdout
    before, inside, after = (int(megabytes) for megabytes in printed.split())
    assert inside > before + 200
    assert after < before + 50
