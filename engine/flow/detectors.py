"""Detectors in the model registry: a row of their own kind, whose parent is the model whose embeddings they read."""

import hashlib
import json
import tempfile
from pathlib import Path
from typing import Any
from uuid import UUID

import torch

from engine.detector import config as box_head
from engine.detector import faster_rcnn
from engine.detector.config import BoxHeadConfig
from engine.detector.embedding_detector import EmbeddingDetector, load_detector, save_detector
from engine.detector.faster_rcnn import FasterRcnnDetector, load_faster_rcnn, save_network
from engine.detector.head import BoxHead
from engine.detector.interface import BoxDetector
from engine.errors import InvalidInput
from engine.flow.model_origin import MODEL_ADDED
from engine.flow.models import DETECTORS, find_model, get_model, require_free_name
from engine.settings import get_settings
from engine.store.blobs import get_blobs
from engine.store.tables import Event, Model, ModelState, User
from engine.store.unit_of_work import UnitOfWork


def add_detector(
    uow: UnitOfWork,
    network: torch.nn.Module,
    name: str,
    reads: UUID,
    metrics: dict[str, Any],
    user: User | None = None,
) -> Model:
    """Register a trained detector, which from then on prefills the images embedded by the model `reads`.

    Raises Conflict when the name is taken, InvalidInput for an unusable name, NotFound for an unknown model.
    """
    require_free_name(uow, name)
    model = get_model(uow, reads)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "weights.safetensors")
        if isinstance(network, BoxHead):
            arch, config = box_head.ARCH, json.loads(network.config.to_json())
        else:
            arch, config = faster_rcnn.ARCH, {}
        save_detector_file(network, file)
        weights = file.read_bytes()
    detector = Model(
        name=name,
        arch=arch,
        config=config,
        weights_key=get_blobs().put(weights),
        weights_sha256=hashlib.sha256(weights).hexdigest(),
        parent_id=model.id,
        metrics=metrics,
        state=ModelState.CANDIDATE,
    )
    uow.session.add(detector)
    uow.session.flush()
    subject = {"model_id": str(detector.id), "name": name}
    uow.session.add(Event(user_id=user and user.id, kind=MODEL_ADDED, subject=subject))
    return detector


def find_detector(uow: UnitOfWork, name: str) -> Model:
    """The detector of that name. Raises NotFound, InvalidInput when it is another kind of model."""
    model = find_model(uow, name)
    if model.arch not in DETECTORS:
        raise InvalidInput(f"{name} is no detector but a promptable model ({model.arch}).")
    return model


def load_detector_file(file: Path) -> BoxDetector:
    """A detector of either kind from a file of `maskloop detector train --out`.

    Raises InvalidCheckpoint, and InvalidSetting for a Faster R-CNN without torchvision.
    """
    return load_faster_rcnn(file) if faster_rcnn.is_faster_rcnn(file) else load_detector(file)


def save_detector_file(network: torch.nn.Module, file: Path) -> None:
    """Inverse of `load_detector_file`."""
    if isinstance(network, BoxHead):
        save_detector(network, file)
    else:
        save_network(network, file)


def running_detector(network: torch.nn.Module) -> BoxDetector:
    """A network that was just trained, at work."""
    return EmbeddingDetector(network) if isinstance(network, BoxHead) else FasterRcnnDetector(network)


def load_stored_detector(detector: Model) -> BoxDetector:
    """Raises NotFound when the weights are missing from the blob store, InvalidSetting without torchvision."""
    weights = get_blobs().fetch(detector.weights_key, get_settings().data / "cache", suffix=".safetensors")
    if detector.arch == faster_rcnn.ARCH:
        return load_faster_rcnn(weights)
    return load_detector(weights, BoxHeadConfig.from_json(json.dumps(detector.config)))
