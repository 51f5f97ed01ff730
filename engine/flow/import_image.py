"""file → image: checked before it is decoded, kept untouched, with a display rendition and a thumbnail."""

from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from engine.store.tables import Image, Project, User
from engine.store.unit_of_work import UnitOfWork


@dataclass(frozen=True)
class ImportResult:
    """`duplicate`: the project had this very file already, and `image` is that one."""

    image: Image
    duplicate: bool


def import_image(uow: UnitOfWork, project: Project, file_name: str, data: bytes | BinaryIO, user: User) -> ImportResult:
    """Store an image file and queue its embedding with the live model.

    Raises InvalidImage when it is not an image maskloop reads, ImageTooLarge above the deployment's limits.
    """
    raise NotImplementedError


def load_rgb(uow: UnitOfWork, image: Image) -> NDArray[np.uint8]:
    """The stored image as H×W×3 RGB, upright, 8 bits."""
    raise NotImplementedError
