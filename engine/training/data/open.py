"""Finds out what a path holds and opens the reader for it."""

from pathlib import Path

from engine.dataset.snapshot import HEADER_FILE, Split
from engine.errors import InvalidInput
from engine.training.data.coco import Coco
from engine.training.data.dataset import MaskDataset
from engine.training.data.sa1b_folder import Sa1bFolder
from engine.training.data.sa1b_tar import Sa1bTar
from engine.training.data.snapshots import Snapshot

ACCEPTED = (
    "an SA-1B folder (images/ and annotations/, or NAME.jpg beside NAME.json), a .tar shard or a folder of shards, "
    "a COCO instances file (annotations.json or annotations.json:IMAGES), or a snapshot folder"
)


def open_dataset(path: str | Path, *, split: Split = "train", stages: tuple[str, ...] | None = None) -> MaskDataset:
    """The data set at `path`, whose kind is told from what is there.

    `split` and `stages` choose from data that know of them, which are snapshots. Raises InvalidInput where nothing can
    be read, naming the file and the record.
    """
    file, images = _with_images(str(path))
    if file.is_dir():
        if (file / HEADER_FILE).is_file():
            return Snapshot(file, split=split, stages=stages)
        if not (file / "annotations").is_dir() and any(file.glob("*.tar")):
            return Sa1bTar(file)
        return Sa1bFolder(file)
    if not file.exists():
        raise InvalidInput(f"There is no {path}. Training reads {ACCEPTED}.")
    if file.suffix == ".json":
        return Coco(file, images)
    if file.suffix == ".tar":
        return Sa1bTar(file)
    raise InvalidInput(f"{path} is not data that training can read, which is {ACCEPTED}.")


def _with_images(path: str) -> tuple[Path, Path | None]:
    """`FILE.json:FOLDER` as two paths."""
    whole = Path(path)
    file, mark, images = path.rpartition(":")
    if whole.exists() or not mark or not file.endswith(".json"):
        return whole, None
    return Path(file), Path(images)
