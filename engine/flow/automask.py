"""image files → SA-1B JSON files, by the fully automatic stage. Resumes where it stopped."""

import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import NAMESPACE_URL, UUID, uuid5

from engine.automatic.config import AutomaticConfig
from engine.automatic.generator import AutomaticMask, generate_masks
from engine.dataset.read_image import read_image
from engine.dataset.sa1b import StoredMask, make_record, to_json
from engine.errors import InvalidInput
from engine.inference.encoder import AdaptiveEncoder
from engine.sam import Sam
from engine.sam.predictor import Predictor
from engine.settings import get_settings


@dataclass(frozen=True)
class AutomaskTask:
    """One image and the file its masks go to. `name` is the image's path below the folder that was given."""

    image: Path
    name: str
    output: Path

    @property
    def done(self) -> bool:
        return self.output.exists()


def plan(images: Sequence[tuple[Path, str]], out: Path) -> list[AutomaskTask]:
    """Where the masks of each image (path, name below its folder) go: `out`/NAME.json.

    Raises InvalidInput when two images would share a file.
    """
    tasks = [AutomaskTask(path, name, (out / name).with_suffix(".json")) for path, name in images]
    seen: dict[Path, str] = {}
    for task in tasks:
        if task.output in seen:
            raise InvalidInput(
                f"{seen[task.output]} and {task.name} would both be written to {task.output.name}. Rename one of them."
            )
        seen[task.output] = task.name
    return tasks


def check_writable(folder: Path) -> None:
    """Make `folder` if there is none. Raises InvalidInput when nothing can be written in it, before hours of work."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise InvalidInput(f"Nothing can be written in {folder}: {error.strerror}.") from error


def make_predictor(sam: Sam) -> Predictor:
    """A predictor for many images: like a worker's, its embeddings are in half precision where that agrees."""
    return Predictor(sam, AdaptiveEncoder(sam.image_encoder, sam.device))


def automask(
    predictor: Predictor,
    task: AutomaskTask,
    config: AutomaticConfig,
    model: str,
    calibrated: Sequence[str] = (),
    on_points: Callable[[int], None] | None = None,
) -> int:
    """Find the masks of one image and write its file, which appears whole or not at all; returns how many masks.

    The file says which model, by name, and which settings made its masks, and which of them, `calibrated`, are the
    model's own. Ids depend on the image's name alone, so they stay the same from run to run. Raises InvalidImage,
    ImageTooLarge, InvalidInput when a file cannot be read or written.
    """
    try:
        with task.image.open("rb") as file:
            image = read_image(file, get_settings().max_image_pixels)
    except OSError as error:
        raise InvalidInput(f"{task.image} cannot be read: {error.strerror}.") from error
    masks = generate_masks(predictor, image, config, on_points)
    height, width = image.shape[:2]
    image_id = uuid5(NAMESPACE_URL, task.name)
    stored = [_stored(mask, uuid5(image_id, str(index))) for index, mask in enumerate(masks)]
    record = make_record(image_id, task.image.name, width, height, stored)
    record["generation"] = {"model": model, "settings": config.to_settings(), "calibrated": list(calibrated)}
    _write_whole(task.output, to_json(record))
    return len(masks)


def _stored(mask: AutomaticMask, mask_id: UUID) -> StoredMask:
    x, y = mask.point_coords
    return StoredMask(
        id=mask_id,
        segmentation=mask.segmentation,
        bbox=mask.bbox,
        area=mask.area,
        predicted_iou=mask.predicted_iou,
        stability_score=mask.stability_score,
        crop_box=[float(side) for side in mask.crop_box],
        prompts={"points": [{"x": x, "y": y, "label": 1}]},
    )


def _write_whole(path: Path, content: bytes) -> None:
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            partial.write_bytes(content)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise InvalidInput(f"{path} cannot be written: {error.strerror}.") from error
