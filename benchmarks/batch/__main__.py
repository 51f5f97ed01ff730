"""`python -m benchmarks.batch`: a deployment of its own, real workers, a batch of each sort."""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.batch.deployment import make_deployment, start_batch_of
from benchmarks.batch.measure import Measured, measure
from engine.settings import get_settings


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.batch", description=__doc__)
    parser.add_argument("--images", type=int, default=40, help="images per batch [%(default)s]")
    parser.add_argument("--points", type=int, default=8, help="points per side of the automatic stage [%(default)s]")
    options = parser.parse_args()
    table = Table(box=box.SIMPLE_HEAD)
    for heading in ("batch", "workers", "images/s", "work per image", "queue and database per image"):
        table.add_column(heading, justify="left" if heading == "batch" else "right")
    for kind, settings in (("automatic", {"points_per_side": options.points}), ("export", {})):
        for workers in (1, 2):
            measured = run(kind, settings, options.images, workers)
            table.add_row(
                kind,
                str(workers),
                f"{measured.images_per_second:.3g}",
                f"{1000 * measured.work_per_image:.3g} ms",
                f"{1000 * measured.overhead_per_image:.3g} ms",
            )
    Console().print(table)


def run(kind: str, settings: dict[str, object], images: int, workers: int) -> Measured:
    """One batch in a fresh data folder; the workers have loaded the model before the clock starts."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"MASKLOOP_DATA": folder, "OMP_NUM_THREADS": "1"}
        get_settings.cache_clear()
        project = make_deployment(images + workers)
        with running_workers(workers, Path(folder)):
            measure(start_batch_of(project, kind, settings, limit=workers))
            return measure(start_batch_of(project, kind, settings, limit=images))


@contextmanager
def running_workers(count: int, folder: Path) -> Iterator[None]:
    processes: list[subprocess.Popen[bytes]] = []
    with (folder / "worker.log").open("wb") as log:
        try:
            for _ in range(count):
                command = [sys.executable, "-m", "workers", "--queues", "automatic,io", "--no-beat"]
                processes.append(subprocess.Popen(command, stdout=log, stderr=log))
                # One after the other: each takes up what was under way before it started.
                time.sleep(5)
            yield
        finally:
            for process in processes:
                process.terminate()
            for process in processes:
                process.wait()


if __name__ == "__main__":
    main()
