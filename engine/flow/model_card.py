"""A model's card: what is known about it, for people and scripts. Reads weights' headers only, and no torch."""

import hashlib
import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from math import prod
from pathlib import Path
from typing import Any, BinaryIO

import engine
from engine.errors import NotFound
from engine.flow.model_origin import Origin, find_origin
from engine.flow.models import list_models
from engine.store.blobs import get_blobs
from engine.store.tables import Model
from engine.store.unit_of_work import UnitOfWork

BUNDLED = "bundled"
"""The state of a model that ships with this release and that no start has registered yet."""


@dataclass(frozen=True)
class WeightsSize:
    """What the header of a safetensors file says."""

    parameters: int
    bytes: int
    precision: str
    """The type of most of them, as safetensors calls it: F16, F32, BF16."""


@dataclass(frozen=True)
class ModelCard:
    """A registered or bundled model. `id`, `created_at`, `parent` and `origin` are None for an unregistered one.

    `weights` is None when they are missing from the blob store; `text` is the card in Markdown, if one was written.
    """

    id: str | None
    name: str
    arch: str
    state: str
    created_at: datetime | None
    parent: str | None
    config: dict[str, Any]
    weights_sha256: str
    weights: WeightsSize | None
    origin: Origin | None
    metrics: dict[str, Any]
    text: str | None

    def to_json(self) -> dict[str, object]:
        return {
            "id": self.id,
            "name": self.name,
            "arch": self.arch,
            "state": self.state,
            "created_at": None if self.created_at is None else self.created_at.isoformat(),
            "parent": self.parent,
            "parameters": self.weights and self.weights.parameters,
            "bytes": self.weights and self.weights.bytes,
            "precision": self.weights and self.weights.precision,
            "weights_sha256": self.weights_sha256,
            "origin": None
            if self.origin is None
            else {"file_name": self.origin.file_name, "sha256": self.origin.sha256},
            "metrics": self.metrics,
        }

    def in_markdown(self) -> str:
        """The card that was written, else the facts as one."""
        if self.text is not None:
            return self.text
        facts = [f"| {label} | {value} |" for label, value in self.facts()]
        metrics = ["## Figures", "", "```json", json.dumps(self.metrics, indent=1), "```", ""] if self.metrics else []
        return "\n".join([f"# Model card: `{self.name}`", "", "| | |", "|---|---|", *facts, "", *metrics])

    def facts(self) -> list[tuple[str, str]]:
        """Label and value of what is known, for people."""
        size = self.weights
        known = [
            ("architecture", self.arch),
            ("state", self.state),
            ("added", None if self.created_at is None else f"{self.created_at:%Y-%m-%d %H:%M} UTC"),
            ("parent", self.parent),
            ("parameters", None if size is None else f"{size.parameters:,}"),
            ("weights", "missing" if size is None else f"{size.bytes:,} bytes, {size.precision} safetensors"),
            ("SHA-256", self.weights_sha256),
            ("added from", None if self.origin is None else self.origin.file_name),
            ("its SHA-256", None if self.origin is None else self.origin.sha256),
            (
                "input",
                f"{self.config['image_size']} pixels on the longest side" if "image_size" in self.config else None,
            ),
        ]
        return [(label, value) for label, value in known if value is not None]

    @property
    def miou(self) -> float | None:
        """mIoU of the most confident mask after one click, where the model's metrics have it."""
        found: Any = self.metrics
        for key in ("miou", "1", "most_confident"):
            found = found.get(key) if isinstance(found, dict) else None
        return found if isinstance(found, float) else None


def model_cards(uow: UnitOfWork | None) -> list[ModelCard]:
    """Registered models, newest first, then the bundled ones that are not; `uow` None where there is no database."""
    registered = [] if uow is None else [registered_card(uow, model) for model in list_models(uow)]
    names = {card.name for card in registered}
    return registered + [card for card in bundled_cards() if card.name not in names]


def find_card(uow: UnitOfWork | None, name: str) -> ModelCard:
    """Raises NotFound, naming the models there are."""
    cards = model_cards(uow)
    for card in cards:
        if card.name == name:
            return card
    raise NotFound("model", f"{name!r}; there are {', '.join(card.name for card in cards)}")


def registered_card(uow: UnitOfWork, model: Model) -> ModelCard:
    parent = None if model.parent_id is None else uow.session.get(Model, model.parent_id)
    try:
        with get_blobs().open(model.weights_key) as file:
            weights = read_weights_size(file)
    except NotFound:
        weights = None
    return ModelCard(
        id=str(model.id),
        name=model.name,
        arch=model.arch,
        state=model.state.value,
        created_at=model.created_at,
        parent=None if parent is None else parent.name,
        config=model.config,
        weights_sha256=model.weights_sha256,
        weights=weights,
        origin=find_origin(uow, model),
        metrics=model.metrics,
        text=_text_beside(bundled_folder() / f"{model.name}.safetensors"),
    )


def bundled_cards() -> Iterator[ModelCard]:
    """The models that ship with this release, by name."""
    for file in sorted(bundled_folder().glob("*.safetensors")):
        config = json.loads(file.with_suffix(".json").read_text(encoding="utf-8"))
        metrics = file.with_suffix(".metrics.json")
        with file.open("rb") as content:
            weights = read_weights_size(content)
            content.seek(0)
            sha256 = hashlib.file_digest(content, "sha256").hexdigest()
        yield ModelCard(
            id=None,
            name=file.stem,
            arch=config["arch"],
            state=BUNDLED,
            created_at=None,
            parent=None,
            config=config,
            weights_sha256=sha256,
            weights=weights,
            origin=None,
            metrics=json.loads(metrics.read_text(encoding="utf-8")) if metrics.is_file() else {},
            text=_text_beside(file),
        )


def read_weights_size(file: BinaryIO) -> WeightsSize:
    """From the header of an open safetensors file (https://huggingface.co/docs/safetensors: 8 bytes and JSON)."""
    (length,) = struct.unpack("<Q", file.read(8))
    header = json.loads(file.read(length))
    tensors = [tensor for name, tensor in header.items() if name != "__metadata__"]
    by_type: dict[str, int] = {}
    for tensor in tensors:
        by_type[tensor["dtype"]] = by_type.get(tensor["dtype"], 0) + prod(tensor["shape"])
    return WeightsSize(
        parameters=sum(by_type.values()),
        bytes=8 + length + max((tensor["data_offsets"][1] for tensor in tensors), default=0),
        precision=max(by_type, key=lambda kind: by_type[kind], default=""),
    )


def bundled_folder() -> Path:
    # Read where they lie: asking the package that owns them would load torch.
    return Path(engine.__path__[0], "sam", "bundled")


def _text_beside(weights: Path) -> str | None:
    card = weights.with_suffix(".md")
    return card.read_text(encoding="utf-8") if card.is_file() else None
