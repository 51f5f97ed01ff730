"""The worker's side of the fully automatic stage: all masks of one image, stored with every threshold."""

from engine.automatic.generator import AutomaticMask, generate_masks
from engine.flow.annotate import MaskContent
from engine.flow.automask import make_predictor
from engine.flow.batch_settings import automatic_config
from engine.flow.heart import Heart
from engine.flow.import_image import load_rgb
from engine.flow.item_work import ItemTask, Store
from engine.flow.jobs import Outcome
from engine.flow.loaded_models import LoadedModels
from engine.flow.store_masks import replace_earlier, store_masks
from engine.store.tables import Model, Stage
from engine.store.unit_of_work import UnitOfWork

_predictors = LoadedModels(make_predictor)


def find_masks(task: ItemTask, heart: Heart) -> Store:
    """Ask the model at a grid of points; what earlier batches found and nobody touched gives way."""
    model = task.required_model()
    config = automatic_config(task.job.settings)
    found = generate_masks(_predictors.get(model), load_rgb(task.image), config, lambda _: heart.check())
    contents = [_content(mask, model) for mask in found]

    def store(uow: UnitOfWork) -> Outcome:
        replace_earlier(uow, task.job, task.image, Stage.AUTOMATIC)
        return Outcome(mask_count=store_masks(uow, task.job, task.item_id, task.image, contents))

    return store


def _content(mask: AutomaticMask, model: Model) -> MaskContent:
    x, y = mask.point_coords
    return MaskContent(
        segmentation=mask.segmentation,
        stage=Stage.AUTOMATIC,
        predicted_iou=mask.predicted_iou,
        stability_score=mask.stability_score,
        crop_box=[float(side) for side in mask.crop_box],
        prompts={"points": [{"x": x, "y": y, "label": 1}]},
        model_id=model.id,
    )
