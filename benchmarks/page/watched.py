"""A page that notes when things appear on it, by its own clock."""

from typing import Any

from playwright.sync_api import CDPSession, Page

# What the page says of itself is in attributes; a mutation is noted within the task that painted the frame.
WATCH = """
window.noted = [];
new MutationObserver((changes) => {
  for (const { target, attributeName, oldValue } of changes) {
    const value = attributeName && target.getAttribute(attributeName);
    // Each frame writes them anew.
    if (value === null || value === oldValue) continue;
    const what = target.dataset.testid === "embedding-state" ? "phase" : attributeName.slice("data-".length);
    window.noted.push({ what, value, at: performance.now() });
  }
  for (const state of document.querySelectorAll("[data-testid=embedding-state]")) {
    const last = window.noted.findLast(({ what }) => what === "phase");
    if (last?.value !== state.dataset.phase) {
      window.noted.push({ what: "phase", value: state.dataset.phase, at: performance.now() });
    }
  }
}).observe(document, {
  subtree: true,
  childList: true,
  attributes: true,
  attributeOldValue: true,
  attributeFilter: ["data-phase", "data-painted", "data-answered"],
});
for (const type of ["keydown", "pointerdown"]) {
  addEventListener(type, (event) => window.noted.push({ what: type, value: "", at: event.timeStamp }), true);
}
"""
PATIENCE_MS = 300_000


class WatchedPage:
    """A page with `WATCH` in it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self._session: CDPSession = page.context.new_cdp_session(page)

    def open(self, address: str) -> float:
        """Loads the page; milliseconds from the start of the navigation until its image can be clicked."""
        self.page.goto(address, wait_until="commit")
        self.wait_until_usable(address.rpartition("/")[2])
        noted = self.noted()
        return max(self._first(noted, "phase", "ready"), self._first(noted, "painted", address.rpartition("/")[2]))

    def next_image(self) -> tuple[str, float]:
        """Presses N; the next image's id, and milliseconds until it is painted."""
        before = self.page.url
        self.page.evaluate("window.noted.length = 0")
        self.page.keyboard.press("n")
        self.page.wait_for_url(lambda url: url != before)
        image_id = self.page.url.rpartition("/")[2]
        self.wait_until_usable(image_id)
        noted = self.noted()
        return image_id, self._first(noted, "painted", image_id) - self._first(noted, "keydown", "")

    def click(self, x: float, y: float) -> tuple[float, float]:
        """Clicks a place on the page; milliseconds of decoding, and those from there to the painted mask."""
        self.page.evaluate("window.noted.length = 0")
        self.page.mouse.click(x, y)
        self.page.wait_for_function(
            "() => window.noted.some(({ what }) => what === 'answered')", timeout=PATIENCE_MS, polling=10
        )
        noted = self.noted()
        answered = next(entry for entry in noted if entry["what"] == "answered")
        decoding = float(self.page.get_by_test_id("image-canvas").get_attribute("data-decode-ms") or "nan")
        return decoding, answered["at"] - self._first(noted, "pointerdown", "") - decoding

    def wait_until_usable(self, image_id: str) -> None:
        self.page.locator(f"[data-painted='{image_id}']").wait_for(timeout=PATIENCE_MS)
        self.page.locator("[data-testid=embedding-state][data-phase=ready]").wait_for(timeout=PATIENCE_MS)

    def memory(self) -> dict[str, float]:
        """After collecting garbage, in MiB: the script's heap, buffers outside of it, and the count of DOM nodes."""
        self._session.send("HeapProfiler.collectGarbage")
        heap = self._session.send("Runtime.getHeapUsage")
        nodes = self._session.send("Memory.getDOMCounters")["nodes"]
        mib = 2**20
        return {
            "heap": heap["usedSize"] / mib,
            "buffers": heap.get("backingStorageSize", 0) / mib,
            "nodes": float(nodes),
        }

    def noted(self) -> list[dict[str, Any]]:
        noted: list[dict[str, Any]] = self.page.evaluate("window.noted")
        return noted

    @staticmethod
    def _first(noted: list[dict[str, Any]], what: str, value: str) -> float:
        return next(float(entry["at"]) for entry in noted if entry["what"] == what and entry["value"] == value)
