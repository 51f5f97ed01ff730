"""stored annotation → data set: SA-1B JSON files, one per image, as a zip that streams."""

from collections.abc import Iterator
from uuid import UUID

from engine.store.unit_of_work import UnitOfWork


def export_sa1b(uow: UnitOfWork, project_id: UUID, with_images: bool = False) -> Iterator[tuple[str, bytes]]:
    """(file name, bytes) of a project's annotations, one JSON per image, in order of import. Raises NotFound.

    `with_images`: each JSON is preceded by the image file it describes.
    """
    raise NotImplementedError


def stream_zip(files: Iterator[tuple[str, bytes]]) -> Iterator[bytes]:
    """A zip archive of the files, in chunks, never whole in memory."""
    raise NotImplementedError
