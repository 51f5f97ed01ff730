"""The comparison in Chromium, on the onnxruntime-web that the page ships."""

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
from playwright.sync_api import Playwright, sync_playwright

from benchmarks.decode.graphs import Graphs
from benchmarks.decode.timing import Timing

RUNTIME = Path(__file__).parents[2] / "web" / "node_modules" / "onnxruntime-web" / "dist"
_PAGE = b"<!doctype html><title>decode</title><script type=module src=/page.mjs></script>"
_MEDIA_TYPES = {".mjs": "text/javascript", ".wasm": "application/wasm"}


def measure_browser(graphs: Graphs, clicks: int, threads: int) -> Timing:
    """One point at a random place per click, the two decoders in turn, on a page that is cross-origin isolated."""
    points = np.random.default_rng(0).uniform(0, graphs.image_size, (clicks, 2))
    request = {
        "imageSize": graphs.image_size,
        "channels": graphs.embedding.shape[1],
        "threads": threads,
        "points": points.tolist(),
    }
    with _serving(graphs) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_chromium(playwright), args=["--no-sandbox"])
        page = browser.new_page()
        page.set_default_timeout(0)
        page.goto(address)
        page.wait_for_function("globalThis.loaded")
        result = page.evaluate("request => globalThis.measure(request)", request)
        version = browser.version
        browser.close()
    if not result["isolated"]:
        raise RuntimeError("The page is not cross-origin isolated, so it had no threads.")
    return Timing(
        f"Chromium {version}",
        graphs.image_size,
        threads,
        result["plain"],
        result["decode"],
        result["prepare"],
        result["lowestIou"],
    )


def _chromium(playwright: Playwright) -> str:
    found = next(
        (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), ""
    )
    return found or playwright.chromium.executable_path


@contextmanager
def _serving(graphs: Graphs) -> Iterator[str]:
    """A server of the page, the runtime and the graphs, with the headers that WebAssembly threads need."""
    files = {
        "/page.mjs": Path(__file__).with_name("page.mjs"),
        "/graphs/plain.onnx": graphs.plain,
        "/graphs/prepare.onnx": graphs.prepare,
        "/graphs/decode.onnx": graphs.decode,
    }
    files |= {f"/ort/{path.name}": path for path in RUNTIME.glob("ort*")}
    contents = {"/": _PAGE, "/embedding": graphs.embedding.astype("<f4").tobytes()}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known = self.path in contents or self.path in files
            body = contents[self.path] if self.path in contents else files[self.path].read_bytes() if known else b""
            self.send_response(HTTPStatus.OK if known else HTTPStatus.NOT_FOUND)
            fallback = "text/html" if self.path == "/" else "application/octet-stream"
            self.send_header("Content-Type", _MEDIA_TYPES.get(Path(self.path).suffix, fallback))
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cross-Origin-Opener-Policy", "same-origin")
            self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Says nothing: the report is the output."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
