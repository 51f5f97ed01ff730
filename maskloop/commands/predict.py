"""`maskloop predict`: masks for one image from points, a box and a text."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.errors import InvalidInput
from maskloop.commands.options import DEFAULT_MODEL, JsonOption, ModelOption, numbers, print_json

if TYPE_CHECKING:
    from torch import Tensor

    from engine.sam import Sam


def predict(
    image: Annotated[Path, typer.Argument(metavar="IMAGE", help="A JPEG, PNG, WebP, TIFF, BMP or GIF file")],
    point: Annotated[
        list[str] | None,
        typer.Option(metavar="X,Y,LABEL", help="A point in pixels; label 1 foreground, 0 background. Repeatable"),
    ] = None,
    box: Annotated[str | None, typer.Option(metavar="X0,Y0,X1,Y1", help="A box in pixels around the object")] = None,
    text: Annotated[
        str | None, typer.Option(metavar="WORDS", help="What to segment, for models that were trained with texts")
    ] = None,
    clip: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder with the CLIP model that the texts were trained with")
    ] = None,
    model: ModelOption = DEFAULT_MODEL,
    multimask: Annotated[
        bool, typer.Option("--multimask", help="Three candidates for several points or a box, too")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Print the masks for points, a box and a text on one image, best first.

    One point or a text alone gives three candidates, several prompts or a box the single mask. Pixels count from the
    top-left corner of the upright image (after EXIF rotation).

    Example: maskloop predict photo.jpg --point 320,240,1 --json
    """
    points = [_point(text) for text in point or []]
    corners = _box(box) if box is not None else None
    if not points and corners is None and text is None:
        raise InvalidInput("Say where the object is: --point X,Y,1, or --box X0,Y0,X1,Y1.")
    if (text is None) != (clip is None):
        raise InvalidInput("--text WORDS and --clip DIR go together: CLIP turns the words into a prompt.")

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

    if points or corners is not None:
        flow.check_prompt(points, corners, width=pixels.shape[1], height=pixels.shape[0])
    sam = load_model(model)
    embedding = None if text is None or clip is None else _embedded(text, clip, sam, model)
    masks = flow.predict(Predictor(sam), pixels, points, corners, multimask, embedding)
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


def _embedded(text: str, folder: Path, sam: "Sam", model: str) -> "Tensor":
    """The words as a prompt for this model."""
    if sam.config.text_dim is None:
        raise InvalidInput(f"The model {model} takes no text. `maskloop train text --clip DIR …` trains one that does.")
    from engine.text.clip import load_clip

    return load_clip(folder, sam.device).embed_texts([text])


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
