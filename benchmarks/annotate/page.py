"""The annotation page, as the scripted annotator's hand and eye."""

import time
from math import hypot, inf
from typing import Any

import numpy as np
from playwright.sync_api import Page
from playwright.sync_api import TimeoutError as TooLate

from engine.evaluation.clicks import BACKGROUND, Click
from engine.masks.geometry import BoolMask

_PATIENCE_MS = 300_000
# Nearer to an earlier point, in CSS pixels, a person zooms in first: a press there would mean that point.
_APART = 12
_ZOOM_STEP = -240
_ACCEPTED_MS = 3_000
# The decoder may say the same mask again; then nothing in the journal changes.
_SAME_AGAIN_S = 0.4
_DRAFT = """async (imageId) => {
  const database = await new Promise((resolve, reject) => {
    const opening = indexedDB.open("maskloop");
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error);
  });
  try {
    const drafts = await new Promise((resolve, reject) => {
      const reading = database.transaction("drafts").objectStore("drafts").getAll();
      reading.onsuccess = () => resolve(reading.result);
      reading.onerror = () => reject(reading.error);
    });
    const draft = drafts.find((record) => record.imageId === imageId)?.draft;
    return draft?.base ? { points: draft.prompt.points.length, counts: Array.from(draft.base.counts) } : null;
  } finally {
    database.close();
  }
}"""


class AnnotationPage:
    """One open image. Pixels are (x, y) of the image frame."""

    def __init__(self, page: Page, address: str, width: int, height: int) -> None:
        self._page = page
        self._size = (height, width)
        self._image_id = address.rpartition("/")[2]
        self._counts: list[int] | None = None
        page.goto(address)
        page.wait_for_selector("[data-testid=embedding-state][data-phase=ready]", timeout=_PATIENCE_MS)

    def click(self, click: Click, earlier: tuple[Click, ...]) -> float:
        """Press there; returns milliseconds until the answer was there. `earlier` are the object's clicks so far."""
        canvas = self._page.get_by_test_id("image-canvas")
        before = canvas.get_attribute("data-answered")
        self._make_room(click, earlier)
        x, y, _ = self._position(click)
        over = self._page.evaluate("([x, y]) => document.elementFromPoint(x, y)?.dataset.testid", [x, y])
        if over != "image-canvas":
            raise RuntimeError(f"Something lies over the image where ({click.x}, {click.y}) is to be clicked.")
        self._page.mouse.click(x, y, button="right" if click.label == BACKGROUND else "left")
        self._page.wait_for_function(
            "(before) => { const { answered } = document.querySelector('[data-testid=image-canvas]').dataset;"
            " return answered !== undefined && answered !== before; }",
            arg=before,
            timeout=_PATIENCE_MS,
        )
        self._read(len(earlier) + 1)
        return float(canvas.get_attribute("data-decode-ms") or "nan")

    def _make_room(self, click: Click, earlier: tuple[Click, ...]) -> None:
        """From the whole image, zoom in on the place until the object's other points are out of the way."""
        nearest = min((hypot(click.x - other.x, click.y - other.y) for other in earlier), default=inf)
        self._page.keyboard.press("f")
        while nearest * (now := self._position(click))[2] < _APART:
            self._page.mouse.move(now[0], now[1])
            self._page.mouse.wheel(0, _ZOOM_STEP)
            self._page.wait_for_function(
                "(before) => Number(document.querySelector('[data-testid=image-canvas]').dataset.zoom) > before",
                arg=now[2],
            )

    def _position(self, click: Click) -> tuple[float, float, float]:
        """Where the middle of the pixel is on the page, and the zoom."""
        self._page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        canvas = self._page.get_by_test_id("image-canvas")
        box = canvas.bounding_box()
        assert box is not None
        zoom, left, top = (
            float(canvas.get_attribute(f"data-{name}") or "nan") for name in ("zoom", "origin-x", "origin-y")
        )
        return box["x"] + left + (click.x + 0.5) * zoom, box["y"] + top + (click.y + 0.5) * zoom, zoom

    def candidates(self, number: int) -> list[BoolMask]:
        """What Tab goes through, from the one that is chosen and back to it."""
        masks = list[BoolMask]()
        for _ in range(3):
            masks.append(self.mask())
            self._page.keyboard.press("Tab")
            self._read(number)
        return masks

    def choose(self, place: int, number: int) -> None:
        for _ in range(place):
            self._page.keyboard.press("Tab")
            self._read(number)

    def mask(self) -> BoolMask:
        """The object being made, H×W."""
        height, width = self._size
        counts = self._counts or [height * width]
        values = np.arange(len(counts)) % 2 == 1
        return np.repeat(values, counts).reshape(width, height).T

    def accept(self) -> None:
        self._page.keyboard.press("Enter")
        strip = self._page.get_by_test_id("candidate-0")
        try:
            strip.wait_for(state="detached", timeout=_ACCEPTED_MS)
        except TooLate:
            # An empty mask is not accepted.
            self._page.keyboard.press("Escape")
            strip.wait_for(state="detached")
        self._counts = None

    def _read(self, number: int) -> None:
        """Wait until the journal holds the newest state."""
        began = time.monotonic()
        deadline = began + _SAME_AGAIN_S
        while time.monotonic() < began + _PATIENCE_MS / 1000:
            found: dict[str, Any] | None = self._page.evaluate(_DRAFT, self._image_id)
            if found and found["points"] == number:
                changed = found["counts"] != self._counts
                if changed or time.monotonic() > deadline:
                    self._counts = found["counts"]
                    return
            time.sleep(0.02)
        raise RuntimeError(f"The page keeps no object of {number} points: the last click was not one.")
