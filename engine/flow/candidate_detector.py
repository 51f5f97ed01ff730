"""A retrained detector beside the one it would replace: average precision and recall on the same images."""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from engine.detector.compare import compare_boxes
from engine.detector.interface import BoxDetector, Detections, DetectorInput
from engine.detector.train import DetectorExample
from engine.evaluation.read_folder import AnnotatedImage
from engine.flow.detector_data import examples_of_folder
from engine.flow.detectors import load_stored_detector
from engine.flow.load_model import load_stored
from engine.inference.embedder import Embedder
from engine.settings import get_settings
from engine.store.tables import Model


def compare_detectors(
    reads: Model,
    base: Model | None,
    candidate: Model,
    sets: dict[str, list[AnnotatedImage]],
    cache: Path,
    check: Callable[[], None] | None,
) -> dict[str, Any]:
    """The part of an evaluation that differs for detectors; see `engine.flow.candidate.evaluate_candidate`.

    Embeddings by the model `reads` are made once: those of the held-out images are kept in `cache` for the next
    attempt, those of the benchmark for the next round.
    """
    embedder = Embedder(load_stored(reads).to("cuda" if torch.cuda.is_available() else "cpu"))
    detectors = [None if each is None else load_stored_detector(each) for each in (base, candidate)]
    found: dict[str, Any] = {}
    for name, images in sets.items():
        folder = cache if name == "validation" else _benchmark_cache(reads, images)
        examples = examples_of_folder(images, embedder, folder, check)
        if not any(len(each.boxes) for each in examples):
            found[name] = None
            continue
        before, after = (None if each is None else _detect(each, examples, check) for each in detectors)
        assert after is not None
        found[name] = compare_boxes([each.boxes for each in examples], before, after)
    return {"sets": found, "comparison": None}


def _detect(
    detector: BoxDetector, examples: Sequence[DetectorExample], check: Callable[[], None] | None
) -> list[Detections]:
    found: list[Detections] = []
    for each in examples:
        found.append(detector.detect(DetectorInput(each.size, each.embedding, each.pixels)))
        if check is not None:
            check()
    return found


def _benchmark_cache(reads: Model, images: Sequence[AnnotatedImage]) -> Path:
    """A folder for the embeddings of this benchmark by this model; other files of the same names are another one."""
    hashed = hashlib.sha256()
    for image in images:
        hashed.update(image.name.encode() + hashlib.sha256(image.image_path.read_bytes()).digest())
    return get_settings().data / "evaluations" / reads.weights_sha256 / f"embeddings-{hashed.hexdigest()[:16]}"
