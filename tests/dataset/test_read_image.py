"""Image files from strangers: every kind decodes to upright 8-bit RGB, everything else is refused with a reason."""

import contextlib
import io
import os
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image

from engine.dataset.read_image import read_header, read_image
from engine.errors import ImageTooLarge, InvalidImage
from tests.conftest import REPOSITORY
from tests.fixtures.pictures import encoded, picture, pixels

LIMIT = 1_000_000


def png_header(width: int, height: int) -> bytes:
    """A PNG that announces a size and has hardly any pixels."""
    size = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + chunk(b"IDAT", zlib.compress(b"\0" * 100))


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF"])
def test_lossless_files_give_their_pixels(kind: str) -> None:
    assert np.array_equal(read_image(picture(kind=kind), LIMIT), pixels())


@pytest.mark.parametrize(("kind", "options"), [("JPEG", {"quality": 95}), ("WEBP", {"quality": 95})])
def test_lossy_files_come_close(kind: str, options: dict[str, int]) -> None:
    decoded = read_image(picture(kind=kind, **options), LIMIT)
    assert np.abs(decoded.astype(int) - pixels()).mean() < 4


def test_the_first_frame_of_an_animation_counts() -> None:
    frames = [Image.new("RGB", (20, 10), colour) for colour in ("red", "blue")]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert (read_image(data, LIMIT) == (255, 0, 0)).all()
    assert not read_header(data, LIMIT).plain


@pytest.mark.parametrize("bits", [8, 12, 16])
def test_deep_grey_uses_the_whole_range(bits: int) -> None:
    gray = np.linspace(0, 2**bits - 1, 64 * 48).reshape(48, 64).astype(np.uint16)
    decoded = read_image(encoded(Image.fromarray(gray)), LIMIT)
    assert np.array_equal(decoded[..., 0], (gray >> (bits - 8)).astype(np.uint8))


def test_floating_point_is_stretched_between_its_extremes() -> None:
    gray = np.linspace(-2.5, 7.5, 64, dtype=np.float32).reshape(8, 8)
    gray[3, 3] = np.nan
    decoded = read_image(encoded(Image.fromarray(gray), "TIFF"), LIMIT)
    assert decoded[0, 0, 0] == 0
    assert decoded[-1, -1, 0] == 255


def test_cmyk_is_shown_in_its_colours() -> None:
    data = encoded(Image.new("CMYK", (16, 16), (0, 255, 255, 0)), "JPEG", quality=95)
    red, green, blue = read_image(data, LIMIT)[8, 8]
    assert red > 200
    assert green < 60
    assert blue < 60


def test_palette_grey_and_bilevel_files_decode() -> None:
    image = Image.fromarray(pixels())
    for mode in ("P", "L", "1"):
        expected = np.asarray(image.convert(mode).convert("RGB"))
        assert np.array_equal(read_image(encoded(image.convert(mode)), LIMIT), expected)


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparent_pixels_are_white(mode: str) -> None:
    image = Image.new("RGBA", (8, 8), (0, 0, 0, 0))
    image.putpixel((2, 3), (0, 0, 0, 255))
    decoded = read_image(encoded(image.convert(mode)), LIMIT)
    assert (decoded[3, 2] == 0).all()
    assert (decoded[0, 0] == 255).all()


def test_a_transparent_palette_colour_is_white() -> None:
    image = Image.new("P", (8, 8), 1)
    image.putpalette([255, 0, 0, 0, 0, 255])
    assert (read_image(encoded(image, transparency=1), LIMIT) == 255).all()


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
def test_rotated_photographs_come_out_upright(orientation: int, kind: str) -> None:
    upright = np.zeros((24, 32, 3), np.uint8)
    upright[:8, :8] = 255  # bright at the upper left
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.swapaxes(0, 1),
        6: np.rot90(upright, 1),
        7: np.rot90(upright, 2).swapaxes(0, 1),
        8: np.rot90(upright, -1),
    }[orientation]
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    data = encoded(Image.fromarray(np.ascontiguousarray(stored)), kind, exif=exif)
    header, decoded = read_header(data, LIMIT), read_image(data, LIMIT)
    assert (header.width, header.height) == (32, 24)
    assert decoded.shape == upright.shape
    assert np.abs(decoded.astype(int) - upright).mean() < 4


