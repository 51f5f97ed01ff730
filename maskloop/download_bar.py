"""A download's size and progress on the terminal."""

import sys
from types import TracebackType
from typing import Any

from tqdm import tqdm

from engine.flow.download import megabytes


class DownloadBar:
    """An `engine.flow.download.Progress` on stderr: the size in words, then a bar where somebody is watching."""

    def __init__(self) -> None:
        self._bar: tqdm[Any] | None = None

    def __enter__(self) -> "DownloadBar":
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        self._close()

    def begin(self, url: str, done: int, total: int | None) -> None:
        self._close()
        size = "of unknown size" if total is None else megabytes(total)
        here = f", of which {megabytes(done)} are here already" if done else ""
        print(f"Fetching {url}: {size}{here}.", file=sys.stderr, flush=True)
        self._bar = tqdm(
            total=total,
            initial=done,
            unit="B",
            unit_scale=True,
            disable=not sys.stderr.isatty(),
            desc=url.rsplit("/", 1)[-1],
        )

    def advance(self, count: int) -> None:
        if self._bar is not None:
            self._bar.update(count)

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()
        self._bar = None
