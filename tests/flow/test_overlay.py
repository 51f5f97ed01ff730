import io
import uuid

import numpy as np
from PIL import Image as PillowImage

from engine.flow.annotate import put_mask
from engine.flow.overlay import mask_overlay_png
from engine.masks import rle
from engine.store.tables import Image, Project, User
from engine.store.unit_of_work import unit_of_work
from tests.fixtures.deployment import add_image
from tests.fixtures.pictures import picture
from tests.flow.masks import mask_content, rectangle


def overlay(image: Image) -> tuple[str, np.ndarray]:
    with unit_of_work(read_only=True) as uow:
        revision, png = mask_overlay_png(uow, image.id)
    return revision, np.asarray(PillowImage.open(io.BytesIO(png)).convert("RGBA"))


def test_an_image_without_masks_has_an_empty_overlay(image: Image) -> None:
    _, pixels = overlay(image)
    assert pixels.shape == (48, 64, 4)
    assert (pixels[..., 3] == 0).all()


def test_each_mask_has_its_colour_and_the_rest_is_clear(image: Image, owner: User) -> None:
    empty, _ = overlay(image)
    with unit_of_work() as uow:
        put_mask(uow, owner, image.id, uuid.uuid4(), mask_content(segmentation=rectangle(0, 0, 10, 10)), None)
        put_mask(uow, owner, image.id, uuid.uuid4(), mask_content(segmentation=rectangle(20, 0, 10, 10)), None)
    revision, pixels = overlay(image)
    assert revision != empty
    assert (pixels[30:, :, 3] == 0).all()
    assert 0 < pixels[5, 5, 3] < 255
    assert tuple(pixels[5, 5, :3]) == (86, 180, 233)
    assert tuple(pixels[5, 25, :3]) == (230, 159, 0)


def test_a_large_image_is_drawn_at_thumbnail_size(project: Project, owner: User) -> None:
    image = add_image(project, owner, data=picture(width=1280, height=640))
    mask = np.zeros((640, 1280), bool)
    mask[:320, :640] = True
    with unit_of_work() as uow:
        put_mask(uow, owner, image.id, uuid.uuid4(), mask_content(segmentation=rle.encode(mask)), None)
    _, pixels = overlay(image)
    assert pixels.shape == (160, 320, 4)
    assert (pixels[:80, :160, 3] > 0).all()
    assert (pixels[..., 3] > 0).sum() == 80 * 160
