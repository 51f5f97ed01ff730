"""From what a person names on the command line to batches."""

import logging
from collections.abc import Sequence
from pathlib import Path

import torch

from engine.training.batch import TrainingData
from engine.training.data.ahead import Ahead
from engine.training.data.dataset import MaskDataset
from engine.training.data.open import open_dataset
from engine.training.data.order import strata, with_replay
from engine.training.data.packed_data import PackedData
from engine.training.data.scene_dataset import SCENES, SEEDS_APART, Scenes
from engine.training.data.settings import DataSettings
from engine.training.data.streaming import StreamingData

log = logging.getLogger(__name__)


def open_training_data(
    paths: Sequence[str | Path],
    settings: DataSettings,
    *,
    side: int,
    device: torch.device,
    seed: int = 0,
    workers: int = 0,
    replay: Sequence[str | Path] = (),
    replay_share: float = 0.0,
) -> TrainingData:
    """Batches from the data at `paths`, each a path for `open_dataset` or the word `scenes`.

    Args:
        paths: what to train on; sources and scenes are mixed as `settings` says.
        settings: of the recipe.
        side: of the model input, in pixels.
        device: where batches are wanted.
        seed: of every choice; runs with different seeds see different scenes.
        workers: loading processes; 0 loads in this one.
        replay: earlier data, of which every batch has `replay_share`.
        replay_share: 0..1.

    Raises InvalidInput and InvalidSetting before anything is trained, naming the file and the record.
    """
    data = [_open(path, settings, seed) for path in paths]
    earlier = [_open(path, settings, seed) for path in replay] if replay_share else []
    _warn_of_unknown_sources([*data, *earlier], settings)
    parts = strata(data, settings.source_weights, settings.scene_fraction)
    if earlier:
        parts = with_replay(
            parts, strata(earlier, settings.source_weights, settings.scene_fraction), replay_share, len(data)
        )
    kind = PackedData if settings.in_memory else StreamingData
    opened = kind([*data, *earlier], parts, settings, side=side, device=device, seed=seed, workers=workers)
    return Ahead(opened, device) if settings.in_memory and device.type == "cuda" else opened


def _warn_of_unknown_sources(data: Sequence[MaskDataset], settings: DataSettings) -> None:
    """A weight for a source that no data have is a typing error, or meant for other data: training can go on."""
    there = sorted({name for dataset in data if not isinstance(dataset, Scenes) for name in dataset.sources.names})
    unknown = sorted(set(settings.source_weights) - set(there))
    if there and unknown:
        log.warning(
            "data.source_weights names %s, and no image is from there. The sources are: %s.",
            ", ".join(unknown),
            ", ".join(there),
        )


def _open(path: str | Path, settings: DataSettings, seed: int) -> MaskDataset:
    if str(path) == SCENES:
        return Scenes(SEEDS_APART * (seed + 1))
    return open_dataset(path, stages=settings.stages)
