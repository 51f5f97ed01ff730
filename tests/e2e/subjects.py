"""What the end-to-end tests click on: an image and two of its objects, whose masks are known."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.masks import rle
from engine.masks.geometry import farthest_from_border
from engine.training.scenes import generate_scene

# A photograph and a generated scene, each with the places of two compact objects that the bundled model finds by one
# click; what it does elsewhere is in its model card.
PHOTOGRAPH, OBJECTS = "carparts_train172", (3, 2)
SCENE, SCENE_OBJECTS = 51, (19, 9)


@dataclass(frozen=True)
class Subject:
    """An image file and the true masks of two objects in it, H×W each."""

    file: Path
    masks: tuple[NDArray[np.bool_], NDArray[np.bool_]]

    def centre(self, index: int) -> tuple[int, int]:
        """The pixel (x, y) of an object that is farthest from its border: where a person would click."""
        point = farthest_from_border(self.masks[index])
        assert point is not None
        return point.x, point.y


def photograph(validation: Path) -> Subject:
    annotations = json.loads((validation / "annotations" / f"{PHOTOGRAPH}.json").read_text())["annotations"]
    first, second = (rle.decode(rle.from_sa1b(annotations[index]["segmentation"])) for index in OBJECTS)
    return Subject(validation / "images" / f"{PHOTOGRAPH}.jpg", (first, second))


def ten_objects(validation: Path, folder: Path) -> tuple[Path, list[NDArray[np.bool_]]]:
    """An image file and the true masks (H×W) of ten things in it, largest first."""
    if validation.is_dir():
        annotations = json.loads((validation / "annotations" / f"{PHOTOGRAPH}.json").read_text())["annotations"]
        masks = [rle.decode(rle.from_sa1b(annotation["segmentation"])) for annotation in annotations]
        file = validation / "images" / f"{PHOTOGRAPH}.jpg"
    else:
        file = scene(folder).file
        masks = list(generate_scene(SCENE, (480, 640)).masks())
    return file, sorted(masks, key=lambda mask: -int(mask.sum()))[:10]


def scene(folder: Path) -> Subject:
    """A generated scene, for where no photographs are."""
    made = generate_scene(SCENE, (480, 640))
    file = folder / "scene.png"
    Image.fromarray(made.image).save(file)
    first, second = made.masks()[list(SCENE_OBJECTS)]
    return Subject(file, (first, second))
