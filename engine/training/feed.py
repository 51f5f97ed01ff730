"""Filling packed data sets: a folder of real images once, generated scenes without end."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from pycocotools import mask as coco_mask
from torch.utils.data import DataLoader, IterableDataset, get_worker_info
from tqdm import tqdm

from engine.errors import InvalidInput
from engine.training.packed import PackedDataset, PackedImage, pack
from engine.training.scenes import generate_scene

LARGEST_MASK = 0.9
"""Masks covering more of the image are not trained on (paper, appendix A)."""

SCENE_SHAPES = ((512, 512), (384, 512), (512, 384), (340, 512), (512, 340))


def load_folder(folder: Path, max_masks: int, side: int, device: torch.device, *, workers: int) -> PackedDataset:
    """All images of a folder in SA-1B form (`images/NAME.jpg`, `annotations/NAME.json`), longest side at most `side`.

    Raises InvalidInput where there are none.
    """
    names = sorted(path.stem for path in (folder / "annotations").glob("*.json"))
    if not names:
        raise InvalidInput(f"{folder} has no annotations/*.json to train on.")
    data = PackedDataset(len(names), max_masks, side, device)
    generator = np.random.default_rng(0)
    # Not forked: a fork of a process that holds a GPU context cannot be used.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        packed = pool.map(_read_packed, [folder] * len(names), names, [side] * len(names), chunksize=8)
        for index, image in enumerate(tqdm(packed, total=len(names), desc="reading images", mininterval=2)):
            data.put(index, image, generator)
    return data


def _read_packed(folder: Path, name: str, side: int) -> PackedImage:
    record = json.loads((folder / "annotations" / f"{name}.json").read_text())
    with Image.open(folder / "images" / record["image"]["file_name"]) as opened:
        image = np.asarray(opened.convert("RGB"))
    masks = [coco_mask.decode(annotation["segmentation"]) > 0 for annotation in record["annotations"]]
    kept = [mask for mask in masks if 0 < mask.mean() <= LARGEST_MASK]
    stack = np.stack(kept) if kept else np.zeros((0, *image.shape[:2]), bool)
    image, stack = fit(image, stack, side)
    return pack(image, stack, name.split("_", 1)[0], side, name)


def fit(image: NDArray[np.uint8], masks: NDArray[np.bool_], side: int) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Shrink an image and its masks so that the longest side is at most `side`."""
    height, width = image.shape[:2]
    scale = side / max(height, width)
    if scale >= 1:
        return image, masks
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    shrunk = [cv2.resize(mask.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0 for mask in masks]
    return small, np.stack(shrunk) if shrunk else np.zeros((0, size[1], size[0]), bool)


class Scenes(IterableDataset[PackedImage]):
    """Generated scenes, each seed once: worker w of n makes seeds `first` + w, `first` + w + n, …"""

    def __init__(self, first: int, side: int) -> None:
        self.first, self.side = first, side

    def __iter__(self) -> Iterator[PackedImage]:
        cv2.setNumThreads(1)
        info = get_worker_info()
        seed, stride = self.first + (info.id if info else 0), info.num_workers if info else 1
        while True:
            shape = SCENE_SHAPES[seed % len(SCENE_SHAPES)]
            scene = generate_scene(seed, shape)
            image, masks = fit(scene.image, scene.masks(), self.side)
            yield pack(image, masks[masks.mean((1, 2)) <= LARGEST_MASK], "scene", self.side, f"scene {seed}")
            seed += stride


class SceneFeed:
    """Keeps a packed data set full of fresh scenes from background processes, replacing the oldest.

    Once full, a new scene is made for every `reuse` that were used, so that the processes do not outrun the training.
    """

    def __init__(
        self,
        capacity: int,
        max_masks: int,
        side: int,
        device: torch.device,
        *,
        workers: int,
        first_seed: int,
        reuse: float = 4.0,
    ) -> None:
        self.data = PackedDataset(capacity, max_masks, side, device)
        self.made = 0
        self._reuse = reuse
        self._allowed = float(capacity)
        self._error: BaseException | None = None
        self._stop = threading.Event()
        loader = DataLoader(
            Scenes(first_seed, side),
            batch_size=None,
            num_workers=workers,
            multiprocessing_context="spawn" if workers else None,
            prefetch_factor=4 if workers else None,
        )
        self._thread = threading.Thread(target=self._fill, args=(loader,), daemon=True)
        self._thread.start()

    def wait_for(self, count: int) -> None:
        """Block until `count` scenes (or all that fit) are there."""
        count = min(count, len(self.data.sources))
        with tqdm(total=count, desc="generating scenes", mininterval=2) as bar:
            while self.made < count:
                self.check()
                bar.update(min(self.made, count) - bar.n)
                self._stop.wait(0.2)

    def check(self) -> None:
        """Raise what stopped the background, if anything did."""
        if self._error is not None:
            raise self._error

    def use(self, count: int) -> None:
        """Say that `count` scenes are drawn, and so allow new ones."""
        self.check()
        self._allowed += count / self._reuse

    def close(self) -> None:
        """Stop making scenes."""
        self._stop.set()
        self._thread.join()

    def _fill(self, loader: "DataLoader[PackedImage]") -> None:
        generator = np.random.default_rng(1)
        try:
            for image in loader:
                while self.made >= self._allowed and not self._stop.wait(0.05):
                    pass
                if self._stop.is_set():
                    return
                self.data.put(self.made % len(self.data.sources), image, generator)
                self.made += 1
        except (RuntimeError, ValueError, OSError, IndexError) as error:
            # Kept for the training thread, which raises it.
            self._error = error
