"""`python -m benchmarks.decode`: see the package."""

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

from benchmarks.decode.browser import RUNTIME, measure_browser
from benchmarks.decode.graphs import export_graphs
from benchmarks.decode.server import measure_server
from benchmarks.decode.timing import Timing
from engine.errors import MaskloopError
from engine.flow.load_model import load_model

# The published input, and that of the bundled model.
_IMAGE_SIZES = (1024, 640)
_LEAST_IOU = 0.999
_COLUMNS = "{:<24}{:>7}{:>9}{:>11}{:>12}{:>8}{:>12}{:>12}"


def main() -> int:
    options = _parser().parse_args()
    if not options.skip_browser and not RUNTIME.is_dir():
        print("onnxruntime-web is missing: `make setup` installs it. Or: --skip-browser", file=sys.stderr)
        return 2
    try:
        sam = load_model(options.model).cpu()
    except MaskloopError as error:
        print(error, file=sys.stderr)
        return 2
    timings: list[Timing] = []
    for image_size in options.image_size or _IMAGE_SIZES:
        with tempfile.TemporaryDirectory() as folder:
            graphs = export_graphs(sam, image_size, Path(folder))
            timings.append(measure_server(graphs, options.clicks, options.threads))
            if not options.skip_browser:
                timings.append(measure_browser(graphs, options.clicks, options.threads))
    if options.json:
        print(json.dumps([timing.summary() for timing in timings], indent=1))
    else:
        _print_table(timings)
    disagreeing = [timing for timing in timings if timing.lowest_iou < _LEAST_IOU]
    if disagreeing:
        print(f"The masks of the two decoders differ: IoU below {_LEAST_IOU}.", file=sys.stderr)
    return 1 if disagreeing else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.decode",
        description="Median milliseconds per click of the two-step decoder and of the published arithmetic in one "
        "graph, with the same weights, on the server and in Chromium.",
    )
    parser.add_argument("--model", default="vit_t", help="bundled name or checkpoint (default: vit_t)")
    parser.add_argument("--clicks", type=_positive, default=50, help="clicks of each decoder (default: 50)")
    parser.add_argument("--threads", type=_positive, default=min(os.cpu_count() or 1, 4), help="threads of each")
    parser.add_argument("--image-size", type=_positive, action="append", help="model input (default: 1024 and 640)")
    parser.add_argument("--skip-browser", action="store_true", help="only the server")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return value


def _print_table(timings: list[Timing]) -> None:
    print(_COLUMNS.format("where", "input", "threads", "plain ms", "two-step ms", "ratio", "prepare ms", "lowest IoU"))
    for timing in timings:
        row = timing.summary()
        shown = [row[name] for name in ("plain_ms", "two_step_ms", "ratio", "prepare_ms", "lowest_iou")]
        print(_COLUMNS.format(timing.where, timing.image_size, timing.threads, *shown))


if __name__ == "__main__":
    sys.exit(main())
