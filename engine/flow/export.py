"""stored annotation → data set: SA-1B JSON files, one per image, as a zip that streams."""

import zipfile
from collections.abc import Iterable, Iterator
from pathlib import PurePath
from uuid import UUID

from sqlalchemy import select

from engine.dataset.sa1b import Sa1bRecord, StoredMask, make_record, to_json
from engine.flow.annotate import list_masks, segmentation_of
from engine.flow.image_tags import tags_by_image
from engine.flow.projects import get_project
from engine.store.blobs import get_blobs
from engine.store.tables import Image, Mask, Review
from engine.store.unit_of_work import UnitOfWork

_CHUNK = 1 << 18
# Zip cannot tell times before 1980; a fixed one makes equal exports equal files.
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)


def export_sa1b(uow: UnitOfWork, project_id: UUID, with_images: bool = False) -> Iterator[tuple[str, bytes]]:
    """(file name, bytes) of a project's annotations, one JSON per image, in order of import. Raises NotFound.

    `with_images`: each JSON is preceded by the display rendition it describes: upright, as annotated.
    """
    get_project(uow, project_id)
    images = uow.session.scalars(
        select(Image).where(Image.project_id == project_id).order_by(Image.created_at, Image.id)
    ).all()
    return _files(uow, images, with_images)


def sa1b_record(uow: UnitOfWork, image: Image, file_name: str) -> Sa1bRecord:
    """An image's annotations and tags; masks that wait for review are not annotations yet."""
    masks = [_stored(mask, image) for mask in list_masks(uow, image.id) if mask.review is not Review.WAITING]
    tags = tags_by_image(uow, [image.id]).get(image.id, ())
    return make_record(image.id, file_name, image.width, image.height, masks, tags)


def stream_zip(files: Iterable[tuple[str, bytes]]) -> Iterator[bytes]:
    """A zip archive of the files, in chunks, never whole in memory."""
    sink = _Sink()
    with zipfile.ZipFile(sink, "w") as archive:
        for name, data in files:
            entry = zipfile.ZipInfo(name, _ZIP_TIME)
            entry.external_attr = 0o644 << 16
            # Images are compressed already.
            entry.compress_type = zipfile.ZIP_DEFLATED if name.endswith(".json") else zipfile.ZIP_STORED
            with archive.open(entry, "w") as file:
                for start in range(0, len(data), _CHUNK):
                    file.write(data[start : start + _CHUNK])
                    yield sink.take()
            yield sink.take()
    yield sink.take()


class _Sink:
    """Where the archive is written: kept until taken; not seekable, so sizes follow the data they describe."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """Nothing is held open."""

    def take(self) -> bytes:
        taken, self._parts = b"".join(self._parts), []
        return taken


def _files(uow: UnitOfWork, images: Iterable[Image], with_images: bool) -> Iterator[tuple[str, bytes]]:
    taken: set[str] = set()
    for image in images:
        stem, file_name = export_name(image, taken)
        if with_images:
            yield file_name, get_blobs().get(image.display_key)
        yield f"{stem}.json", to_json(sa1b_record(uow, image, file_name))


def export_name(image: Image, taken: set[str]) -> tuple[str, str]:
    """(stem, file name) of an image in a data set; the stem differs from all in `taken`, which it joins."""
    stem = _free_stem(PurePath(image.file_name).stem or "image", taken)
    return stem, stem + SUFFIXES[image.display_media_type]


SUFFIXES = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/webp": ".webp",
    "image/gif": ".gif",
    "image/bmp": ".bmp",
}


def _stored(mask: Mask, image: Image) -> StoredMask:
    return StoredMask(
        id=mask.id,
        segmentation=segmentation_of(mask, image),
        bbox=(mask.bbox_x, mask.bbox_y, mask.bbox_w, mask.bbox_h),
        area=mask.area,
        predicted_iou=mask.predicted_iou,
        stability_score=mask.stability_score,
        crop_box=mask.crop_box,
        prompts=mask.prompts,
    )


def _free_stem(stem: str, taken: set[str]) -> str:
    """The stem, numbered when another image has it; compared as file systems that ignore case do."""
    candidate, number = stem, 2
    while candidate.casefold() in taken:
        candidate, number = f"{stem}-{number}", number + 1
    taken.add(candidate.casefold())
    return candidate
