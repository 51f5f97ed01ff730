"""A model's figures from simulated clicks on images with known masks."""

import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import torch
from tqdm import tqdm

from engine.errors import InvalidInput
from engine.evaluation.kept import KeptMeasurements
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
    if limit is not None and limit < 1:
        raise InvalidInput("The limit must be at least one image.")
    images = read_folder(Path(folder), limit)
    if tags and not any(_tags_of(image, tags) for image in images):
        raise InvalidInput(f"None of the tags is for an image in {folder}: is a name the image's file name?")
    found = evaluate_images(sam, images, clicks, device, progress, noc=noc, tags=tags, title=title)
    if found is None:
        raise InvalidInput(f"The annotations in {folder} hold no masks to measure.")
    return found


def evaluate_images(
    sam: Sam,
    images: Sequence[AnnotatedImage],
    clicks: Sequence[int] = (1, 3, 5),
    device: str | torch.device = "cpu",
    progress: bool = True,
    *,
    noc: bool = False,
    tags: Mapping[str, tuple[str, ...]] | None = None,
    title: str = "evaluate",
    kept: KeptMeasurements | None = None,
    traced: tuple[int, ...] = (),
    on_image: Callable[[], None] | None = None,
) -> Evaluation | None:
    """The same for images from anywhere; None when they have no masks.

    Args:
        kept: where measurements of this model's images are looked up, and kept as they are made.
        traced: numbers of clicks after which the masks themselves are kept, too (`kept` has them).
        on_image: called after each image; what it raises ends the evaluation.

    Raises InvalidInput for an unreadable file or click counts that are not between 1 and 100.
    """
    counts = check_clicks(clicks, MOST_CLICKS)
    began = time.perf_counter()
    bar = tqdm(images, desc=title, unit="image", disable=not progress)
    measurements = _measure(sam.to(device), bar, Protocol(counts[-1], noc, traced), tags or {}, kept, on_image)
    return None if measurements is None else summarize(measurements, counts, noc, time.perf_counter() - began)


def _measure(
    sam: Sam,
    images: "tqdm[AnnotatedImage]",
    protocol: Protocol,
    tags: Mapping[str, tuple[str, ...]],
    kept: KeptMeasurements | None,
    on_image: Callable[[], None] | None,
) -> Measurements | None:
    """The masks of all `images`, some of which may be measured already; None when there are none."""
    parts: list[ImageMeasurements] = []
    was_training = sam.training
    sam.eval()
    predictor = Predictor(sam)
    try:
        with torch.inference_mode(), ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as threads:
            for image, found in _read_ahead(images, protocol, kept, threads):
                part = found if isinstance(found, ImageMeasurements) else None
                if isinstance(found, Annotations) and len(found.masks):
                    measured = MeasuredImage(image.name, image.source, tuple(sorted(set(found.tags))))
                    part = Annotator(predictor.embed(found.image), protocol, threads).annotate(measured, found.masks)
                    if kept is not None:
                        kept.put(image, protocol, part)
                if part is not None:
                    parts.append(_tagged(part, _tags_of(image, tags)))
                if on_image is not None:
                    on_image()
    finally:
        sam.train(was_training)
    return gather(parts) if parts else None


def _tagged(part: ImageMeasurements, tags: tuple[str, ...]) -> ImageMeasurements:
    return replace(part, image=replace(part.image, tags=tuple(sorted({*part.image.tags, *tags}))))


def _tags_of(image: AnnotatedImage, tags: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    return tags.get(image.name, ()) + tags.get(image.image_path.name, ())


def _read_ahead(
    images: Iterable[AnnotatedImage], protocol: Protocol, kept: KeptMeasurements | None, threads: ThreadPoolExecutor
) -> Iterator[tuple[AnnotatedImage, Annotations | ImageMeasurements]]:
    """Loads in the background while the model works, at most two images; what is kept is not loaded."""

    def load(image: AnnotatedImage) -> Annotations | ImageMeasurements:
        found = None if kept is None else kept.get(image, protocol)
        return image.load() if found is None else found

    coming: deque[tuple[AnnotatedImage, Future[Annotations | ImageMeasurements]]] = deque()
    for image in images:
        coming.append((image, threads.submit(load, image)))
        if len(coming) == 2:
            first, future = coming.popleft()
            yield first, future.result()
    for image, future in coming:
        yield image, future.result()
