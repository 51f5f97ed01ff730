"""The two-step decoder as two ONNX graphs: the same files for the browser and the server.

`prepare.onnx`: `image_embedding` 1×C×S×S → one output `prepared_…` per tensor of a `PreparedImage`.

`decode.onnx`: those, `point_coords` 1×N×2 (x, y) in the model-input frame, `point_labels` 1×N (0 background,
1 foreground, 2 and 3 box corners, -1 padding), `mask_input` 1×1×4S×4S logits and `has_mask_input` 1 (above zero: use
`mask_input`) → `low_res_logits` 1×K×4S×4S, `iou_predictions` 1×K, the single-mask token first. All float32.
"""

import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import onnx
import torch
from onnx import GraphProto, ModelProto, TensorProto, helper
from torch import Tensor, nn

from engine.sam.model import Sam
from engine.sam.reassociated import PreparedImage, TwoStepDecoder

OPSET = 20
"""The first with a Gelu operator; runtimes in browsers know it."""

_PREPARED = "prepared_"
_OUTPUTS = ("low_res_logits", "iou_predictions")


def export_decoder(sam: Sam, folder: Path) -> tuple[Path, Path]:
    """Writes `prepare.onnx` and `decode.onnx` into `folder` (made if absent) and returns their paths."""
    decoder = TwoStepDecoder(sam).cpu().eval()
    side, channels = sam.config.embedding_side, sam.config.prompt_embed_dim
    folder.mkdir(parents=True, exist_ok=True)

    embedding = torch.zeros(1, channels, side, side)
    with torch.no_grad():
        prepared = {_PREPARED + name: tensor for name, tensor in decoder.prepare(embedding).named().items()}
    prepare = export_graph(_Prepare(decoder), {"image_embedding": embedding}, list(prepared))
    points = {"point_coords": torch.zeros(1, 3, 2), "point_labels": torch.zeros(1, 3)}
    mask = {"mask_input": torch.zeros(1, 1, 4 * side, 4 * side)}
    without_mask = export_graph(_Decode(decoder, list(prepared)), prepared | points, _OUTPUTS)
    with_mask = export_graph(_Decode(decoder, list(prepared)), prepared | points | mask, _OUTPUTS)
    decode = _branch("has_mask_input", with_mask, without_mask)

    paths = folder / "prepare.onnx", folder / "decode.onnx"
    for model, path in zip((prepare, decode), paths, strict=True):
        onnx.checker.check_model(model, full_check=True)
        onnx.save(model, path)
    return paths


def export_graph(module: nn.Module, inputs: dict[str, Tensor], outputs: Sequence[str]) -> ModelProto:
    """A module as an ONNX model. `inputs` names example tensors; `point_coords` and `point_labels` may vary in N."""
    count = torch.export.Dim("points", min=1, max=4096)
    dynamic = tuple({1: count} if name.startswith("point_") else None for name in inputs)
    with _quiet_exporter():
        program = torch.onnx.export(
            module.eval(),
            tuple(inputs.values()),
            input_names=list(inputs),
            output_names=list(outputs),
            dynamic_shapes=(dynamic,),
            opset_version=OPSET,
            dynamo=True,
            verbose=False,
        )
    assert program is not None
    return program.model_proto


class _Prepare(nn.Module):
    def __init__(self, decoder: TwoStepDecoder) -> None:
        super().__init__()
        self.decoder = decoder

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        return tuple(self.decoder.prepare(*inputs).named().values())


class _Decode(nn.Module):
    """Takes the values of `PreparedImage.named`, then the prompt."""

    def __init__(self, decoder: TwoStepDecoder, prepared: Sequence[str]) -> None:
        super().__init__()
        self.decoder, self.names = decoder, [name.removeprefix(_PREPARED) for name in prepared]

    def forward(self, *inputs: Tensor) -> tuple[Tensor, Tensor]:
        count = len(self.names)
        prepared = PreparedImage.of(dict(zip(self.names, inputs[:count], strict=True)))
        return self.decoder.decode(prepared, *inputs[count:])


def _branch(flag: str, then: ModelProto, otherwise: ModelProto) -> ModelProto:
    """One model that runs `then` where the input `flag` (float32, shape 1) is above zero, and `otherwise` if not.

    A branch, rather than terms that vanish: a click without a mask pays nothing for masks. The branches share their
    weights. `then` has all the inputs of `otherwise`.
    """
    weights: dict[bytes, TensorProto] = {}
    branches = [_as_branch(then.graph, "then", weights), _as_branch(otherwise.graph, "else", weights)]
    outputs = [output.name for output in then.graph.output]
    nodes = [
        helper.make_node("Greater", [flag, "zero"], ["use_mask"]),
        helper.make_node("If", ["use_mask"], outputs, then_branch=branches[0], else_branch=branches[1]),
    ]
    graph = helper.make_graph(
        nodes,
        "decode",
        [*then.graph.input, helper.make_tensor_value_info(flag, TensorProto.FLOAT, [1])],
        list(then.graph.output),
        [*weights.values(), helper.make_tensor("zero", TensorProto.FLOAT, [1], [0.0])],
    )
    return helper.make_model(graph, opset_imports=list(then.opset_import), ir_version=then.ir_version)


def _as_branch(graph: GraphProto, prefix: str, weights: dict[bytes, TensorProto]) -> GraphProto:
    """The graph as a body for If: names of its own, inputs from outside, weights moved to the shared `weights`."""
    names = {value.name: value.name for value in graph.input}
    for tensor in graph.initializer:
        content = onnx.numpy_helper.to_array(tensor).tobytes() + str((tensor.data_type, tensor.dims)).encode()
        if content not in weights:
            weights[content] = TensorProto.FromString(tensor.SerializeToString())
            weights[content].name = f"weight_{len(weights)}"
        names[tensor.name] = weights[content].name

    def renamed(name: str) -> str:
        return names.setdefault(name, f"{prefix}_{name}") if name else name

    body = GraphProto(name=prefix)
    for node in graph.node:
        copy = body.node.add()
        copy.CopyFrom(node)
        copy.name = f"{prefix}_{node.name}"
        del copy.metadata_props[:]
        copy.input[:] = map(renamed, node.input)
        copy.output[:] = map(renamed, node.output)
    for value in graph.output:
        copy = body.output.add()
        copy.CopyFrom(value)
        copy.name = renamed(value.name)
    return body


@contextmanager
def _quiet_exporter() -> Iterator[None]:
    """Silences what torch's exporter says about itself: none of it is about the model."""
    registration = logging.getLogger("torch.onnx._internal.exporter._registration")
    level = registration.level
    registration.setLevel(logging.ERROR)  # "torchvision is not installed"
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", r".*isinstance\(treespec, LeafSpec\)", FutureWarning)
            warnings.filterwarnings("ignore", r"# The axis name: points will not be used", UserWarning)
            yield
    finally:
        registration.setLevel(level)
