"""`python -m engine.training.predicted_iou MODEL --data … --out FILE`: fit the predicted IoU of a trained model."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import torch
import typer
from tqdm import tqdm

from engine.sam import save_checkpoint
from engine.training.batch import Batch, Shard, TrainingData
from engine.training.data.settings import DataSettings
from engine.training.data.sources import open_training_data
from engine.training.entry import run_as_module
from engine.training.model_files import check_output, read_model
from engine.training.predicted_iou.collect import collect_answers
from engine.training.predicted_iou.fit import FitSettings, fit_head
from engine.training.simulation import Simulation


def predicted_iou(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="A bundled model's name, or a .safetensors checkpoint")],
    data: Annotated[list[str], typer.Option(metavar="PATH", help="What to click on, as for training; repeatable")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="The fitted checkpoint, .safetensors")],
    steps: Annotated[int, typer.Option(metavar="N", min=1, help="Batches of images to click on")] = 300,
    images: Annotated[int, typer.Option(metavar="N", min=1, help="Images a batch")] = 4,
    masks: Annotated[int, typer.Option(metavar="N", min=1, help="Masks an image, at most")] = 8,
    clicks: Annotated[int, typer.Option(metavar="N", min=2, help="Clicks a mask")] = 5,
    fit_steps: Annotated[int, typer.Option(metavar="N", min=1, help="Steps of the fit")] = FitSettings.steps,
    seed: Annotated[int, typer.Option(metavar="N", help="Seed of images, prompts and fit")] = 0,
) -> None:
    """Fit the predicted IoU of a trained model to what its masks reach after further clicks. The masks do not change.

    Example: python -m engine.training.predicted_iou run/model.safetensors --data labelled --out fitted.safetensors
    """
    check_output(out)
    sam = read_model(model)
    # Where people click: the middle of a mask, then of its largest error. Most masks of a picture are specks.
    simulation = Simulation(error_points=clicks - 1, rounds_without_point=0, box_probability=0.1, central_points=1.0)
    settings = DataSettings(area_exponent=0.35)
    torch.manual_seed(seed)
    source = open_training_data(
        tuple(data), settings, side=sam.config.image_size, device=torch.device("cpu"), seed=seed, workers=0
    )
    try:
        found = collect_answers(sam, _batches(source, steps, images, masks, sam.config.image_size), simulation, seed)
    finally:
        source.close()
    fitted = fit_head(sam.mask_decoder.iou_prediction_head, found, FitSettings(steps=fit_steps), seed)
    save_checkpoint(sam, out)
    typer.echo(
        f"{len(found.tokens):,} answers. On held-out images, after further clicks: root mean square error "
        f"{fitted.before:.3f}, now {fitted.after:.3f}; bias {fitted.bias_before:+.3f}, now {fitted.bias_after:+.3f}."
    )


def _batches(source: TrainingData, steps: int, images: int, masks: int, side: int) -> Iterator[Batch]:
    for step in tqdm(range(steps), desc="clicking", unit="batch"):
        yield source.batch(step, images, masks, side, Shard())


if __name__ == "__main__":
    run_as_module(predicted_iou, "engine.training.predicted_iou")
