"""`python -m benchmarks.detector`: see the package."""

import argparse
import os
import sys
import tempfile
import time
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import torch
from rich import box
from rich.console import Console
from rich.table import Table
from tqdm import tqdm

from engine.automatic.config import PRESETS, AutomaticConfig, config_of, left_open
from engine.automatic.generator import generate_masks
from engine.detector.config import BoxHeadConfig
from engine.detector.embedding_detector import EmbeddingDetector
from engine.detector.evaluate import DetectorFigures, evaluate_boxes
from engine.detector.interface import Detections
from engine.detector.train import DetectorExample, DetectorRecipe, train_detector
from engine.evaluation.read_folder import read_folder
from engine.flow.automask import make_predictor
from engine.flow.detector_data import examples_of_folder, measure
from engine.flow.load_model import load_model
from engine.flow.model_thresholds import named_thresholds
from engine.inference.embedder import Embedder
from engine.sam.predictor import Predictor


def main() -> int:
    options = _parser().parse_args()
    torch.set_num_threads(options.threads)
    sam = load_model(options.model)
    embedder = Embedder(load_model(options.model))
    given = nullcontext(options.embeddings) if options.embeddings else tempfile.TemporaryDirectory()
    with given as folder:
        train, test = (
            _examples(Path(images), limit, embedder, Path(folder, side))
            for side, images, limit in (
                ("train", options.train, options.train_limit),
                ("test", options.test, options.test_limit),
            )
        )
        began = time.perf_counter()
        head = train_detector(train, BoxHeadConfig.for_model(sam.config), DetectorRecipe(epochs=options.epochs))
        print(
            f"Trained on {len(train)} images with {sum(len(each.boxes) for each in train):,} objects in "
            f"{time.perf_counter() - began:.0f} s.",
            flush=True,
        )
        found = {"box head on embeddings": measure(EmbeddingDetector(head), test)}
        own = named_thresholds(options.model)
        config = config_of(options.preset, left_open({}, own and own.thresholds))
        predictor = make_predictor(sam)
        boxes = [_boxes(predictor, each, config) for each in tqdm(test, disable=None, unit="image")]
        found["every automatic mask's box"] = evaluate_boxes([each.boxes for each in test], boxes)
    _print(found)
    return 0


def _examples(images: Path, limit: int | None, embedder: Embedder, cache: Path) -> list[DetectorExample]:
    found = read_folder(images, limit)
    with tqdm(total=len(found), disable=None, unit="image") as bar:

        def advance() -> None:
            bar.update()

        return examples_of_folder(found, embedder, cache, advance)


def _boxes(predictor: Predictor, example: DetectorExample, config: AutomaticConfig) -> Detections:
    masks = generate_masks(predictor, example.pixels(), config)
    corners = [(x, y, x + width, y + height) for x, y, width, height in (mask.bbox for mask in masks)]
    scores = [mask.predicted_iou for mask in masks]
    return Detections(np.array(corners, np.float32).reshape(-1, 4), np.array(scores, np.float32))


def _print(found: dict[str, DetectorFigures]) -> None:
    table = Table(box=box.SIMPLE_HEAD)
    for heading in ("", "images", "objects", "AP50", "AP", "AR@10", "AR@100"):
        table.add_column(heading, justify="right" if heading else "left", no_wrap=True)
    for name, figures in found.items():
        values = (figures.ap50, figures.ap, figures.ar10, figures.ar100)
        table.add_row(name, str(figures.images), f"{figures.objects:,}", *(f"{value:.3f}" for value in values))
    Console(width=100).print(table)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.detector",
        description="Average precision and recall of a box head that is trained here, and of the automatic stage.",
    )
    folder = "a folder with images/ and annotations/"
    parser.add_argument("--train", required=True, metavar="DIR", help=f"{folder}, to train on")
    parser.add_argument("--test", required=True, metavar="DIR", help=f"{folder}, to measure on")
    parser.add_argument("--train-limit", type=int, metavar="N", help="only so many, evenly over the sources")
    parser.add_argument("--test-limit", type=int, metavar="N", help="only so many, evenly over the sources")
    parser.add_argument("--model", default="vit_t", help="a bundled model, a file, or a registered one [%(default)s]")
    parser.add_argument("--epochs", type=int, default=12, help="[%(default)s]")
    parser.add_argument("--preset", choices=sorted(PRESETS), default="custom", help="of the baseline [%(default)s]")
    parser.add_argument("--embeddings", metavar="DIR", help="keep the embeddings here, for the next time")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1, help="default: all cores")
    return parser


if __name__ == "__main__":
    sys.exit(main())
