"""Measurements kept image by image, so that an evaluation that was killed goes on where it stopped.

What is kept depends on nothing but the weights, the two files of the image and the protocol, and is found again by a
hash of these: a model that is measured on the same benchmark in every round is measured once.
"""

import hashlib
import json
import math
import uuid
from pathlib import Path
from typing import Any

import numpy as np

from engine.evaluation.clicks import Click
from engine.evaluation.measurements import Floats, ImageMeasurements, MaskTrace, MeasuredImage
from engine.evaluation.protocol import Protocol
from engine.evaluation.read_folder import AnnotatedImage

_VERSION = 1
"""Part of every hash: raise it when the same files and protocol would come to other figures."""


class KeptMeasurements:
    """The measurements of the model with these weights (their SHA-256) in a folder, which is made if absent."""

    def __init__(self, folder: Path, weights_sha256: str) -> None:
        self._folder, self._weights = folder, weights_sha256

    def get(self, image: AnnotatedImage, protocol: Protocol) -> ImageMeasurements | None:
        """What was measured on an image; None when it was not, or not to the end."""
        try:
            document = json.loads(self._file(image, protocol).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        return _from_json(document, image)

    def put(self, image: AnnotatedImage, protocol: Protocol, measured: ImageMeasurements) -> None:
        """Keep an image's measurements; they are there whole or not at all."""
        file = self._file(image, protocol)
        file.parent.mkdir(parents=True, exist_ok=True)
        partial = file.with_name(f".{file.name}.{uuid.uuid4().hex}")
        partial.write_text(json.dumps(_to_json(measured), separators=(",", ":")), encoding="utf-8")
        partial.replace(file)

    def _file(self, image: AnnotatedImage, protocol: Protocol) -> Path:
        hashed = hashlib.sha256(json.dumps([_VERSION, protocol.clicks, protocol.noc, protocol.traced]).encode())
        for path in (image.image_path, image.annotation_path):
            hashed.update(hashlib.sha256(path.read_bytes()).digest())
        return self._folder / self._weights / f"{hashed.hexdigest()}.json"


def _to_json(measured: ImageMeasurements) -> dict[str, Any]:
    return {
        "tags": measured.image.tags,
        "relative_size": measured.relative_size.tolist(),
        "iou": _without_nan(measured.iou),
        "predicted_iou": _without_nan(measured.predicted_iou),
        "oracle_iou": measured.oracle_iou.tolist(),
        "traces": [{"clicks": trace.clicks, "counts": trace.counts} for trace in measured.traces],
    }


def _from_json(document: dict[str, Any], image: AnnotatedImage) -> ImageMeasurements:
    return ImageMeasurements(
        image=MeasuredImage(image.name, image.source, tuple(document["tags"])),
        relative_size=np.array(document["relative_size"], np.float64),
        # None becomes NaN.
        iou=np.array(document["iou"], np.float64),
        predicted_iou=np.array(document["predicted_iou"], np.float64),
        oracle_iou=np.array(document["oracle_iou"], np.float64),
        traces=tuple(
            MaskTrace(
                tuple(Click(*click) for click in trace["clicks"]),
                {int(clicks): counts for clicks, counts in trace["counts"].items()},
            )
            for trace in document["traces"]
        ),
    )


def _without_nan(values: Floats) -> list[list[float | None]]:
    return [[None if math.isnan(value) else value for value in row] for row in values.tolist()]
