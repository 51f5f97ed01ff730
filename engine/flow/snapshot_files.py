"""snapshot → files: the data set that training and measuring read, bit by bit the same each time it is written."""

import json
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

from engine.dataset.sa1b import StoredMask, make_record, to_json
from engine.dataset.snapshot import (
    FORMAT,
    HEADER_FILE,
    IMAGES_FILE,
    VERSION,
    SnapshotHeader,
    SnapshotImage,
    parse_line,
    to_line,
)
from engine.errors import InvalidInput
from engine.flow.snapshots import read_manifest
from engine.store.blobs import get_blobs
from engine.store.tables import Side, Snapshot

_CHUNK = 1 << 20


def frozen_images(snapshot: Snapshot) -> Iterator[SnapshotImage]:
    """The images of a snapshot with their masks, sorted by id. Raises NotFound, Conflict; see `read_manifest`."""
    for number, line in enumerate(read_manifest(snapshot).splitlines(), 1):
        yield parse_line(line, f"snapshot {snapshot.number}, line {number}")


def materialise(
    snapshot: Snapshot,
    folder: Path,
    *,
    since: Snapshot | None = None,
    on_image: Callable[[], None] | None = None,
) -> Path:
    """Write a snapshot's data set to `folder` and return it; harmless when it is there.

    `folder` becomes a snapshot folder as docs/data.md describes (`snapshot.json`, `images.jsonl`), whose two sides are
    SA-1B folders at the same time: `train/` and `validation/`, each with `images/` and `annotations/`. Images are the
    renditions that were annotated: upright, eight bits. Writing it again, on any machine, gives the same bytes; killed
    on the way, it goes on.

    With `since`, only mask versions that the earlier snapshot did not have, and only images with such masks.
    `on_image` is called after each image. Raises NotFound when a blob is gone, InvalidInput when the folder holds
    something else, such as another part of the snapshot, or nothing is new since.
    """
    known = set() if since is None else {key for image in frozen_images(since) for key in _versions(image)}
    images = [image for image in (_without(each, known) for each in frozen_images(snapshot)) if image["masks"]]
    if not images:
        raise InvalidInput(f"Snapshot {snapshot.number} has no masks that were not there before.")
    masks = sum(len(image["masks"]) for image in images)
    header_file = folder / HEADER_FILE
    if header_file.is_file():
        there = json.loads(header_file.read_text())
        if there["id"] != str(snapshot.id):
            raise InvalidInput(f"{folder} holds another snapshot, {there['name']}. Choose another folder.")
        if (there["images"], there["masks"]) != (len(images), masks):
            raise InvalidInput(
                f"{folder} holds {there['masks']:,} masks of {there['name']}, not the {masks:,} that were asked for. "
                "Choose another folder."
            )
        return folder
    for side in Side:
        for part in ("images", "annotations"):
            (folder / side.value / part).mkdir(parents=True, exist_ok=True)
    for image in images:
        _write_image(image, folder)
        if on_image is not None:
            on_image()
    _write(folder / IMAGES_FILE, b"".join(map(to_line, images)))
    header: SnapshotHeader = {
        "format": FORMAT,
        "version": VERSION,
        "id": str(snapshot.id),
        "name": f"{snapshot.name} #{snapshot.number}",
        "images": len(images),
        "masks": masks,
    }
    # Last, so that a folder that says what it is has all of it.
    _write(header_file, json.dumps(header, indent=1, ensure_ascii=False).encode() + b"\n")
    return folder


def _versions(image: SnapshotImage) -> set[tuple[str, int]]:
    return {(mask["id"], mask["version"]) for mask in image["masks"]}


def _without(image: SnapshotImage, known: set[tuple[str, int]]) -> SnapshotImage:
    if not known:
        return image
    return {**image, "masks": [mask for mask in image["masks"] if (mask["id"], mask["version"]) not in known]}


def _write_image(image: SnapshotImage, folder: Path) -> None:
    file = folder / image["file"]
    if not file.is_file():
        partial = file.with_name(f".{file.name}.{uuid.uuid4().hex}")
        with get_blobs().open(image["sha256"]) as source, partial.open("wb") as target:
            while chunk := source.read(_CHUNK):
                target.write(chunk)
        partial.replace(file)
    masks = [
        StoredMask(
            id=UUID(mask["id"]),
            segmentation=mask["segmentation"],
            bbox=(mask["bbox"][0], mask["bbox"][1], mask["bbox"][2], mask["bbox"][3]),
            area=mask["area"],
            predicted_iou=mask.get("predicted_iou"),
            stability_score=mask.get("stability_score"),
            crop_box=None,
            prompts={},
        )
        for mask in image["masks"]
    ]
    record = make_record(UUID(image["id"]), file.name, image["width"], image["height"], masks, image["tags"])
    _write(folder / image["split"] / "annotations" / f"{image['id']}.json", to_json(record))


def _write(file: Path, content: bytes) -> None:
    partial = file.with_name(f".{file.name}.{uuid.uuid4().hex}")
    partial.write_bytes(content)
    partial.replace(file)
