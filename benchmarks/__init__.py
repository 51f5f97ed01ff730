"""Measurements, each a command: `python -m benchmarks.NAME`. Speed belongs here and not into tests."""

import engine as engine  # Before torch: how its threads wait, as in every process of maskloop.
