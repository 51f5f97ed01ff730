"""Reads a folder of images with true masks: `images/NAME.jpg` and `annotations/NAME.json` (SA-1B style)."""

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from engine.errors import InvalidInput, InvalidMask
from engine.masks import rle


class Annotations(NamedTuple):
    """An image (H×W×3, RGB), its non-empty masks (M×H×W, M may be 0), and the tags its annotation file gives it."""

    image: NDArray[np.uint8]
    masks: NDArray[np.bool_]
    tags: tuple[str, ...]


@dataclass(frozen=True)
class AnnotatedImage:
    """An image file and the JSON file with its masks."""

    image_path: Path
    annotation_path: Path
    group: str | None = None
    """The source, where the name does not say it."""

    @property
    def name(self) -> str:
        """The file name without its ending."""
        return self.image_path.stem

    @property
    def source(self) -> str:
        """The name's prefix before the first `_`, unless a group was given."""
        return self.group or self.name.split("_", 1)[0]

    def load(self) -> Annotations:
        """Raises InvalidInput when either file cannot be read or their sizes differ."""
        image = _read_rgb(self.image_path)
        height, width = image.shape[:2]
        try:
            document = json.loads(self.annotation_path.read_text(encoding="utf-8"))
            segmentations = [annotation["segmentation"] for annotation in document["annotations"]]
            masks = [rle.decode(rle.from_sa1b(each)) for each in segmentations if not _is_empty(each)]
            tags = _tags(document.get("image") or {})
        except OSError as error:
            raise InvalidInput(f"{self.annotation_path} cannot be read: {error.strerror}.") from error
        except UnicodeDecodeError as error:
            raise InvalidInput(f"{self.annotation_path} is no JSON: it is not text in UTF-8.") from error
        except json.JSONDecodeError as error:
            raise InvalidInput(
                f"{self.annotation_path} is no JSON: {error.msg} at line {error.lineno}, column {error.colno}."
            ) from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise InvalidInput(
                f"{self.annotation_path} is no SA-1B annotation file: it must hold annotations, each with a "
                "segmentation, and may hold tags, which are words."
            ) from error
        except InvalidMask as error:
            raise InvalidInput(f"{self.annotation_path}: {error}") from error
        for mask in masks:
            if mask.shape != (height, width):
                raise InvalidInput(
                    f"{self.annotation_path} holds a mask of {mask.shape[1]}×{mask.shape[0]} pixels, "
                    f"but {self.image_path.name} has {width}×{height}."
                )
        return Annotations(image, np.stack(masks) if masks else np.zeros((0, height, width), np.bool_), tags)


def read_folder(folder: Path, limit: int | None = None) -> list[AnnotatedImage]:
    """All annotated images of `folder`, by name; with `limit`, that many, spread evenly over the sources.

    The choice under a limit depends on the file names alone, so two models are measured on the same images.
    Raises InvalidInput when the folder has no `images/` and `annotations/`, or an annotation has no image.
    """
    images, annotations = folder / "images", folder / "annotations"
    if not images.is_dir() or not annotations.is_dir():
        raise InvalidInput(f"{folder} must hold the folders images/ and annotations/.")
    by_stem = {path.stem: path for path in sorted(images.iterdir()) if not path.name.startswith(".")}
    found: list[AnnotatedImage] = []
    for path in sorted(annotations.glob("*.json")):
        if path.stem not in by_stem:
            raise InvalidInput(f"{path} has no image of that name in {images}.")
        found.append(AnnotatedImage(by_stem[path.stem], path))
    if not found:
        raise InvalidInput(f"{annotations} holds no .json files.")
    return found if limit is None else spread_over_sources(found, limit)


def spread_over_sources(images: list[AnnotatedImage], limit: int) -> list[AnnotatedImage]:
    """At most `limit` of the images, as many of each source as of the others, evenly from the first to the last."""
    by_source: dict[str, list[AnnotatedImage]] = defaultdict(list)
    for image in images:
        by_source[image.source].append(image)
    quotas = dict.fromkeys(sorted(by_source), 0)
    for _ in range(min(limit, len(images))):
        open_sources = [source for source in quotas if quotas[source] < len(by_source[source])]
        quotas[min(open_sources, key=lambda source: quotas[source])] += 1
    chosen: list[AnnotatedImage] = []
    for source, quota in quotas.items():
        members = by_source[source]
        chosen += [members[index * len(members) // quota] for index in range(quota)]
    return chosen


def _tags(image: Mapping[str, object]) -> tuple[str, ...]:
    """`tags`, a list of words, or `tag`, one word."""
    found = image.get("tags", image.get("tag"))
    listed = [] if found is None else found if isinstance(found, list) else [found]
    if not all(isinstance(tag, str) for tag in listed):
        raise ValueError(f"the image's tags must be words, not {found!r}")
    return tuple(str(tag) for tag in listed)


def _is_empty(segmentation: Mapping[str, object]) -> bool:
    """An annotation without a single pixel cannot be clicked; some data sets hold a few."""
    counts = segmentation["counts"]
    return isinstance(counts, str) and rle.runs(counts).size == 1


def _read_rgb(path: Path) -> NDArray[np.uint8]:
    try:
        with Image.open(path) as image:
            return np.array(image.convert("RGB"))
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise InvalidInput(f"{path} cannot be read as an image: {error}.") from error
