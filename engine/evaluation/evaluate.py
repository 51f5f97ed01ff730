"""mIoU of a model from simulated clicks on images with known masks.

Source: Segment Anything, section 7.1: one click gives three candidates, of which the most confident and the
best (oracle) are measured; from the second click on the single-mask output is asked for. The low-resolution
logits of the chosen mask go back with every further click.
"""

import os
import time
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from tqdm import tqdm

from engine.errors import InvalidInput
from engine.evaluation.clicks import Click, first_click, next_click
from engine.evaluation.metrics import Evaluation, Round, SourceScores, concatenate, mean_score, score
from engine.evaluation.read_folder import AnnotatedImage, read_folder
from engine.masks.geometry import BoolMask
from engine.sam import Sam
from engine.sam.predictor import EmbeddedImage, Predictor

MOST_CLICKS = 100
# Masks decoded together; bounds memory at about 10 MB of activations per mask.
_MASKS_PER_BATCH = {"cpu": 8, "cuda": 128}

LoadedImage = tuple[NDArray[np.uint8], NDArray[np.bool_]]


def evaluate(
    sam: Sam,
    folder: Path,
    clicks: Sequence[int] = (1, 3, 5),
    limit: int | None = None,
    device: str | torch.device = "cpu",
    progress: bool = True,
) -> Evaluation:
    """Measures `sam` on the annotated images of `folder` after each number of `clicks`.

    `limit` is a number of images, chosen evenly over the sources by name, the same for every model.
    `sam` is moved to `device`; its train/eval mode is as before afterwards. `progress` draws a bar on stderr.
    Raises InvalidInput for an unusable folder or click counts that are not between 1 and 100.
    """
    counts = sorted(set(clicks))
    if not counts or counts[0] < 1 or counts[-1] > MOST_CLICKS:
        raise InvalidInput(f"Clicks must be numbers between 1 and {MOST_CLICKS}, such as 1,3,5.")
    if limit is not None and limit < 1:
        raise InvalidInput("The limit must be at least one image.")
    images = read_folder(Path(folder), limit)
    began = time.perf_counter()
    rounds: dict[str, dict[int, list[Round]]] = defaultdict(lambda: defaultdict(list))
    image_counts: dict[str, int] = defaultdict(int)
    was_training = sam.training
    sam.to(device).eval()
    predictor = Predictor(sam)
    try:
        with torch.inference_mode(), ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as threads:
            bar = tqdm(images, desc="evaluate", unit="image", disable=not progress)
            for image, (pixels, truths) in zip(bar, _read_ahead(images, threads), strict=True):
                if len(truths) == 0:
                    continue
                image_counts[image.source] += 1
                annotator = _Annotator(predictor.embed(pixels), threads)
                for count, round_ in annotator.annotate(truths, counts):
                    rounds[image.source][count].append(round_)
    finally:
        sam.train(was_training)
    return _summarize(rounds, image_counts, time.perf_counter() - began, folder)


def _summarize(
    rounds: dict[str, dict[int, list[Round]]], image_counts: dict[str, int], seconds: float, folder: Path
) -> Evaluation:
    if not rounds:
        raise InvalidInput(f"The annotations in {folder} hold no masks to measure.")
    sources: dict[str, SourceScores] = {}
    for source in sorted(rounds):
        whole = {count: concatenate(parts) for count, parts in sorted(rounds[source].items())}
        masks = len(next(iter(whole.values())).iou)
        scores = {count: score(round_) for count, round_ in whole.items()}
        sources[source] = SourceScores(image_counts[source], masks, scores)
    counts = next(iter(sources.values())).scores
    return Evaluation(
        images=sum(source.images for source in sources.values()),
        masks=sum(source.masks for source in sources.values()),
        seconds=seconds,
        scores={count: mean_score([source.scores[count] for source in sources.values()]) for count in counts},
        sources=sources,
    )


def _read_ahead(images: Sequence[AnnotatedImage], threads: ThreadPoolExecutor) -> Iterator[LoadedImage]:
    """Loads in the background while the model works; at most two images are held."""
    coming: deque[Future[LoadedImage]] = deque()
    for image in images:
        coming.append(threads.submit(image.load))
        if len(coming) == 2:
            yield coming.popleft().result()
    yield from (future.result() for future in coming)


@dataclass(frozen=True)
class _Annotator:
    """Clicks on one embedded image as the simulated annotator would."""

    image: EmbeddedImage
    threads: ThreadPoolExecutor

    def annotate(self, truths: NDArray[np.bool_], counts: Sequence[int]) -> Iterator[tuple[int, Round]]:
        """(clicks, result) for `truths` (M×H×W) after each of the sorted `counts` of clicks."""
        batch = _MASKS_PER_BATCH.get(self.image.sam.device.type, 8)
        for start in range(0, len(truths), batch):
            yield from self._annotate_batch(truths[start : start + batch], counts)

    def _annotate_batch(self, truths: NDArray[np.bool_], counts: Sequence[int]) -> Iterator[tuple[int, Round]]:
        device = self.image.sam.device
        truths_on_device = torch.from_numpy(truths).to(device)
        rows = torch.arange(len(truths), device=device)
        clicks = [(click,) for click in self.threads.map(first_click, truths)]
        logits: Tensor | None = None
        for count in range(1, counts[-1] + 1):
            low, predicted_iou = self._predict(clicks, logits)
            masks = self.image.masks(low)
            iou = _iou(masks, truths_on_device)
            chosen = predicted_iou.argmax(dim=1)
            logits = low[rows, chosen][:, None]
            if count in counts:
                oracle = _to_numpy(iou.amax(dim=1)) if count == 1 else None
                yield count, Round(_to_numpy(iou[rows, chosen]), _to_numpy(predicted_iou[rows, chosen]), oracle)
            if count < counts[-1]:
                predicted: Iterable[BoolMask] = masks[rows, chosen].cpu().numpy()
                following = self.threads.map(next_click, truths, predicted, clicks)
                clicks = [(*earlier, click) for earlier, click in zip(clicks, following, strict=True)]

    def _predict(self, clicks: Sequence[tuple[Click, ...]], logits: Tensor | None) -> tuple[Tensor, Tensor]:
        """Low-resolution logits M×C×h×w and predicted IoU M×C; C is 3 for one click, else 1."""
        points = np.asarray(clicks, np.float64)
        return self.image.predict(
            points[..., :2], points[..., 2].astype(np.int32), mask_input=logits, multimask_output=logits is None
        )


def _iou(masks: Tensor, truths: Tensor) -> Tensor:
    """IoU M×C of `masks` (M×C×H×W) with `truths` (M×H×W); both boolean, truths not empty."""
    truths = truths[:, None]
    intersection = (masks & truths).flatten(2).sum(dim=2)
    return intersection / (masks | truths).flatten(2).sum(dim=2)


def _to_numpy(values: Tensor) -> NDArray[np.float64]:
    return values.double().cpu().numpy()
