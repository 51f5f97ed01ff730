import importlib.util
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from engine.detector.faster_rcnn import build_network, is_faster_rcnn, save_network
from engine.errors import InvalidCheckpoint, InvalidSetting


@pytest.mark.skipif(importlib.util.find_spec("torchvision") is not None, reason="torchvision is installed")
def test_without_torchvision_one_sentence_says_what_to_do() -> None:
    with pytest.raises(InvalidSetting, match="needs torchvision") as refused:
        build_network()
    assert "box_head on embeddings" in str(refused.value)


def test_a_file_says_which_detector_it_holds(tmp_path: Path) -> None:
    """Not a Faster R-CNN, whose code needs torchvision: any network's weights are kept and told apart the same way."""
    file = tmp_path / "boxes.safetensors"
    save_network(torch.nn.Linear(2, 2), file)
    assert is_faster_rcnn(file)
    save_file({"weight": torch.zeros(2)}, file)
    assert not is_faster_rcnn(file)
    file.write_bytes(b"not weights")
    with pytest.raises(InvalidCheckpoint, match="cannot be read"):
        is_faster_rcnn(file)
