"""evaluation → comparison: what both models made of the held-out masks, as `comparison` reads it."""

import gzip
import json
from collections.abc import Sequence
from typing import Any

from engine.dataset.snapshot import SnapshotMask
from engine.evaluation.kept import KeptMeasurements
from engine.evaluation.measurements import ImageMeasurements
from engine.evaluation.protocol import Protocol
from engine.evaluation.read_folder import AnnotatedImage
from engine.flow.snapshot_files import frozen_images
from engine.masks import rle
from engine.store.blobs import get_blobs
from engine.store.tables import Snapshot


def store_comparison(
    snapshot: Snapshot,
    images: Sequence[AnnotatedImage],
    base: KeptMeasurements,
    candidate: KeptMeasurements,
    protocol: Protocol,
) -> str:
    """Put what both models made of the held-out `images` into the blob store; returns the key of the list."""
    frozen = {image["id"]: image["masks"] for image in frozen_images(snapshot)}
    listed: list[dict[str, Any]] = []
    keys: dict[str, str] = {}
    for image in images:
        before, after = base.get(image, protocol), candidate.get(image, protocol)
        if before is None or after is None:
            continue
        # Masks without a pixel are not measured.
        masks = [mask for mask in frozen[image.name] if rle.area(mask["segmentation"])]
        old, new = _answers(before), _answers(after)
        keys[image.name] = _put(
            {
                "size": masks[0]["segmentation"]["size"],
                "counts": [mask["segmentation"]["counts"] for mask in masks],
                "base": old,
                "candidate": new,
            }
        )
        rows = zip(masks, old, new, strict=True)
        listed += [_line(image.name, row, *each) for row, each in enumerate(rows)]
    return _put({"masks": listed, "images": keys})


def _answers(measured: ImageMeasurements) -> list[dict[str, Any]]:
    """Of each mask: the clicks on it, and mask and IoU by number of clicks."""
    return [
        {
            "clicks": trace.clicks,
            "counts": {str(clicks): counts for clicks, counts in trace.counts.items()},
            "iou": {str(clicks): float(measured.iou[row, clicks - 1]) for clicks in trace.counts},
        }
        for row, trace in enumerate(measured.traces)
    ]


def _line(image_id: str, row: int, mask: SnapshotMask, old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": mask["id"],
        "version": mask["version"],
        "label": mask["label"],
        "area": mask["area"],
        "image_id": image_id,
        "row": row,
        "iou": {clicks: [iou, new["iou"][clicks]] for clicks, iou in old["iou"].items()},
    }


def _put(document: dict[str, Any]) -> str:
    return get_blobs().put(gzip.compress(json.dumps(document, separators=(",", ":")).encode(), mtime=0))
