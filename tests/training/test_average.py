"""The mean of two checkpoints."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from engine.errors import InvalidInput
from engine.sam import Sam, build_sam, load_checkpoint, save_checkpoint
from engine.training.average import average
from tests.training.shapes import tiny_sam


def _saved(sam: Sam, path: Path) -> str:
    save_checkpoint(sam, path, half=False)
    return str(path)


def test_every_weight_lies_between_and_the_input_size_is_the_seconds(tmp_path: Path) -> None:
    first, other = tiny_sam(seed=1), tiny_sam(seed=2)
    second = build_sam(replace(other.config, image_size=2 * other.config.image_size))
    second.load_state_dict(other.state_dict())
    out = tmp_path / "mean.safetensors"
    average(_saved(first, tmp_path / "a.safetensors"), _saved(second, tmp_path / "b.safetensors"), out, share=0.25)
    mean = load_checkpoint(out)
    assert mean.config == second.config
    before, after = first.state_dict(), second.state_dict()
    for name, value in mean.state_dict().items():
        torch.testing.assert_close(value, 0.75 * before[name] + 0.25 * after[name], atol=2e-3, rtol=2e-3)


def test_other_architectures_and_files_are_refused(tmp_path: Path) -> None:
    one = tiny_sam()
    deeper = build_sam(replace(one.config, decoder_depth=3))
    first, second = _saved(one, tmp_path / "a.safetensors"), _saved(deeper, tmp_path / "b.safetensors")
    out = tmp_path / "mean.safetensors"
    with pytest.raises(InvalidInput, match="different architectures"):
        average(first, second, out)
    with pytest.raises(InvalidInput, match=r"no nope\.safetensors"):
        average("nope.safetensors", second, out)
    with pytest.raises(InvalidInput, match=r"end in \.safetensors"):
        average(first, second, tmp_path / "mean.pth")
    with pytest.raises(InvalidInput, match="no folder"):
        average(first, second, tmp_path / "absent" / "mean.safetensors")
    assert not out.exists()
