"""A model's figures from simulated clicks on images with known masks."""

import os
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import torch
from tqdm import tqdm

from engine.errors import InvalidInput
from engine.evaluation.measurements import ImageMeasurements, MeasuredImage, Measurements, gather
from engine.evaluation.protocol import Annotator, Protocol
from engine.evaluation.read_folder import AnnotatedImage, Annotations, read_folder
from engine.evaluation.report import Evaluation, check_clicks, summarize
from engine.sam import Sam
from engine.sam.predictor import Predictor

MOST_CLICKS = 100


def evaluate(
    sam: Sam,
    folder: Path,
    clicks: Sequence[int] = (1, 3, 5),
    limit: int | None = None,
    device: str | torch.device = "cpu",
    progress: bool = True,
    *,
    noc: bool = False,
    tags: Mapping[str, tuple[str, ...]] | None = None,
    title: str = "evaluate",
) -> Evaluation:
    """Measures `sam` on the annotated images of `folder` after each number of `clicks`.

    Args:
        sam: moved to `device`; its train/eval mode is as before afterwards.
        limit: a number of images, chosen evenly over the sources by name, the same for every model.
        progress: draws a bar with `title` on stderr.
        noc: count the clicks to an IoU of 0.85 and 0.90 as well, up to 20: several times slower.
        tags: of images by name (`engine.evaluation.tags`), besides those in their annotations.

    Raises InvalidInput for an unusable folder or click counts that are not between 1 and 100.
    """
    counts = check_clicks(clicks, MOST_CLICKS)
    if limit is not None and limit < 1:
        raise InvalidInput("The limit must be at least one image.")
    images = read_folder(Path(folder), limit)
    if tags and not any(_tags_of(image, tags) for image in images):
        raise InvalidInput(f"None of the tags is for an image in {folder}: is a name the image's file name?")
    began = time.perf_counter()
    measurements = _measure(sam.to(device), images, Protocol(counts[-1], noc), tags or {}, title if progress else None)
    if measurements is None:
        raise InvalidInput(f"The annotations in {folder} hold no masks to measure.")
    return summarize(measurements, counts, noc, time.perf_counter() - began)


def _measure(
    sam: Sam,
    images: Sequence[AnnotatedImage],
    protocol: Protocol,
    tags: Mapping[str, tuple[str, ...]],
    title: str | None,
) -> Measurements | None:
    """The masks of all `images`; None when there are none. `title` None draws no bar."""
    parts: list[ImageMeasurements] = []
    was_training = sam.training
    sam.eval()
    predictor = Predictor(sam)
    try:
        with torch.inference_mode(), ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as threads:
            bar = tqdm(images, desc=title, unit="image", disable=title is None)
            for image, found in zip(bar, _read_ahead(images, threads), strict=True):
                if len(found.masks) == 0:
                    continue
                all_tags = sorted({*found.tags, *_tags_of(image, tags)})
                measured = MeasuredImage(image.name, image.source, tuple(all_tags))
                annotator = Annotator(predictor.embed(found.image), protocol, threads)
                parts.append(annotator.annotate(measured, found.masks))
    finally:
        sam.train(was_training)
    return gather(parts) if parts else None


def _tags_of(image: AnnotatedImage, tags: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    return tags.get(image.name, ()) + tags.get(image.image_path.name, ())


def _read_ahead(images: Sequence[AnnotatedImage], threads: ThreadPoolExecutor) -> Iterator[Annotations]:
    """Loads in the background while the model works; at most two images are held."""
    coming: deque[Future[Annotations]] = deque()
    for image in images:
        coming.append(threads.submit(image.load))
        if len(coming) == 2:
            yield coming.popleft().result()
    yield from (future.result() for future in coming)
