import io

import numpy as np
import pytest
from PIL import Image as PillowImage

from engine.dataset.renditions import THUMBNAIL_SIDE
from engine.errors import ImageTooLarge, InvalidImage
from engine.flow.import_image import import_image, load_rgb, prepare_image
from engine.settings import Settings, get_settings
from engine.store.blobs import get_blobs
from engine.store.tables import Project, User
from engine.store.unit_of_work import unit_of_work
from tests.fixtures.deployment import add_image, make_project
from tests.fixtures.pictures import encoded, picture, pixels


def test_the_original_is_kept_and_shown_as_it_is(project: Project, owner: User) -> None:
    data = picture(kind="JPEG")
    image = add_image(project, owner, data=data)
    assert get_blobs().get(image.original_key) == data
    assert (image.display_key, image.display_media_type) == (image.original_key, "image/jpeg")
    assert (image.width, image.height, image.byte_size, image.media_type) == (64, 48, len(data), "image/jpeg")


def test_what_a_browser_would_show_otherwise_gets_a_rendition(project: Project, owner: User) -> None:
    sixteen_bits = PillowImage.fromarray((np.arange(48 * 64, dtype=np.uint16) * 20).reshape(48, 64))
    image = add_image(project, owner, data=encoded(sixteen_bits))
    assert image.display_key != image.original_key
    shown = np.asarray(PillowImage.open(io.BytesIO(get_blobs().get(image.display_key))))
    assert np.array_equal(shown, load_rgb(image))


def test_a_rotated_photograph_is_measured_and_shown_upright(project: Project, owner: User) -> None:
    exif = PillowImage.Exif()
    exif[274] = 6
    image = add_image(project, owner, data=picture(kind="JPEG", exif=exif))
    assert (image.width, image.height) == (48, 64)
    shown = PillowImage.open(io.BytesIO(get_blobs().get(image.display_key)))
    assert shown.size == (48, 64)
    assert load_rgb(image).shape == (64, 48, 3)


def test_the_thumbnail_fits_and_keeps_the_proportions(project: Project, owner: User) -> None:
    wide = add_image(project, owner, data=picture(width=1000, height=250))
    small = add_image(project, owner, data=picture(width=10, height=20))
    sizes = [PillowImage.open(io.BytesIO(get_blobs().get(image.thumbnail_key))).size for image in (wide, small)]
    assert sizes == [(THUMBNAIL_SIDE, THUMBNAIL_SIDE // 4), (10, 20)]


def test_the_same_file_is_one_image_per_project(project: Project, owner: User) -> None:
    image = add_image(project, owner)
    prepared = prepare_image("another name.png", picture())
    with unit_of_work() as uow:
        again = import_image(uow, project, prepared, owner)
    assert (again.duplicate, again.image.id) == (True, image.id)
    assert add_image(make_project(owner, "Cats"), owner).id != image.id


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("/home/ada/bird.jpg", "bird.jpg"),
        ("C:\\Users\\ada\\bird.jpg", "bird.jpg"),
        ("../../etc/passwd", "passwd"),
        ("bi\x00rd\n.jpg", "bird.jpg"),
        ("..", "image"),
        ("", "image"),
        ("x" * 300 + ".jpg", "x" * 251 + ".jpg"),
        ("鳥.jpg", "鳥.jpg"),
    ],
)
def test_file_names_are_reduced_to_a_harmless_last_part(name: str, kept: str, settings: Settings) -> None:
    assert prepare_image(name, picture()).file_name == kept


@pytest.mark.parametrize(
    "data", [b"", b"a photograph, honestly", picture(width=400, height=400, kind="JPEG")[:3000]], ids=len
)
def test_what_cannot_be_decoded_leaves_nothing_behind(data: bytes, settings: Settings) -> None:
    with pytest.raises(InvalidImage):
        prepare_image("photo.jpg", data)
    assert not list((settings.data / "blobs").rglob("*"))


def test_files_above_the_limits_are_refused(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MASKLOOP_MAX_IMAGE_PIXELS", "3000")
    monkeypatch.setenv("MASKLOOP_MAX_UPLOAD_BYTES", "1000")
    get_settings.cache_clear()
    with pytest.raises(ImageTooLarge) as refused:
        prepare_image("photo.png", picture())
    assert (refused.value.limit, refused.value.got, refused.value.unit) == (3000, 64 * 48, "pixels")
    with pytest.raises(ImageTooLarge) as refused:
        prepare_image("photo.png", io.BytesIO(bytes(5000)))
    assert (refused.value.limit, refused.value.unit) == (1000, "bytes")
    assert not list((settings.data / "blobs").rglob("*"))


def test_a_lowered_limit_leaves_stored_images_readable(
    project: Project, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = add_image(project, owner)
    monkeypatch.setenv("MASKLOOP_MAX_IMAGE_PIXELS", "10")
    get_settings.cache_clear()
    assert np.array_equal(load_rgb(image), pixels())
