"""Pictures for pre-training: the files of a folder, or the images of any data that training reads."""

import logging
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from engine.dataset.snapshot import HEADER_FILE
from engine.errors import InvalidInput
from engine.training.batch import Shard
from engine.training.data.dataset import MaskDataset, MaskedImage, Sources, read_pixels
from engine.training.data.open import open_dataset
from engine.training.data.order import Order, strata
from engine.training.data.sa1b_folder import IMAGE_SUFFIXES

log = logging.getLogger(__name__)

ASPECTS = (3 / 4, 4 / 3)
TRIES = 8
"""Pictures in a row that may be unreadable before a run stops."""

_CROP = 3  # purpose of a random stream


class ImageFolder:
    """The image files at or below a folder, without masks. Only names are held."""

    def __init__(self, folder: Path) -> None:
        """Raises InvalidInput where there are none."""
        self._folder, self.name = folder, folder.name
        found = [
            os.fsencode(Path(base, name).relative_to(folder))
            for base, _, names in os.walk(folder)
            for name in names
            if name.lower().endswith(IMAGE_SUFFIXES) and not name.startswith(".")
        ]
        if not found:
            raise InvalidInput(f"{folder} holds no images to pre-train on: no {', '.join(IMAGE_SUFFIXES)} files.")
        self._names = np.sort(np.array(found))
        self.sources = Sources((self.name,))

    def __len__(self) -> int:
        return len(self._names)

    def read(self, index: int) -> MaskedImage:
        path = self._folder / os.fsdecode(bytes(self._names[index]))
        return MaskedImage(f"{self.name}/{path.stem}", self.name, read_pixels(path, str(path)), ())


def open_pictures(path: str | Path) -> MaskDataset:
    """What training reads, or any folder of images. Raises InvalidInput where there are none."""
    folder = Path(path)
    plain = folder.is_dir() and not (folder / HEADER_FILE).is_file() and not any(folder.glob("*.tar"))
    return ImageFolder(folder) if plain else open_dataset(path)


class Pictures:
    """An endless seeded sequence of random views of pictures, in batches that are a function of the step alone."""

    def __init__(
        self, datasets: Sequence[MaskDataset], *, side: int, smallest_crop: float, seed: int, workers: int = 0
    ) -> None:
        """Views of `side` pixels, made by `workers` loading processes (0: in this one)."""
        self._views = _Views(tuple(datasets), side, smallest_crop, seed)
        self._workers = workers
        self._batches: Iterator[Tensor] | None = None
        self._next: tuple[int, int, Shard] | None = None

    def __len__(self) -> int:
        """Pictures in an epoch."""
        return sum(len(dataset) for dataset in self._views.datasets)

    def batch(self, step: int, images: int, shard: Shard) -> Tensor:
        """This shard's rows of the global batch of `step`: n×3×side×side, uint8.

        Raises InvalidInput where too many files in a row are broken.
        """
        if self._batches is None or self._next != (step, images, shard):
            self._batches = self._load(step, images, shard)
        self._next = (step + 1, images, shard)
        return next(self._batches)

    def _load(self, step: int, images: int, shard: Shard) -> Iterator[Tensor]:
        rows = shard.rows(images)

        def batches() -> Iterator[list[int]]:
            current = step
            while True:
                yield [current * images + row for row in rows]
                current += 1

        loader: DataLoader[Tensor] = DataLoader(
            self._views,
            batch_sampler=_Endless(batches()),
            num_workers=self._workers,
            worker_init_fn=_settle,
            # Not forked: a fork of a process with threads and a GPU context may hang.
            multiprocessing_context="spawn" if self._workers else None,
        )
        return iter(loader)


class _Endless:
    def __init__(self, batches: Iterator[list[int]]) -> None:
        self._batches = batches

    def __iter__(self) -> Iterator[list[int]]:
        return self._batches


class _Views(Dataset[Tensor]):
    """Position → view, 3×side×side, uint8."""

    def __init__(self, datasets: tuple[MaskDataset, ...], side: int, smallest_crop: float, seed: int) -> None:
        self.datasets = datasets
        self._side, self._smallest_crop, self._seed = side, smallest_crop, seed
        self._order: Order | None = None

    def __getitem__(self, position: int) -> Tensor:
        random = np.random.default_rng((self._seed, _CROP, position))
        view = random_view(self._read(position), self._side, self._smallest_crop, random)
        return torch.from_numpy(view).permute(2, 0, 1).contiguous()

    def _read(self, position: int) -> NDArray[np.uint8]:
        if self._order is None:  # made in the loading process: it cannot be sent there
            self._order = Order(strata(self.datasets, {}, 0.0), self._seed)
        for shift in range(TRIES):
            dataset, image = self._order.image(position + shift)
            try:
                return self.datasets[dataset].read(image).image
            except InvalidInput as error:
                if shift + 1 == TRIES:
                    raise
                log.warning("Passed over: %s", error)
        raise AssertionError("unreachable")


def random_view(
    image: NDArray[np.uint8], side: int, smallest_crop: float, random: np.random.Generator
) -> NDArray[np.uint8]:
    """A random part of H×W×3, resized to side×side×3 and mirrored half of the time.

    Its area is at least `smallest_crop` of the picture's, its aspect ratio within 3:4 and 4:3 (Szegedy et al., 2015).
    """
    height, width = image.shape[:2]
    area = height * width * random.uniform(smallest_crop, 1.0)
    aspect = np.exp(random.uniform(*np.log(ASPECTS)))
    crop_width = min(width, max(1, round(float(np.sqrt(area * aspect)))))
    crop_height = min(height, max(1, round(float(np.sqrt(area / aspect)))))
    y = int(random.integers(height - crop_height + 1))
    x = int(random.integers(width - crop_width + 1))
    crop = image[y : y + crop_height, x : x + crop_width]
    shrinks = crop_height > side or crop_width > side
    view = cv2.resize(crop, (side, side), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC)
    return np.ascontiguousarray(view[:, ::-1] if random.random() < 0.5 else view, dtype=np.uint8)


def _settle(_worker: int) -> None:
    """There is a loading process per core already."""
    cv2.setNumThreads(1)