@pytest.mark.parametrize(
    ("data", "plain"),
    [
        (picture(kind="JPEG"), True),
        (picture(kind="PNG"), True),
        (picture(kind="TIFF"), False),
        (encoded(Image.new("RGBA", (4, 4))), False),
        (encoded(Image.new("CMYK", (4, 4)), "JPEG"), False),
        (encoded(Image.fromarray(np.zeros((4, 4), np.uint16))), False),
    ],
)
def test_only_what_a_browser_shows_alike_is_displayed_as_it_is(data: bytes, plain: bool) -> None:
    assert read_header(data, LIMIT).plain is plain


@pytest.mark.parametrize(
    "data",
    [b"", b"hello, I am a photograph", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%PDF-1.7", b"\x89PNG\r\n\x1a\n"],
    ids=["empty", "text", "svg", "pdf", "signature only"],
)
def test_what_is_no_image_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidImage, match="JPEG, PNG, WebP, TIFF, BMP or GIF"):
        read_image(data, LIMIT)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF"])
def test_a_truncated_file_is_refused(kind: str) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    data = encoded(Image.fromarray(noise), kind)
    with pytest.raises(InvalidImage):
        read_image(data[: len(data) // 2], LIMIT)


def test_too_many_pixels_are_refused_from_the_header() -> None:
    with pytest.raises(ImageTooLarge) as refused:
        read_header(png_header(40_000, 40_000), 200_000_000)
    assert (refused.value.limit, refused.value.got) == (200_000_000, 1_600_000_000)


def test_an_image_above_pillows_own_limit_is_only_a_question_of_ours() -> None:
    with pytest.raises(ImageTooLarge):
        read_header(png_header(20_000, 10_001), 200_000_000)
    assert read_header(png_header(20_000, 10_000), 200_000_000).width == 20_000


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_damaged_exif_is_no_reason_to_refuse() -> None:
    data = picture(kind="JPEG", exif=b"Exif\x00\x00MM\x00\x2a\x00\x00\x00\x08\xff\xff")
    assert read_image(io.BytesIO(data), LIMIT).shape == (48, 64, 3)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF"])
def test_flipped_bytes_either_decode_or_are_refused(kind: str) -> None:
    data = picture(kind=kind)
    rng = np.random.default_rng(1)
    for _ in range(100):
        broken = bytearray(data)
        for place in rng.integers(0, len(data), 3):
            broken[place] = rng.integers(0, 256)
        with contextlib.suppress(InvalidImage, ImageTooLarge):
            assert read_image(bytes(broken), LIMIT).dtype == np.uint8


_MEASURE = """
import io, resource, sys
from pathlib import Path
from engine.dataset.read_image import read_image
data = Path(sys.argv[1]).read_bytes()
read_image(Path(sys.argv[2]).read_bytes(), 10**9)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
read_image(data, 10**9)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the most memory a process held is told in other units elsewhere")
def test_decoding_takes_the_image_twice_and_no_more(tmp_path: Path) -> None:
    """Once as Pillow has it, four bytes a pixel, and once as we return it, three."""
    width, height = 8000, 5000
    large, small = tmp_path / "large.jpg", tmp_path / "small.jpg"
    Image.new("RGB", (width, height), (90, 120, 30)).save(large)
    Image.new("RGB", (64, 64)).save(small)
    done = subprocess.run(
        [sys.executable, "-c", _MEASURE, str(large), str(small)],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(done.stdout) * 1024 < 8 * width * height
