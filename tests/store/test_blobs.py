"""Bytes by content hash, in a folder and in a store that is not this machine's disk."""

import hashlib
import threading
from pathlib import Path

import pytest

from engine.errors import NotFound
from engine.store.blobs import Blobs


@pytest.fixture(params=["folder", "memory"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Blobs:
    return Blobs((tmp_path / "blobs").as_uri() if request.param == "folder" else f"memory://{tmp_path.name}")


def test_what_is_put_can_be_got_by_its_hash(blobs: Blobs) -> None:
    key = blobs.put(b"pixels")
    assert key == hashlib.sha256(b"pixels").hexdigest()
    assert blobs.get(key) == b"pixels"
    with blobs.open(key) as file:
        file.seek(2)
        assert file.read(2) == b"xe"


def test_putting_again_is_harmless(blobs: Blobs) -> None:
    assert blobs.put(b"pixels") == blobs.put(b"pixels")


def test_an_unknown_key_is_not_found(blobs: Blobs) -> None:
    with pytest.raises(NotFound):
        blobs.get("0" * 64)
    assert not blobs.exists("0" * 64)


def test_a_fetched_file_has_the_content_and_the_suffix(blobs: Blobs, tmp_path: Path) -> None:
    key = blobs.put(b"weights")
    blobs.fetch(key, tmp_path / "cache", suffix=".safetensors")
    file = blobs.fetch(key, tmp_path / "cache", suffix=".safetensors")
    assert file.read_bytes() == b"weights"
    assert file.suffix == ".safetensors"
    assert [path.name for path in (tmp_path / "cache").iterdir()] == [file.name]


def test_racing_writers_leave_one_whole_file(tmp_path: Path) -> None:
    blobs = Blobs((tmp_path / "blobs").as_uri())
    data = bytes(range(256)) * 4096
    threads = [threading.Thread(target=blobs.put, args=[data]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    files = [path for path in (tmp_path / "blobs").rglob("*") if path.is_file()]
    assert [path.read_bytes() for path in files] == [data]
