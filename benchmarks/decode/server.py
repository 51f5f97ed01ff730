"""The comparison under ONNX Runtime, as the server runs it."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from benchmarks.decode.graphs import Graphs
from benchmarks.decode.timing import Timing

Array = NDArray[np.float32]
_WARM_UP = 5


def measure_server(graphs: Graphs, clicks: int, threads: int) -> Timing:
    """One point at a random place per click, the two decoders in turn."""
    plain, prepare, decode = (_session(path, threads) for path in (graphs.plain, graphs.prepare, graphs.decode))
    image = {"image_embedding": graphs.embedding}
    names = [output.name for output in prepare.get_outputs()]
    prepare_ms = [_timed(prepare, names, image)[0] for _ in range(_WARM_UP + clicks)]
    prepared = dict(zip(names, _timed(prepare, names, image)[1], strict=True))
    rng = np.random.default_rng(0)
    plain_ms: list[float] = []
    decode_ms: list[float] = []
    lowest_iou = 1.0
    for _ in range(_WARM_UP + clicks):
        prompt = one_point(rng.uniform(0, graphs.image_size, 2), graphs.image_size)
        milliseconds, expected = _timed(plain, ["low_res_logits"], image | prompt)
        plain_ms.append(milliseconds)
        milliseconds, got = _timed(decode, ["low_res_logits"], prepared | prompt)
        decode_ms.append(milliseconds)
        lowest_iou = min(lowest_iou, lowest_mask_iou(expected[0], got[0]))
    counted = slice(_WARM_UP, None)
    return Timing(
        "server", graphs.image_size, threads, plain_ms[counted], decode_ms[counted], prepare_ms[counted], lowest_iou
    )


def one_point(xy: NDArray[np.float64], image_size: int) -> dict[str, Array]:
    """The inputs for a foreground point (x, y) in the model-input frame, with its padding and without a mask."""
    return {
        "point_coords": np.array([[xy, [0, 0]]], np.float32),
        "point_labels": np.array([[1, -1]], np.float32),
        "mask_input": np.zeros((1, 1, image_size // 4, image_size // 4), np.float32),
        "has_mask_input": np.zeros(1, np.float32),
    }


def lowest_mask_iou(expected: Array, got: Array) -> float:
    """The lowest IoU between masks 1×K×s×s of logits, thresholded at 0; of two empty masks it is 1."""
    a, b = expected[0] > 0, got[0] > 0
    union = (a | b).sum(axis=(1, 2))
    return float(((a & b).sum(axis=(1, 2)) / np.maximum(union, 1))[union > 0].min(initial=1.0))


def _session(path: Path, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def _timed(
    session: onnxruntime.InferenceSession, names: Sequence[str], feed: Mapping[str, Array]
) -> tuple[float, list[Array]]:
    start = time.perf_counter()
    outputs = session.run(list(names), dict(feed))
    return (time.perf_counter() - start) * 1e3, [np.asarray(output) for output in outputs]
