"""Files in the shape of the published ViT-B, L and H checkpoints, with random weights, load and predict."""

from pathlib import Path

import numpy as np
import pytest
import torch

from engine.sam import architecture, load_checkpoint
from engine.sam.build import empty_sam
from engine.sam.predictor import Predictor

SLOW = (pytest.mark.slow, pytest.mark.timeout(1800))


@pytest.mark.parametrize("name", ["vit_b", pytest.param("vit_l", marks=SLOW), pytest.param("vit_h", marks=SLOW)])
def test_official_shaped_checkpoint_loads_and_predicts(name: str, tmp_path: Path) -> None:
    path = tmp_path / f"sam_{name}.pth"
    generator = torch.Generator().manual_seed(0)
    shapes = {key: value.shape for key, value in empty_sam(architecture(name)).state_dict().items()}
    torch.save({key: torch.randn(shape, generator=generator) * 0.02 for key, shape in shapes.items()}, path)

    sam = load_checkpoint(path, name)
    path.unlink()
    image = np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)
    # In half precision: this is about shapes, and a quarter of the time where the processor has it.
    with torch.autocast("cpu", torch.bfloat16):
        embedded = Predictor(sam).embed(image)
        low, iou = embedded.predict(np.array([[[30.0, 20.0]]]), np.array([[1]], np.int32), multimask_output=True)
    assert low.shape == (1, 3, 256, 256)
    assert iou.shape == (1, 3)
    assert bool(low.isfinite().all() and iou.isfinite().all())
    assert embedded.masks(low).shape == (1, 3, 48, 64)
