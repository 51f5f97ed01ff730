"""Memory does not grow with the annotations: ten times as many cost a few bytes each, for their place in the file."""

import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from engine.dataset.snapshot import FORMAT, HEADER_FILE, IMAGES_FILE, VERSION, to_line
from engine.masks import rle
from engine.training.data.open import open_dataset
from tests.training.data.written import picture, png, snapshot_image

MASKS_EACH = 100
BYTES_EACH = 64
"""Most that an annotation may cost at any moment. Its JSON alone has 100, as Python objects it has over 700."""


def write_coco(folder: Path, images: int) -> Path:
    """`images` × 100 annotations on one and the same picture."""
    image, masks = picture(0)
    mask = json.dumps(rle.encode(masks[0]))
    (folder / "a.png").write_bytes(png(image))
    with (folder / "instances.json").open("w") as file:
        records = ({"id": n, "file_name": "a.png", "width": 64, "height": 48} for n in range(images))
        file.write('{"images": [' + ", ".join(json.dumps(record) for record in records) + '], "annotations": [')
        for number in range(images * MASKS_EACH):
            comma = "," if number else ""
            file.write(f'{comma}{{"id": {number}, "image_id": {number % images}, "segmentation": {mask}}}')
        file.write("]}")
    return folder / "instances.json"


def write_snapshot(folder: Path, images: int) -> Path:
    content = png(picture(0)[0])
    (folder / "images").mkdir()
    (folder / "images" / "0.png").write_bytes(content)
    record = snapshot_image(0, content, "train", ("manual", "manual"))
    record["masks"] = record["masks"] * (MASKS_EACH // 2)
    (folder / IMAGES_FILE).write_bytes(to_line(record) * images)
    header = {"format": FORMAT, "version": VERSION, "id": "s", "name": "s", "images": images, "masks": 0}
    (folder / HEADER_FILE).write_text(json.dumps(header))
    return folder


def peak(path: Path) -> int:
    """Most bytes held while the data set is opened and some of it is read."""
    tracemalloc.start()
    try:
        dataset = open_dataset(path)
        for index in np.linspace(0, len(dataset) - 1, 5).astype(int):
            assert len(dataset.read(int(index)).masks) == MASKS_EACH
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("write", [write_coco, write_snapshot])
def test_ten_times_the_annotations_cost_their_offsets_only(tmp_path: Path, write: Callable[[Path, int], Path]) -> None:
    for name in ("few", "many"):
        (tmp_path / name).mkdir()
    few, many = peak(write(tmp_path / "few", 100)), peak(write(tmp_path / "many", 1000))
    assert many - few < (100_000 - 10_000) * BYTES_EACH


def test_an_index_that_is_kept_costs_nothing_at_all(tmp_path: Path) -> None:
    path = write_coco(tmp_path, 1000)
    open_dataset(path)
    assert peak(path) < 3_000_000
