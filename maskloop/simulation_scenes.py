"""Generated scenes for a simulation to measure on: what the model could do before it saw the domain."""

from pathlib import Path

from engine.evaluation.read_folder import read_folder
from engine.simulation.ground_truth import GroundTruth, ground_truth
from engine.training.scenes.export import write_scenes

_FIRST = 950_000_000
"""Far from the scenes that training runs see, and from those that candidates are judged on."""

_SIZE = (384, 512)
_DIFFICULTY = 0.5


def benchmark_scenes(folder: Path, count: int) -> GroundTruth:
    """So many scenes, written into `folder` unless they are there; always the same ones."""
    if not count:
        return ground_truth([])
    if not (folder / "annotations").is_dir() or len(list((folder / "annotations").iterdir())) != count:
        for _ in write_scenes(folder, count, _FIRST, _SIZE, _DIFFICULTY):
            pass
    return ground_truth(read_folder(folder))
