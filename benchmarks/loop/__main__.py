"""`python -m benchmarks.loop`: see the package."""

import argparse
import subprocess
import sys
from pathlib import Path

SCENES_ONLY = {
    "steps": 2800,
    "encoder_steps": 150,
    "clicks_steps": 500,
    "decay_steps": 150,
    "phases.0.images": 4,
    "phases.0.window": 128,
    "phases.1.window": 128,
    "phases.2.window": 256,
    "phases.2.images": 3,
    "data.scenes_held": 200,
    "data.scenes_per_step": 0.05,
    "data.scene_fraction": 1.0,
    "schedule.decay_steps": 500,
}
"""A `vit_t` in little time: first windows of a sixteenth of the input, all that a small object needs to be seen in;
further clicks in windows of a quarter, whole inputs at last."""


def main() -> int:
    options, rest = _parser().parse_known_args()
    start: Path = options.start or options.out / "start" / "model.safetensors"
    if options.start is None and not (options.out / "start" / "finished").exists():
        status = _maskloop("train", "vit_t", "--data", "scenes", "--out", start.parent, "--seed", 1, *_overrides())
        if status:
            return status
        (options.out / "start" / "finished").touch()
    source = [] if options.source is None else ["--source", options.source]
    return _maskloop(
        "simulate", "--images", options.folder, *source, "--start", start, "--out", options.out / "simulation", *rest
    )


def _overrides() -> list[str]:
    return [part for name, value in SCENES_ONLY.items() for part in ("--set", f"{name}={value}")]


def _maskloop(*arguments: object) -> int:
    """Ctrl-C reaches the command as well, which ends in order; its status says so."""
    with subprocess.Popen([sys.executable, "-m", "maskloop", *map(str, arguments)]) as process:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                continue


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.loop",
        description="The loop in full, from a model of generated scenes. Further options go to maskloop simulate.",
    )
    parser.add_argument("folder", type=Path, help="a folder with images/ and annotations/ as in SA-1B")
    parser.add_argument("--source", help="only images whose name begins with this and an underscore")
    parser.add_argument("--out", type=Path, required=True, help="where everything goes; what is there goes on")
    parser.add_argument("--start", type=Path, help="weights to start from instead of training some on scenes")
    return parser


if __name__ == "__main__":
    sys.exit(main())
