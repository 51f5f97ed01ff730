"""SA-1B as published: tar shards of NAME.jpg and NAME.json, read in any order through an index of offsets."""

import os
import tarfile
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from engine.errors import InvalidInput
from engine.training.data import sa1b_records
from engine.training.data.dataset import MaskedImage, check_sizes, read_pixels
from engine.training.data.index_file import keep
from engine.training.data.sa1b_folder import IMAGE_SUFFIXES, source_of, sources_of

_ROW = [("shard", "u4"), ("image", "i8"), ("image_size", "i8"), ("record", "i8"), ("record_size", "i8")]


class Sa1bTar:
    """One shard or a folder of them. Only offsets and names are held; nothing is unpacked."""

    def __init__(self, path: Path) -> None:
        """Raises InvalidInput where there is no shard, one is damaged or compressed, or an annotation has no image."""
        self.name = path.stem if path.is_file() else path.name
        self._shards = [path] if path.is_file() else sorted(path.glob("*.tar"))
        if not self._shards:
            raise InvalidInput(f"{path} holds no .tar shards.")
        folder = path.parent if path.is_file() else path
        indices = keep(folder, "tar", ("offsets", "names"), self._shards, lambda: _index(self._shards))
        self._rows, self._stems = indices["offsets"], indices["names"]
        if not len(self):
            raise InvalidInput(f"{path} holds no annotations (NAME.json) to train on.")
        self.sources = sources_of(self._stems.rows, self.name)

    def __len__(self) -> int:
        return len(self._rows.rows)

    def read(self, index: int) -> MaskedImage:
        row = self._rows.rows[index]
        shard = self._shards[int(row["shard"])]
        stem = os.fsdecode(bytes(self._stems.rows[index]))
        where = f"{shard}, {stem}"
        with shard.open("rb") as file:
            file.seek(int(row["record"]))
            record = sa1b_records.parse(file.read(int(row["record_size"])), f"{where}.json")
            file.seek(int(row["image"]))
            content = file.read(int(row["image_size"]))
        masks = sa1b_records.masks(record["annotations"], f"{where}.json")
        image = read_pixels(content, where)
        check_sizes(image, masks, where)
        return MaskedImage(f"{shard.stem}/{stem}", source_of(self.sources, index), image, masks)


def _index(shards: list[Path]) -> dict[str, NDArray[Any]]:
    rows: list[NDArray[Any]] = []
    names: list[NDArray[np.bytes_]] = []
    for number, shard in enumerate(tqdm(shards, desc="indexing shards", disable=len(shards) < 2)):
        found = _members(shard)
        rows.append(np.array([(number, *places) for places in found.values()], dtype=_ROW))
        names.append(np.array([os.fsencode(stem) for stem in found], dtype=None if found else "S1"))
    return {"offsets": np.concatenate(rows), "names": np.concatenate(names)}


def _members(shard: Path) -> dict[str, tuple[int, int, int, int]]:
    """By stem: offset and size of the image, offset and size of its annotation."""
    images: dict[str, tuple[int, int]] = {}
    records: dict[str, tuple[int, int]] = {}
    end = shard.stat().st_size
    try:
        with tarfile.open(shard, "r:") as archive:
            for member in archive:
                path = PurePosixPath(member.name)
                if not member.isreg() or path.name.startswith("."):
                    continue
                if member.offset_data + member.size > end:
                    raise InvalidInput(f"{shard} is cut off in the middle of {member.name}; download it again.")
                if path.suffix.lower() == ".json":
                    records[path.stem] = member.offset_data, member.size
                elif path.suffix.lower() in IMAGE_SUFFIXES:
                    images[path.stem] = member.offset_data, member.size
    except (tarfile.TarError, OSError) as error:
        raise InvalidInput(
            f"{shard} cannot be read as a tar file ({error}). Compressed shards must be unpacked to .tar first."
        ) from error
    lost = [stem for stem in records if stem not in images]
    if lost:
        raise InvalidInput(f"{shard}: {lost[0]}.json has no image beside it ({len(lost)} such annotations).")
    return {stem: (*images[stem], *places) for stem, places in sorted(records.items())}
