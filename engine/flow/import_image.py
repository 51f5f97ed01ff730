"""file → image: checked before it is decoded, kept untouched, with a display rendition and a thumbnail.

Two steps, so that no transaction is open while an image is decoded: `prepare_image`, then `import_image`.
"""

import hashlib
import unicodedata
from dataclasses import dataclass
from pathlib import PurePath
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from engine.dataset.read_image import read_header, read_image
from engine.dataset.renditions import render_display, render_thumbnail
from engine.errors import ImageTooLarge, InvalidImage
from engine.flow.embed import request_embedding
from engine.flow.models import live_model
from engine.settings import get_settings
from engine.store.blobs import get_blobs
from engine.store.tables import Event, Image, Project, User
from engine.store.unit_of_work import UnitOfWork

_FILE_NAME_LENGTH = 255


@dataclass(frozen=True)
class PreparedImage:
    """A checked image file whose bytes and renditions are in the blob store; sizes are of the upright image."""

    sha256: str
    file_name: str
    media_type: str
    byte_size: int
    width: int
    height: int
    original_key: str
    display_key: str
    display_media_type: str
    thumbnail_key: str


@dataclass(frozen=True)
class ImportResult:
    """`duplicate`: the project had this very file already, and `image` is that one."""

    image: Image
    duplicate: bool


def prepare_image(file_name: str, data: bytes | BinaryIO) -> PreparedImage:
    """Check an image file, decode it and store its blobs; call it outside a unit of work, for it takes a while.

    Raises InvalidImage when it is not a whole image of a kind maskloop reads, ImageTooLarge above the deployment's
    limits; nothing is stored then.
    """
    settings = get_settings()
    limit = settings.max_upload_bytes
    content = data if isinstance(data, bytes) else data.read(limit + 1)
    if not content:
        raise InvalidImage("The file is empty. Choose an image file.")
    if len(content) > limit:
        raise ImageTooLarge(limit=limit, got=len(content), unit="bytes")
    header = read_header(content, settings.max_image_pixels)
    rgb = read_image(content, settings.max_image_pixels)
    thumbnail = render_thumbnail(rgb)
    blobs = get_blobs()
    original_key = display_key = blobs.put(content)
    display_media_type = header.media_type
    if not header.plain:
        display, display_media_type = render_display(rgb, header.media_type)
        display_key = blobs.put(display)
    return PreparedImage(
        sha256=hashlib.sha256(content).hexdigest(),
        file_name=_plain_file_name(file_name),
        media_type=header.media_type,
        byte_size=len(content),
        width=rgb.shape[1],
        height=rgb.shape[0],
        original_key=original_key,
        display_key=display_key,
        display_media_type=display_media_type,
        thumbnail_key=blobs.put(thumbnail),
    )


def import_image(uow: UnitOfWork, project: Project, prepared: PreparedImage, user: User) -> ImportResult:
    """Add a prepared image to a project and queue its embedding with the live model, if there is one yet."""
    image = Image(project_id=project.id, **vars(prepared))
    try:
        with uow.session.begin_nested():
            uow.session.add(image)
    except IntegrityError:
        stored = uow.session.scalars(
            select(Image).where(Image.project_id == project.id, Image.sha256 == prepared.sha256)
        ).one()
        return ImportResult(stored, duplicate=True)
    uow.session.add(
        Event(
            user_id=user.id,
            kind="image.imported",
            subject={"image_id": str(image.id), "project_id": str(project.id)},
        )
    )
    model = live_model(uow)
    if model is not None:
        request_embedding(uow, image, model)
    return ImportResult(image, duplicate=False)


def load_rgb(image: Image) -> NDArray[np.uint8]:
    """The stored image as H×W×3 RGB, upright, 8 bits. Raises InvalidImage, NotFound."""
    # It passed the limit of its day; a limit lowered since must not make it unreadable.
    with get_blobs().open(image.original_key) as file:
        return read_image(file, max_pixels=image.width * image.height)


def _plain_file_name(file_name: str) -> str:
    """The last part of a path as any system writes it, printable and of bounded length."""
    name = PurePath(unicodedata.normalize("NFC", file_name).replace("\\", "/")).name
    name = "".join(letter for letter in name if letter.isprintable()).strip()
    return name[-_FILE_NAME_LENGTH:] if name.strip(".") else "image"
