"""Small data sets in every format that training reads, all with the same pictures."""

import hashlib
import io
import json
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.dataset.snapshot import FORMAT, HEADER_FILE, IMAGES_FILE, VERSION, SnapshotImage, to_line
from engine.masks import rle

NAMES = ("sa_1", "sa_2", "sa_10", "coco_3")


def picture(number: int, height: int = 48, width: int = 64) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """A dark image with two bright rectangles, which are its masks, in places of their own."""
    generator = np.random.default_rng(number)
    masks = np.zeros((2, height, width), np.bool_)
    for mask, left in zip(masks, (0, width // 2), strict=True):
        x, y = left + int(generator.integers(0, width // 5)), int(generator.integers(0, height // 3))
        mask[y : y + height // 2, x : x + width // 4] = True
    image = np.full((height, width, 3), 20, np.uint8)
    image[masks[0]], image[masks[1]] = 200, 240
    return image, masks


def png(image: NDArray[np.uint8]) -> bytes:
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG")
    return file.getvalue()


def sa1b_record(name: str, masks: NDArray[np.bool_]) -> bytes:
    height, width = masks.shape[1:]
    image = {"image_id": 1, "width": width, "height": height, "file_name": f"{name}.png"}
    annotations = [{"id": n, "segmentation": rle.encode(mask)} for n, mask in enumerate(masks)]
    return json.dumps({"image": image, "annotations": annotations}).encode()


def write_folder(folder: Path, *, nested: bool = True, names: tuple[str, ...] = NAMES) -> Path:
    images, annotations = (folder / "images", folder / "annotations") if nested else (folder, folder)
    images.mkdir(parents=True, exist_ok=True)
    annotations.mkdir(exist_ok=True)
    for number, name in enumerate(names):
        image, masks = picture(number)
        (images / f"{name}.png").write_bytes(png(image))
        (annotations / f"{name}.json").write_bytes(sa1b_record(name, masks))
    return folder


def write_tar(path: Path, numbers: range, *, prefix: str = "./") -> Path:
    """A shard of pictures sa_N, written as the published ones are."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:") as archive:
        for number in numbers:
            image, masks = picture(number)
            for name, content in ((f"sa_{number}.png", png(image)), (f"sa_{number}.json", sa1b_record("", masks))):
                member = tarfile.TarInfo(prefix + name)
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
    return path


def coco_document(count: int = 3) -> dict[str, Any]:
    """Every picture's first mask as a polygon, its second as runs, in mixed order; a crowd; an image without masks."""
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for number in range(count):
        _, (first, second) = picture(number)
        images.append({"id": 100 - number, "file_name": f"é {number}.png", "width": 64, "height": 48})
        rows, columns = np.flatnonzero(first.any(1)), np.flatnonzero(first.any(0))
        x0, y0, x1, y1 = (int(v) for v in (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1))
        polygon = {"segmentation": [[x0, y0, x1, y0, x1, y1, x0, y1]], "iscrowd": 0}
        flat = second.T.ravel()
        edges = np.flatnonzero(np.diff(np.concatenate(([False], flat)).astype(np.int8))).tolist()
        lengths = np.diff([0, *edges, flat.size]).tolist()
        runs = {"segmentation": {"size": [48, 64], "counts": lengths}, "iscrowd": 0}
        for annotation in (polygon, runs):
            annotations.append({"id": len(annotations), "image_id": 100 - number, **annotation})
    annotations.append({**annotations[1], "id": 77, "iscrowd": 1})
    images.append({"id": 500, "file_name": "empty.png", "width": 64, "height": 48})
    return {"info": {"note": 'a "quoted" [ text'}, "images": images, "annotations": annotations[::-1], "version": 12}


def write_coco(path: Path, images: Path, document: dict[str, Any] | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    images.mkdir(parents=True, exist_ok=True)
    document = coco_document() if document is None else document
    for number in range(len(document["images"]) - 1):
        (images / f"é {number}.png").write_bytes(png(picture(number)[0]))
    path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    return path


def snapshot_image(number: int, content: bytes, split: str, stages: tuple[str, str]) -> SnapshotImage:
    _, masks = picture(number)
    return {
        "id": f"image-{number}",
        "file": f"images/{number}.png",
        "sha256": hashlib.sha256(content).hexdigest(),
        "width": 64,
        "height": 48,
        "split": "train" if split == "train" else "validation",
        "tags": [],
        "masks": [
            {
                "id": f"mask-{number}-{index}",
                "version": 1,
                "stage": stage,
                "label": None,
                "segmentation": rle.encode(mask),
                "bbox": list(rle.bbox(rle.encode(mask))),
                "area": int(mask.sum()),
            }
            for index, (mask, stage) in enumerate(zip(masks, stages, strict=True))
        ],
    }


def write_snapshot(folder: Path) -> Path:
    """Images 0 and 1 to train on, 2 for validation; image 1 has automatic masks only."""
    (folder / "images").mkdir(parents=True)
    lines: list[bytes] = []
    for number, (split, stages) in enumerate(
        [
            ("train", ("manual", "automatic")),
            ("train", ("automatic", "automatic")),
            ("validation", ("manual", "manual")),
        ]
    ):
        content = png(picture(number)[0])
        (folder / "images" / f"{number}.png").write_bytes(content)
        lines.append(to_line(snapshot_image(number, content, split, stages)))
    (folder / IMAGES_FILE).write_bytes(b"".join(lines))
    header = {"format": FORMAT, "version": VERSION, "id": "s-1", "name": "first", "images": 3, "masks": 6}
    (folder / HEADER_FILE).write_text(json.dumps(header))
    return folder
