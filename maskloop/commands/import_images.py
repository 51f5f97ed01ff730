"""`maskloop import`: a folder of images into a project."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from tqdm import tqdm

from engine.flow.image_tags import clean_tag
from engine.flow.import_folder import ImportedFile, import_files, project_for_import
from maskloop.commands.options import DataOption, JsonOption, counted, print_json
from maskloop.commands.store import open_store
from maskloop.image_files import find_images
from maskloop.running import find_running


def import_images(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A folder of images, at any depth")],
    project: Annotated[
        str | None, typer.Option(metavar="NAME", help="Project to add to, made when there is none [the folder's name]")
    ] = None,
    tag: Annotated[
        list[str] | None, typer.Option(metavar="TAG", help="Tag the images, to choose them by; may be repeated")
    ] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add the images of a folder to a project; works whether or not maskloop is running.

    A file that the project has already is left out, so the same import can be repeated; it gets the tags all the same.
    What cannot be imported is listed at the end, with the reason, and the exit status is 1.

    Example: maskloop import ~/photos --project street
    """
    tags = [clean_tag(each) for each in tag or ()]
    found = find_images(folder)
    settings = open_store(data, create=True)
    target = project_for_import(project or _folder_name(folder))
    names = dict(found)
    bar = tqdm(import_files(target, names, tags), total=len(names), desc="import", unit="image", disable=None)
    results: list[ImportedFile] = list(bar)
    failed = [(names[result.path], result.error) for result in results if result.error is not None]
    duplicates = sum(result.duplicate for result in results)
    imported = len(results) - len(failed) - duplicates
    if as_json:
        print_json(
            {
                "project": {"id": str(target.id), "name": target.name},
                "imported": imported,
                "duplicates": duplicates,
                "failed": [{"file": name, "error": error} for name, error in failed],
            }
        )
    else:
        already = f" {counted(duplicates, 'image')} had been imported before." if duplicates else ""
        print(f"{counted(imported, 'image')} imported into the project {target.name}.{already}")
        if imported and find_running(settings.data) is None and settings.embedded:
            print("They get their embeddings, and can be annotated, once maskloop runs: maskloop up")
        if failed:
            print(f"{counted(len(failed), 'file')} could not be imported:", file=sys.stderr)
        for name, error in failed:
            print(f"  {name}: {error}", file=sys.stderr)
    if failed:
        raise typer.Exit(1)


def _folder_name(path: Path) -> str:
    folder = path.resolve() if path.is_dir() else path.resolve().parent
    return folder.name or "images"
