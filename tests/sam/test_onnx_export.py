from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from engine.sam import Sam
from engine.sam.onnx_export import export_decoder
from engine.sam.reassociated import TwoStepDecoder


@pytest.fixture(scope="module")
def graphs(tiny_sam: Sam, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return export_decoder(tiny_sam, tmp_path_factory.mktemp("graphs"))


@pytest.mark.parametrize("points", [1, 2, 9])
@pytest.mark.parametrize("with_mask", [False, True])
def test_the_graphs_compute_what_torch_computes(
    tiny_sam: Sam, graphs: tuple[Path, Path], points: int, with_mask: bool
) -> None:
    prepare, decode = (onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"]) for path in graphs)
    generator = torch.Generator().manual_seed(points)
    embedding = torch.randn(1, 32, 8, 8, generator=generator)
    coords = torch.rand(1, points, 2, generator=generator) * 128
    labels = torch.randint(-1, 4, (1, points), generator=generator).float()
    mask = torch.randn(1, 1, 32, 32, generator=generator) * 5
    two_steps = TwoStepDecoder(tiny_sam)
    with torch.no_grad():
        expected = two_steps.decode(two_steps.prepare(embedding), coords, labels, mask if with_mask else None)

    names = [output.name for output in prepare.get_outputs()]
    prepared = prepare.run(names, {"image_embedding": embedding.numpy()})
    feed = dict(zip(names, prepared, strict=True)) | {
        "point_coords": coords.numpy(),
        "point_labels": labels.numpy(),
        "mask_input": mask.numpy(),
        "has_mask_input": np.array([with_mask], np.float32),
    }
    decoded = decode.run(["low_res_logits", "iou_predictions"], feed)

    for got, wanted in zip(decoded, expected, strict=True):
        np.testing.assert_allclose(np.asarray(got), wanted.numpy(), atol=1e-4)


def test_both_branches_share_their_weights(graphs: tuple[Path, Path], tiny_sam: Sam) -> None:
    decode = onnx.load(graphs[1])
    stored = sum(np.prod(tensor.dims) for tensor in decode.graph.initializer)
    weights = sum(value.numel() for value in TwoStepDecoder(tiny_sam).state_dict().values())
    assert stored < 1.3 * weights
    branches = [attribute.g for node in decode.graph.node for attribute in node.attribute if attribute.HasField("g")]
    assert len(branches) == 2
    assert not any(branch.initializer for branch in branches)
