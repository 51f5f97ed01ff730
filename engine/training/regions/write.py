"""A folder of labelled photographs → a folder of the same photographs with their stable regions as masks."""

import json
import multiprocessing
import os
import shutil
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from engine.errors import InvalidInput
from engine.masks import rle
from engine.training.data.dataset import read_pixels
from engine.training.data.sa1b_folder import IMAGE_SUFFIXES
from engine.training.data.sa1b_records import masks, parse
from engine.training.regions.stable import segmentation, stable_regions

SOURCE = "regions"
"""The source that these masks are from, as `data.source_weights` names it: the prefix of the files' names."""


def write_regions(folder: Path, out: Path, leave_out: tuple[str, ...] = (), workers: int = 1) -> tuple[int, int]:
    """Write an SA-1B folder to `out`; says how many images and masks it holds.

    Images are linked where the file system allows it, else copied. What is there already is not made again. Images of
    the sources in `leave_out` (the part of a name before the first `_`), and those without a stable region, are not
    there.

    Raises InvalidInput where `folder` has no images/ and annotations/, a file cannot be read or `out` cannot be a
    folder, InvalidSetting without scikit-image.
    """
    segmentation()
    images, annotations = folder / "images", folder / "annotations"
    if not images.is_dir() or not annotations.is_dir():
        raise InvalidInput(f"{folder} must hold the folders images/ and annotations/.")
    found = {path.stem: path for path in sorted(images.iterdir()) if path.suffix.lower() in IMAGE_SUFFIXES}
    chosen = [
        (found[path.stem], path)
        for path in sorted(annotations.glob("*.json"))
        if path.stem in found and path.stem.split("_", 1)[0] not in leave_out
    ]
    if not chosen:
        raise InvalidInput(f"{folder} holds no image with annotations to look for regions in.")
    for part in ("images", "annotations"):
        try:
            (out / part).mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError) as error:
            raise InvalidInput(f"{out} cannot be a folder: a part of this path is a file.") from error
    work = partial(_write_one, out=out)
    if workers <= 1:
        counts = [work(each) for each in tqdm(chosen, desc="finding regions", unit="image")]
    else:
        # Spawned: this process may hold threads, which a fork would not survive.
        with multiprocessing.get_context("spawn").Pool(workers) as pool:
            counts = list(tqdm(pool.imap(work, chosen), total=len(chosen), desc="finding regions", unit="image"))
    return sum(count > 0 for count in counts), sum(counts)


def _write_one(paths: tuple[Path, Path], out: Path) -> int:
    """The number of masks written for one image."""
    cv2.setNumThreads(1)
    image_path, annotation_path = paths
    target = out / "annotations" / f"{SOURCE}_{image_path.stem}.json"
    if target.exists():
        return len(json.loads(target.read_bytes())["annotations"])
    image = read_pixels(image_path, str(image_path))
    height, width = image.shape[:2]
    labelled = np.zeros((height, width), np.bool_)
    record = parse(annotation_path.read_bytes(), str(annotation_path))
    for mask in masks(record["annotations"], str(annotation_path)):
        if mask["size"] != [height, width]:
            raise InvalidInput(f"{annotation_path} holds a mask of another size than {image_path.name}.")
        labelled |= rle.decode(mask)
    found = [rle.encode(region) for region in stable_regions(image, labelled)]
    if not found:
        return 0
    name = f"{SOURCE}_{image_path.name}"
    document = {
        "image": {"image_id": 0, "width": width, "height": height, "file_name": name},
        "annotations": [
            {"id": number, "segmentation": mask, "bbox": list(rle.bbox(mask)), "area": rle.area(mask)}
            for number, mask in enumerate(found, 1)
        ],
    }
    _link(image_path, out / "images" / name)
    # The annotations come last and whole: where they are, the image is too.
    partial_file = target.with_suffix(".partial")
    partial_file.write_text(json.dumps(document))
    partial_file.replace(target)
    return len(found)


def _link(source: Path, target: Path) -> None:
    target.unlink(missing_ok=True)
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without links
        shutil.copyfile(source, target)
