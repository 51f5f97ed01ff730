"""Milliseconds per click of the two-step decoder and of the published arithmetic in one graph, same weights.

`python -m benchmarks.decode` measures both on the server (ONNX Runtime) and in Chromium (onnxruntime-web, the build
and threads the page uses). Clicks of the two alternate, so that whatever else the machine does slows both.
"""
