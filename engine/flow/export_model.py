"""registered or bundled model → a folder that stands alone: weights, configuration, decoder graphs, card."""

import json
import shutil
import tempfile
from pathlib import Path

from engine.errors import Conflict, InvalidSetting
from engine.flow.model_card import ModelCard, bundled_folder
from engine.flow.models import find_model
from engine.sam import load_checkpoint
from engine.sam.onnx_export import export_decoder
from engine.store.blobs import get_blobs
from engine.store.unit_of_work import UnitOfWork


def exported_names(name: str) -> list[str]:
    """The files of an export, weights first. `maskloop models add` takes the first as it is."""
    return [f"{name}.safetensors", f"{name}.json", "prepare.onnx", "decode.onnx", f"{name}.md"]


def export_model(uow: UnitOfWork | None, card: ModelCard, folder: Path, *, force: bool = False) -> list[Path]:
    """Write a model into `folder` (made if absent) and return its files; they appear when all of them are made.

    `uow` may be None for a bundled model. Raises Conflict when a file is there already, unless `force`, and NotFound
    when weights are missing from the blob store.
    """
    if folder.exists() and not folder.is_dir():
        raise InvalidSetting(f"{folder} is a file; --out names a folder.")
    targets = [folder / name for name in exported_names(card.name)]
    taken = [target.name for target in targets if target.exists()]
    if taken and not force:
        raise Conflict(f"{folder} holds {', '.join(taken)} already. Name another folder, or overwrite with --force.")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".export-") as made:
        parts = [Path(made, target.name) for target in targets]
        weights, config, prepare, _, text = parts
        config.write_text(json.dumps(card.config, indent=1) + "\n", encoding="utf-8")
        text.write_text(card.in_markdown(), encoding="utf-8")
        if not _copy_stored(uow, card, parts):
            if not weights.exists():
                shutil.copyfile(bundled_folder() / weights.name, weights)
            export_decoder(load_checkpoint(weights), prepare.parent)
        for part, target in zip(parts, targets, strict=True):
            part.replace(target)
    return targets


def _copy_stored(uow: UnitOfWork | None, card: ModelCard, parts: list[Path]) -> bool:
    """Copies what the blob store has of a registered model; False when graphs are left to be made."""
    if card.id is None or uow is None:
        return False
    model = find_model(uow, card.name)
    weights, _, prepare, decode, _ = parts
    copied = [(model.weights_key, weights), (model.prepare_key, prepare), (model.decode_key, decode)]
    for key, part in copied:
        if key is None:
            return False
        with get_blobs().open(key) as source, part.open("wb") as file:
            shutil.copyfileobj(source, file, 1 << 20)
    return True
