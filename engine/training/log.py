"""What a run tells while it goes: a progress bar, `log.jsonl`, and the same figures for TensorBoard."""

import json
import time
from pathlib import Path
from typing import Any, Protocol

from tqdm import tqdm

from engine.training.distributed import Process


class Log(Protocol):
    """Where figures go."""

    def step(self, step: int, done: int, figures: dict[str, Any]) -> None: ...

    def close(self) -> None: ...


class Silence:
    """The log of the processes that do not lead."""

    def step(self, step: int, done: int, figures: dict[str, Any]) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


class RunLog:
    """One line of `log.jsonl` and a point of every TensorBoard curve each `every` steps, and the bar.

    Entries from `first` on, left by a run that was killed after its last save, are dropped: those steps come again.
    """

    def __init__(self, folder: Path, name: str, first: int, steps: int, every: int, unit: str) -> None:
        # Loaded when a run starts: it takes a while.
        from tensorboardX import SummaryWriter

        self._path = folder / "log.jsonl"
        _drop_from(self._path, first)
        self._writer = SummaryWriter(str(folder / "tensorboard"), purge_step=first)
        self._bar = tqdm(total=steps, initial=first, desc=name, unit="step", mininterval=2, disable=None)
        self._every, self._unit = every, unit
        self._done, self._since = 0, time.monotonic()

    def step(self, step: int, done: int, figures: dict[str, Any]) -> None:
        """Count a step on `done` masks (or whatever the unit is); `figures` are numbers, or lists of one a round."""
        self._done += done
        self._bar.update()
        if step % self._every:
            return
        now = time.monotonic()
        rate = self._done / max(now - self._since, 1e-9)
        self._done, self._since = 0, now
        entry = {"step": step, **figures, f"{self._unit}_per_second": round(rate, 1)}
        with self._path.open("a") as log:
            log.write(json.dumps(entry) + "\n")
        for name, value in entry.items():
            values = enumerate(value) if isinstance(value, list) else [(None, value)]
            for number, each in values:
                if name != "step":
                    self._writer.add_scalar(name if number is None else f"{name}/round_{number}", each, step)
        self._writer.flush()
        self._bar.set_postfix_str(f"{rate:,.0f} {self._unit}/s, loss {sum(figures['loss']) / len(figures['loss']):.3f}")

    def close(self) -> None:
        """End the bar and the files."""
        self._bar.close()
        self._writer.close()


def open_log(
    process: Process, folder: Path, name: str, first: int, steps: int, every: int, *, unit: str = "masks"
) -> Log:
    """The log of the process that leads; the others are silent. `unit` is what a run's speed counts."""
    return RunLog(folder, name, first, steps, every, unit) if process.leads else Silence()


def _drop_from(path: Path, first: int) -> None:
    if not path.is_file():
        return
    # A process that was killed may have left half a line.
    whole = [line for line in path.read_text().splitlines(keepends=True) if line.endswith("\n")]
    kept = [line for line in whole if json.loads(line)["step"] < first]
    partial = path.with_suffix(".partial")
    partial.write_text("".join(kept))
    partial.replace(path)
