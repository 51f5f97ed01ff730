"""snapshot → candidate: a detector, trained on embeddings and the boxes of the snapshot's masks."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from sqlalchemy import select

from engine.detector.config import ARCH, BoxHeadConfig
from engine.detector.embedding_detector import save_detector
from engine.detector.recipe import DetectorRecipe, read_recipe
from engine.detector.train import train_detector
from engine.errors import InvalidSetting
from engine.evaluation.read_folder import read_folder
from engine.flow.detector_data import examples_of_folder, read_embedding
from engine.flow.load_model import load_stored
from engine.flow.register_candidate import how_it_was_trained
from engine.flow.retrain_heart import RunHeart
from engine.flow.retrain_order import DETECTOR
from engine.flow.retrain_task import RetrainTask
from engine.inference.embedder import Embedder
from engine.settings import get_settings
from engine.store.blobs import get_blobs
from engine.store.tables import Embedding, Model, ModelState
from engine.store.unit_of_work import unit_of_work

POINTS = 200


def train_detector_run(task: RetrainTask, heart: RunHeart) -> Callable[[], Model]:
    """Train a box detector as the run says and store its weights; returns what builds the candidate's row.

    Embeddings are made once and kept for the next attempt; the training itself is a matter of minutes and begins anew.
    Raises InvalidSetting for a value that cannot be, InvalidInput when there is no object to learn from.
    """
    recipe = detector_recipe(task)
    if get_settings().torch_threads:
        torch.set_num_threads(get_settings().torch_threads)
    images = read_folder(task.data(heart) / "train")
    cache = task.folder / "embeddings"
    _take_stored_embeddings(task.base, [each.name for each in images], cache)
    sam = load_stored(task.base).to("cuda" if torch.cuda.is_available() else "cpu")
    examples = examples_of_folder(images, Embedder(sam), cache, heart.check)

    def tell(step: int, steps: int, loss: float) -> None:
        heart.announce(steps)
        if step == steps or (step - 1) % max(1, steps // POINTS) == 0:
            heart.note(step - 1, {"loss": round(loss, 6)})
        heart.check()

    head = train_detector(examples, BoxHeadConfig.for_model(sam.config), recipe, tell)
    file = task.folder / "detector.safetensors"
    save_detector(head, file)
    weights = file.read_bytes()
    key = get_blobs().put(weights)
    steps = recipe.epochs * -(-sum(len(each.boxes) > 0 for each in examples) // recipe.batch_size)
    return lambda: Model(
        arch=ARCH,
        config=json.loads(head.config.to_json()),
        weights_key=key,
        weights_sha256=hashlib.sha256(weights).hexdigest(),
        metrics={"training": how_it_was_trained(task, steps)},
        state=ModelState.CANDIDATE,
    )


def detector_recipe(task: RetrainTask) -> DetectorRecipe:
    """The recipe with the run's values. Raises InvalidSetting for an unknown recipe or name, or what cannot be."""
    if task.run.recipe != DETECTOR:
        raise InvalidSetting(f"Detectors have one recipe, {DETECTOR}, not {task.run.recipe}.")
    return read_recipe(task.run.overrides)


def _take_stored_embeddings(model: Model, image_ids: list[str], cache: Path) -> None:
    """Put the embeddings that annotators' images have already where those that are made would be."""
    cache.mkdir(parents=True, exist_ok=True)
    wanted = set(image_ids)
    with unit_of_work(read_only=True) as uow:
        rows = uow.session.execute(
            select(Embedding.image_id, Embedding.blob_key, Embedding.shape).where(Embedding.model_id == model.id)
        ).all()
    for image_id, blob_key, shape in rows:
        file = cache / f"{image_id}.npy"
        if str(image_id) in wanted and not file.is_file():
            unfinished = file.with_suffix(".partial.npy")
            np.save(unfinished, read_embedding(blob_key, shape))
            unfinished.replace(file)
