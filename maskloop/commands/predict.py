"""`maskloop predict`: masks for one image from points and a box."""

from pathlib import Path
from typing import Annotated

import typer

from engine.errors import InvalidInput
from maskloop.commands.options import DEFAULT_MODEL, JsonOption, ModelOption, numbers, print_json


def predict(
    image: Annotated[Path, typer.Argument(metavar="IMAGE", help="A JPEG, PNG, WebP, TIFF, BMP or GIF file")],
    point: Annotated[
        list[str] | None,
        typer.Option(metavar="X,Y,LABEL", help="A point in pixels; label 1 foreground, 0 background. Repeatable"),
    ] = None,
    box: Annotated[str | None, typer.Option(metavar="X0,Y0,X1,Y1", help="A box in pixels around the object")] = None,
    model: ModelOption = DEFAULT_MODEL,
    multimask: Annotated[
        bool, typer.Option("--multimask", help="Three candidates for several points or a box, too")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Print the masks for points and a box on one image, best first.

    One point gives three candidates, several points or a box the single mask. Pixels count from the top-left corner
    of the upright image (after EXIF rotation).

    Example: maskloop predict photo.jpg --point 320,240,1 --json
    """
    points = [_point(text) for text in point or []]
    corners = _box(box) if box is not None else None
    if not points and corners is None:
        raise InvalidInput("Say where the object is: --point X,Y,1, or --box X0,Y0,X1,Y1.")

    from engine.dataset.read_image import read_image
    from engine.settings import get_settings

    if not image.is_file():
        raise InvalidInput(f"There is no file {image}.")
    with image.open("rb") as file:
        pixels = read_image(file, get_settings().max_image_pixels)

    from engine.flow import predict as flow
    from engine.flow.load_model import load_model
    from engine.masks import rle
    from engine.sam.predictor import Predictor

    flow.check_prompt(points, corners, width=pixels.shape[1], height=pixels.shape[0])
    masks = flow.predict(Predictor(load_model(model)), pixels, points, corners, multimask)
    if as_json:
        found = [{"segmentation": mask.segmentation, "predicted_iou": mask.predicted_iou} for mask in masks]
        print_json({"masks": found, "model": model})
        return
    for mask in masks:
        x, y, width, height = rle.bbox(mask.segmentation)
        print(
            f"predicted IoU {mask.predicted_iou:.3f}   {rle.area(mask.segmentation):>9,} pixels   "
            f"in the box {x},{y},{x + width},{y + height}"
        )


def _point(text: str) -> tuple[float, float, int]:
    values = numbers(text)
    if values is None or len(values) != 3 or values[2] not in (0, 1):
        raise InvalidInput(
            f"--point {text} is not X,Y,LABEL: two numbers of pixels and 1 (foreground) or 0 (background), "
            "such as 320,240,1."
        )
    return values[0], values[1], int(values[2])


def _box(text: str) -> tuple[float, float, float, float]:
    values = numbers(text)
    if values is None or len(values) != 4:
        raise InvalidInput(f"--box {text} is not X0,Y0,X1,Y1: four numbers of pixels, such as 100,80,400,300.")
    return values[0], values[1], values[2], values[3]
