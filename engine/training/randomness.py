"""Random numbers that are a function of (seed, step, purpose) and of nothing that happened before.

So a resumed run needs no state of a generator, and any number of processes draw what one would.
"""

import hashlib

import torch


def stream_seed(seed: int, step: int, purpose: str) -> int:
    """A seed in [0, 2⁶³) for one purpose in one step; different arguments give unrelated streams."""
    digest = hashlib.blake2b(f"{seed}/{step}/{purpose}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


def step_generator(seed: int, step: int, purpose: str) -> torch.Generator:
    """A generator on the CPU for one purpose in one step."""
    return torch.Generator().manual_seed(stream_seed(seed, step, purpose))
