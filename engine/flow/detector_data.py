"""images with masks, in a folder or in the store → what a detector learns from and is measured on."""

import hashlib
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select

from engine.detector.evaluate import DetectorFigures, evaluate_boxes
from engine.detector.interface import BoxDetector, DetectorInput
from engine.detector.train import DetectorExample
from engine.evaluation.read_folder import AnnotatedImage
from engine.flow.import_image import load_rgb
from engine.inference.embedder import Embedder
from engine.masks.geometry import bounding_box
from engine.store.blobs import get_blobs
from engine.store.tables import Embedding, Image, Mask, Model, Review, Stage
from engine.store.unit_of_work import UnitOfWork

# One image in this many is kept from training, to measure on.
_HELD_OUT = 10


def examples_of_folder(
    images: Sequence[AnnotatedImage], embedder: Embedder, cache: Path, on_image: Callable[[], None] | None = None
) -> list[DetectorExample]:
    """Annotated images with their embeddings, which are made once and kept in the folder `cache`.

    Raises InvalidInput when a file cannot be read.
    """
    cache.mkdir(parents=True, exist_ok=True)
    examples: list[DetectorExample] = []
    for each in images:
        image, masks, _ = each.load()
        file = cache / f"{each.name}.npy"
        if not file.is_file():
            unfinished = file.with_suffix(".partial.npy")
            np.save(unfinished, embedder.embed(image))
            unfinished.replace(file)
        boxes = [_corners(bounding_box(mask)) for mask in masks]
        examples.append(
            DetectorExample(
                each.name,
                _reader(file),
                _file_reader(each),
                image.shape[:2],
                np.array(boxes, np.float32).reshape(-1, 4),
            )
        )
        if on_image is not None:
            on_image()
    return examples


def examples_in_store(uow: UnitOfWork, model: Model) -> list[DetectorExample]:
    """Every image with a hand-made mask and an embedding of `model`: its manual masks, and what was accepted since."""
    rows = uow.session.execute(
        select(Image, Embedding.blob_key, Embedding.shape, Mask)
        .join(Embedding, Embedding.image_id == Image.id)
        .join(Mask, Mask.image_id == Image.id)
        .where(Embedding.model_id == model.id, Mask.deleted_at.is_(None))
        .where((Mask.stage == Stage.MANUAL) | (Mask.review == Review.ACCEPTED))
        .order_by(Image.id, Mask.id)
    )
    boxes: dict[str, list[tuple[float, float, float, float]]] = {}
    images: dict[str, tuple[Image, str, list[int]]] = {}
    for image, blob_key, shape, mask in rows:
        name = str(image.id)
        images[name] = (image, blob_key, shape)
        corners = (mask.bbox_x, mask.bbox_y, mask.bbox_x + mask.bbox_w, mask.bbox_y + mask.bbox_h)
        boxes.setdefault(name, []).append(cast(tuple[float, float, float, float], corners))
    return [
        DetectorExample(
            name,
            _stored_reader(blob_key, shape),
            partial(load_rgb, image),
            (image.height, image.width),
            np.array(boxes[name], np.float32),
        )
        for name, (image, blob_key, shape) in images.items()
    ]


def split(examples: Sequence[DetectorExample]) -> tuple[list[DetectorExample], list[DetectorExample]]:
    """(to train on, held out). Which is which follows from an image's name, so it stays as images are added."""

    def is_held_out(example: DetectorExample) -> bool:
        return hashlib.sha256(example.name.encode()).digest()[0] % _HELD_OUT == 0

    return [each for each in examples if not is_held_out(each)], [each for each in examples if is_held_out(each)]


def measure(detector: BoxDetector, examples: Sequence[DetectorExample]) -> DetectorFigures:
    """The detector's figures on images it was not trained on. Raises InvalidInput when they hold no object."""
    found = [detector.detect(DetectorInput(each.size, each.embedding, each.pixels)) for each in examples]
    return evaluate_boxes([each.boxes for each in examples], found)


def read_embedding(blob_key: str, shape: list[int]) -> NDArray[np.float16]:
    """A stored embedding, C×S×S."""
    return np.frombuffer(get_blobs().get(blob_key), "<f2").reshape(shape)


def _stored_reader(blob_key: str, shape: list[int]) -> Callable[[], NDArray[np.float16]]:
    return lambda: read_embedding(blob_key, shape)


def _file_reader(image: AnnotatedImage) -> Callable[[], NDArray[np.uint8]]:
    return lambda: image.load().image


def _reader(file: Path) -> Callable[[], NDArray[np.float16]]:
    return lambda: np.load(file, mmap_mode="r")


def _corners(box: tuple[int, int, int, int] | None) -> tuple[float, float, float, float]:
    assert box is not None, "masks of an annotated image are not empty"
    x, y, width, height = box
    return x, y, x + width, y + height
