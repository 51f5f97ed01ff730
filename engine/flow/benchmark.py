"""What a candidate is measured on: the held-out side of its snapshot, and the deployment's fixed benchmark."""

import shutil
import uuid
from dataclasses import replace
from pathlib import Path

from engine.evaluation.read_folder import AnnotatedImage, read_folder, spread_over_sources
from engine.flow.loop_settings import BenchmarkSettings
from engine.settings import get_settings
from engine.training.scenes.export import write_scenes

HELD_OUT = "held-out"
"""The source that all held-out images are: of one sample, whatever they are called."""

_SIZE = (512, 512)
_DIFFICULTY = 0.5


def held_out_images(data: Path, most: int) -> list[AnnotatedImage]:
    """The validation side of a snapshot written to `data`, at most so many images, chosen evenly by their ids."""
    images = [replace(image, group=HELD_OUT) for image in read_folder(data / "validation")]
    return spread_over_sources(images, most)


def benchmark_images(settings: BenchmarkSettings) -> list[AnnotatedImage]:
    """The generated scenes, which are made once and kept, and the images of the folder if one was named.

    Raises InvalidInput when the folder is not there or not of the form.
    """
    images: list[AnnotatedImage] = []
    if settings.scenes:
        images += read_folder(_scenes(settings.seed, settings.scenes))
    if settings.folder is not None:
        images += read_folder(Path(settings.folder), settings.folder_images)
    return images


def _scenes(seed: int, count: int) -> Path:
    folder = get_settings().data / "benchmark" / f"scenes-{seed}-{count}"
    if folder.is_dir():
        return folder
    # Made beside its place and renamed: a benchmark is there as a whole or not at all.
    partial = folder.with_name(f".{folder.name}.{uuid.uuid4().hex}")
    try:
        for _ in write_scenes(partial, count, seed, _SIZE, _DIFFICULTY):
            pass
        try:
            partial.rename(folder)
        except OSError:
            # Another worker was faster; its scenes are the same.
            if not folder.is_dir():
                raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return folder
