"""`maskloop batch compare` and `maskloop batch download`: what batches made."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from engine.errors import InvalidInput
from engine.flow.batch_export import batch_export_files
from engine.flow.compare_batches import ImageComparison, comparable_batches, compare_batches
from engine.store.unit_of_work import UnitOfWork, unit_of_work
from maskloop.batch_lookup import find_batch, short
from maskloop.batch_tables import print_comparison
from maskloop.commands.batch_options import BatchArgument
from maskloop.commands.options import DataOption, JsonOption, counted, print_json
from maskloop.commands.store import open_store
from maskloop.write_files import write_files

_IMAGES_AT_A_TIME = 50


def compare(
    batch: BatchArgument,
    earlier: Annotated[
        str | None,
        typer.Argument(metavar="EARLIER", help="The batch to compare with [the latest before it on these images]"),
    ] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say which masks a batch gained, lost and changed against an earlier one of the same images.

    Example: maskloop batch compare 3f2a 81c0
    """
    open_store(data)
    with unit_of_work(read_only=True) as uow:
        new = find_batch(uow, batch).id
        old = _latest_before(uow, new) if earlier is None else find_batch(uow, earlier).id
    images = _all_compared(new, old)
    if as_json:
        print_json({"batch": str(new), "earlier": str(old), "images": [_image_json(image) for image in images]})
    elif not images:
        print(f"No image is done in both {short(new)} and {short(old)}.")
    else:
        print_comparison(images)


def download(
    batch: BatchArgument,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR_OR_ZIP", help="A folder, or a file ending in .zip [export-BATCH.zip]")
    ] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write what an export batch made: one SA-1B JSON file per image, as it was when the batch came to it.

    Example: maskloop batch download 3f2a --out street
    """
    open_store(data)
    names: list[str] = []
    with unit_of_work(read_only=True) as uow:
        job = find_batch(uow, batch)
        target = out or Path(f"export-{short(job.id)}.zip")
        write_files(target, _noted(batch_export_files(uow, job.id), names))
    if as_json:
        print_json({"batch": str(job.id), "files": len(names), "out": str(target)})
    else:
        print(f"{counted(len(names), 'file')} written to {target}.")


def _noted(files: Iterator[tuple[str, bytes]], names: list[str]) -> Iterator[tuple[str, bytes]]:
    for name, content in files:
        yield name, content
        names.append(name)


def _latest_before(uow: UnitOfWork, batch_id: UUID) -> UUID:
    found = comparable_batches(uow, batch_id)
    if not found:
        raise InvalidInput("No earlier batch found masks on these images, so there is nothing to compare with.")
    return found[0].id


def _all_compared(new: UUID, old: UUID) -> list[ImageComparison]:
    """Page by page, so that only the counts of all images are held, never their masks."""
    images: list[ImageComparison] = []
    while True:
        with unit_of_work(read_only=True) as uow:
            page = compare_batches(uow, new, old, len(images), _IMAGES_AT_A_TIME)
        images += page.items
        if not page.items or len(images) >= page.total:
            return images


def _image_json(image: ImageComparison) -> dict[str, object]:
    return {**asdict(image), "image_id": str(image.image_id)}
