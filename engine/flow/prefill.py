"""image → confident boxes → masks to start from: the semi-automatic stage, for one image of a batch."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select

from engine.automatic.nms import GreedySuppression
from engine.detector.interface import BoxDetector, DetectorInput
from engine.detector.prefill_config import PrefillConfig
from engine.detector.propose import Proposal, propose
from engine.flow.annotate import MaskContent
from engine.flow.automask import make_predictor
from engine.flow.batch_settings import prefill_config
from engine.flow.detector_data import read_embedding
from engine.flow.detectors import load_stored_detector
from engine.flow.embed_item import get_embedder
from engine.flow.heart import Heart
from engine.flow.import_image import load_rgb
from engine.flow.item_work import ItemTask, Store
from engine.flow.jobs import Outcome
from engine.flow.loaded_models import LoadedModels
from engine.flow.models import detector_of
from engine.flow.store_masks import replace_earlier, store_masks
from engine.masks import rle
from engine.sam.predictor import Predictor
from engine.store.tables import Embedding, Image, Mask, Model, Stage
from engine.store.unit_of_work import UnitOfWork, unit_of_work

_predictors = LoadedModels(make_predictor)


@dataclass
class _LoadedDetector:
    """The detector used last: a batch has one, and it is small."""

    model: Model
    detector: BoxDetector


_last: _LoadedDetector | None = None


def prefill_image(task: ItemTask, heart: Heart) -> Store:
    """Offer masks for what the model's detector is confident of; the annotator adds what is missing.

    Masks that are there already stay, and what they cover is not offered again; untouched ones of an earlier
    prefilling give way. Raises InvalidInput when the model has no detector.
    """
    model = task.required_model()
    config = prefill_config(task.job.settings)
    detector, embedding = _prepare(task.image, model)
    size = (task.image.height, task.image.width)
    detections = detector.detect(
        DetectorInput(size, lambda: embedding, lambda: load_rgb(task.image)), config.most_boxes
    )
    heart.check()
    predictor: Predictor = _predictors.get(model)
    proposals = propose(predictor.from_embedding(embedding, size), detections, config)

    def store(uow: UnitOfWork) -> Outcome:
        replace_earlier(uow, task.job, task.image, Stage.SEMI_AUTOMATIC)
        contents = [_content(proposal, model) for proposal in _new(uow, task, proposals, config)]
        return Outcome(mask_count=store_masks(uow, task.job, task.item_id, task.image, contents))

    return store


def _prepare(image: Image, model: Model) -> tuple[BoxDetector, NDArray[np.float16]]:
    """The model's detector, and the image's embedding: the stored one where there is one."""
    global _last
    with unit_of_work(read_only=True) as uow:
        chosen = detector_of(uow, model)
        stored = uow.session.execute(
            select(Embedding.blob_key, Embedding.shape).where(
                Embedding.image_id == image.id, Embedding.model_id == model.id
            )
        ).first()
    if _last is None or _last.model.id != chosen.id:
        _last = _LoadedDetector(chosen, load_stored_detector(chosen))
    if stored is None:
        return _last.detector, get_embedder(model).embed(load_rgb(image))
    return _last.detector, read_embedding(stored.blob_key, stored.shape)


def _new(uow: UnitOfWork, task: ItemTask, proposals: list[Proposal], config: PrefillConfig) -> list[Proposal]:
    """The proposals, best first, without those that a mask on the image or a better proposal covers already.

    Looked up when storing: somebody may have drawn a mask since the work began.
    """
    suppression = GreedySuppression(config.box_nms_thresh)
    there = uow.session.execute(
        select(Mask.bbox_x, Mask.bbox_y, Mask.bbox_w, Mask.bbox_h).where(
            Mask.image_id == task.image.id,
            Mask.deleted_at.is_(None),
            Mask.job_id.is_distinct_from(task.job.id),
        )
    )
    for x, y, width, height in there:
        suppression.keep(_corners(x, y, width, height))
    new: list[Proposal] = []
    for proposal in proposals:
        corners = _corners(*rle.bbox(proposal.segmentation))
        if not suppression.suppresses(corners):
            suppression.keep(corners)
            new.append(proposal)
    return new


def _corners(x: int, y: int, width: int, height: int) -> NDArray[np.float64]:
    return np.array([x, y, x + width, y + height], np.float64)


def _content(proposal: Proposal, model: Model) -> MaskContent:
    return MaskContent(
        segmentation=proposal.segmentation,
        stage=Stage.SEMI_AUTOMATIC,
        predicted_iou=proposal.predicted_iou,
        stability_score=proposal.stability,
        prompts={"points": [], "box": list(proposal.box)},
        model_id=model.id,
    )
