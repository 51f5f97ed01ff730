"""Scenes as files: images and SA-1B-style annotations, one JSON per image (dataset section of the paper)."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from engine.masks import rle
from engine.training.scenes.compose import generate_scene
from engine.training.scenes.scene import Scene


def annotation(scene: Scene, image_id: int, file_name: str) -> dict[str, Any]:
    """The annotation file of a scene: `image`, and `annotations` with COCO RLE, bbox [x, y, w, h] and area."""
    height, width = scene.leaf_map.shape
    annotations: list[dict[str, Any]] = []
    for index, (mask, level) in enumerate(zip(scene.masks(), scene.level, strict=True)):
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        x0, y0 = int(columns[0]), int(rows[0])
        annotations.append(
            {
                "id": image_id * 1000 + index,
                "segmentation": rle.encode(mask),
                "bbox": [x0, y0, int(columns[-1]) - x0 + 1, int(rows[-1]) - y0 + 1],
                "area": int(mask.sum()),
                "source": f"scene:{level}",
            }
        )
    image = {"image_id": image_id, "width": width, "height": height, "file_name": file_name}
    return {"image": image, "annotations": annotations}


def write_scenes(folder: Path, count: int, seed: int, size: tuple[int, int], difficulty: float) -> Iterator[Path]:
    """Writes scenes `seed`, `seed` + 1, … to images/ and annotations/ below `folder`; yields each image's path."""
    (folder / "images").mkdir(parents=True, exist_ok=True)
    (folder / "annotations").mkdir(parents=True, exist_ok=True)
    for number in range(seed, seed + count):
        scene = generate_scene(number, size, difficulty=difficulty)
        name = f"scene_{number:08d}"
        path = folder / "images" / f"{name}.jpg"
        Image.fromarray(scene.image).save(path, quality=95)
        content = json.dumps(annotation(scene, number, path.name), separators=(",", ":"))
        (folder / "annotations" / f"{name}.json").write_text(content, encoding="utf-8")
        yield path
