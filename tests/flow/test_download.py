"""Downloads from a real server that breaks off, ignores Range, redirects and lies."""

import fcntl
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from engine.errors import Conflict, DownloadFailed, Unreachable
from engine.flow.download import download
from tests.fixtures.checkpoint_server import CheckpointServer, serve

CONTENT = np.random.default_rng(0).bytes(300_000)
PREFIX = hashlib.sha256(CONTENT).hexdigest()[:6]


@dataclass
class Seen:
    """What a progress bar would have shown."""

    begun: list[tuple[int, int | None]] = field(default_factory=list)
    received: int = 0

    def begin(self, url: str, done: int, total: int | None) -> None:
        self.begun.append((done, total))

    def advance(self, count: int) -> None:
        self.received += count


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.flow.download.PAUSES", (0.0, 0.0))


@pytest.fixture
def server() -> Iterator[CheckpointServer]:
    with serve(CONTENT) as server:
        yield server


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "downloads" / "weights.pth"


def partial(target: Path) -> Path:
    return target.with_name("weights.pth.partial")


def test_a_file_arrives_whole_and_its_size_is_said_first(server: CheckpointServer, target: Path) -> None:
    seen = Seen()
    download(server.address, target, PREFIX, seen)
    assert target.read_bytes() == CONTENT
    assert seen.begun == [(0, len(CONTENT))]
    assert seen.received == len(CONTENT)
    assert not partial(target).exists()


def test_a_connection_that_breaks_is_taken_up_where_it_broke(server: CheckpointServer, target: Path) -> None:
    server.breaks = [100_000, 50_000]
    seen = Seen()
    download(server.address, target, PREFIX, seen)
    assert target.read_bytes() == CONTENT
    assert server.requests == [None, "bytes=100000-", "bytes=150000-"]
    assert [done for done, _ in seen.begun] == [0, 100_000, 150_000]
    assert {total for _, total in seen.begun} == {len(CONTENT)}
    assert seen.received == len(CONTENT)


def test_what_came_is_kept_when_the_connection_is_gone_and_the_next_call_goes_on(
    server: CheckpointServer, target: Path
) -> None:
    server.breaks = [100_000, 0, 0, 0]
    with pytest.raises(DownloadFailed, match=r"broke .*0\.1 MB that came are kept in .*weights\.pth\.partial.*goes on"):
        download(server.address, target, PREFIX, Seen())
    assert partial(target).read_bytes() == CONTENT[:100_000]
    assert not target.exists()
    server.breaks, server.requests = [], []
    download(server.address, target, PREFIX, Seen())
    assert target.read_bytes() == CONTENT
    assert server.requests == ["bytes=100000-"]


def test_a_server_that_ignores_range_sends_everything_and_nothing_is_doubled(
    server: CheckpointServer, target: Path
) -> None:
    server.ranges = False
    server.breaks = [100_000]
    seen = Seen()
    download(server.address, target, PREFIX, seen)
    assert target.read_bytes() == CONTENT
    assert [done for done, _ in seen.begun] == [0, 0]


def test_a_partial_file_that_is_whole_already_is_only_checked(server: CheckpointServer, target: Path) -> None:
    target.parent.mkdir()
    partial(target).write_bytes(CONTENT)
    download(server.address, target, PREFIX, Seen())
    assert target.read_bytes() == CONTENT


def test_a_finished_file_is_checked_and_not_fetched_again(server: CheckpointServer, target: Path) -> None:
    target.parent.mkdir()
    target.write_bytes(CONTENT)
    download(server.address, target, PREFIX, Seen())
    assert server.requests == []


@pytest.mark.parametrize("left_behind", [b"", b"something else altogether"])
def test_other_content_is_refused_and_deleted(server: CheckpointServer, target: Path, left_behind: bytes) -> None:
    target.parent.mkdir()
    partial(target).write_bytes(left_behind)
    wanted = PREFIX if left_behind else "000000"
    with pytest.raises(DownloadFailed, match=f"not the published file: its SHA-256 begins with .*, not {wanted}"):
        download(server.address, target, wanted, Seen())
    assert list(target.parent.iterdir()) == []


def test_an_empty_file_is_refused_and_nothing_is_left(server: CheckpointServer, target: Path) -> None:
    server.content = b""
    with pytest.raises(DownloadFailed, match="is an empty file"):
        download(server.address, target, PREFIX, Seen())
    assert list(target.parent.iterdir()) == []


@pytest.mark.parametrize("status", [403, 404, 503])
def test_a_refusal_is_said_with_its_status(server: CheckpointServer, target: Path, status: int) -> None:
    server.status = status
    with pytest.raises(DownloadFailed, match=f"answered {status}"):
        download(server.address, target, PREFIX, Seen())
    assert not target.exists()


def test_a_server_that_is_not_there_is_named_at_once(target: Path) -> None:
    with serve(b"") as gone:
        address = gone.address
    with pytest.raises(Unreachable, match=r"127\.0\.0\.1 cannot be reached: Connection refused"):
        download(address, target, PREFIX, Seen())
    assert list(target.parent.iterdir()) == []


@pytest.mark.parametrize("address", ["http://example.org/weights.pth", "ftp://127.0.0.1/weights.pth", "weights.pth"])
def test_only_https_is_fetched_from_elsewhere(target: Path, address: str) -> None:
    with pytest.raises(DownloadFailed, match="not an https address"):
        download(address, target, PREFIX, Seen())


def test_a_redirect_to_plain_http_is_not_followed(server: CheckpointServer, target: Path) -> None:
    server.redirect_to = "http://example.org/weights.pth"
    with pytest.raises(DownloadFailed, match=r"http://example\.org/weights\.pth is not an https address"):
        download(server.address, target, PREFIX, Seen())


def test_two_downloads_of_one_file_do_not_mix(server: CheckpointServer, target: Path) -> None:
    target.parent.mkdir()
    with partial(target).open("ab") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(Conflict, match=r"Another process is fetching weights\.pth"):
            download(server.address, target, PREFIX, Seen())
    assert server.requests == []


def test_a_file_that_does_not_fit_is_not_begun(
    server: CheckpointServer, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full:
        free = 1000

    monkeypatch.setattr("engine.flow.download.shutil.disk_usage", lambda path: Full)
    with pytest.raises(DownloadFailed, match=r"0\.3 MB are to come, .* has room for 0\.0 MB only"):
        download(server.address, target, PREFIX, Seen())
