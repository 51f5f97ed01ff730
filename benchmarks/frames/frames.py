"""What the page's main thread does while something moves."""

from collections.abc import Callable
from itertools import pairwise

from playwright.sync_api import Page

_RECORD = """() => {
  window.frames_at = [];
  const next = (at) => { window.frames_at.push(at); window.recording = requestAnimationFrame(next); };
  window.recording = requestAnimationFrame(next);
}"""
_STOP = "() => { cancelAnimationFrame(window.recording); return window.frames_at; }"


class FrameWatch:
    """Prints a line for each movement."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._session = page.context.new_cdp_session(page)
        self._session.send("Performance.enable")

    def during(self, name: str, movement: Callable[[], None]) -> None:
        self._page.wait_for_timeout(300)
        before = self._busy()
        self._page.evaluate(_RECORD)
        movement()
        at: list[float] = self._page.evaluate(_STOP)
        after = self._busy()
        between = sorted(later - earlier for earlier, later in pairwise(at))
        frames = len(between)
        script, everything = (1000 * (late - early) / frames for early, late in zip(before, after, strict=True))
        middle, most = between[frames // 2], between[int(frames * 0.95)]
        print(
            f"{name:34}{frames:6}  {middle:6.1f} {most:6.1f} {between[-1]:7.1f}  {script:6.2f} {everything:6.2f}",
            flush=True,
        )

    def _busy(self) -> tuple[float, float]:
        """Seconds of script and of all tasks on the main thread so far."""
        metrics = {each["name"]: each["value"] for each in self._session.send("Performance.getMetrics")["metrics"]}
        return metrics["ScriptDuration"], metrics["TaskDuration"]
