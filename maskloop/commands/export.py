"""`maskloop export`: a project's annotations as files."""

import enum
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from tqdm import tqdm

from engine.errors import InvalidInput
from engine.flow.export import export_sa1b
from engine.flow.import_folder import find_project
from engine.flow.projects import ProjectSummary, list_projects, summarize_project
from engine.store.unit_of_work import UnitOfWork, unit_of_work
from maskloop.commands.options import DataOption, JsonOption, counted, print_json
from maskloop.commands.store import open_store
from maskloop.write_files import write_files


class Format(enum.StrEnum):
    SA1B = "sa1b"


def export(
    project: Annotated[
        str | None, typer.Option(metavar="NAME", help="Project to export [the only one that has masks]")
    ] = None,
    file_format: Annotated[
        Format, typer.Option("--format", help="sa1b: one JSON per image, as in SA-1B")
    ] = Format.SA1B,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR_OR_ZIP", help="A folder, or a file ending in .zip [PROJECT-sa1b.zip]")
    ] = None,
    images: Annotated[bool, typer.Option("--images", help="Put the images beside their JSON files")] = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a project's annotations to a folder or a zip file.

    Example: maskloop export --project street --format sa1b --out street.zip
    """
    open_store(data)
    with unit_of_work(read_only=True) as uow:
        chosen = _choose(uow, project)
        target = out or Path(f"{_file_stem(chosen.name)}-{file_format.value}.zip")
        files = _counted(export_sa1b(uow, chosen.id, with_images=images), chosen)
        write_files(target, files)
    if as_json:
        print_json(
            {
                "project": {"id": str(chosen.id), "name": chosen.name},
                "format": file_format.value,
                "images": chosen.image_count,
                "masks": chosen.mask_count,
                "out": str(target),
            }
        )
    else:
        made = f"{counted(chosen.mask_count, 'mask')} of {counted(chosen.image_count, 'image')}"
        print(f"{made} of the project {chosen.name} written to {target}.")


def _choose(uow: UnitOfWork, name: str | None) -> ProjectSummary:
    if name is not None:
        return summarize_project(uow, find_project(uow, name).id)
    annotated = [project for project in list_projects(uow) if project.mask_count]
    if not annotated:
        raise InvalidInput("No project has masks yet; name one with --project to export its images alone.")
    if len(annotated) > 1:
        names = ", ".join(project.name for project in annotated)
        raise InvalidInput(f"Several projects have masks: {names}. Choose one with --project NAME.")
    return annotated[0]


def _counted(files: Iterator[tuple[str, bytes]], project: ProjectSummary) -> Iterator[tuple[str, bytes]]:
    with tqdm(total=project.image_count, desc="export", unit="image", disable=None) as bar:
        for name, content in files:
            yield name, content
            bar.update(name.endswith(".json"))


def _file_stem(name: str) -> str:
    return re.sub(r"[^\w.-]+", "-", name).strip("-.") or "project"
