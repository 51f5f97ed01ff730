"""Fixtures every room's tests share: where test images lie, a deployment of one's own, a small real model."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.sam import Sam, build_sam
from engine.settings import Settings, get_settings

pytest_plugins = ["tests.fixtures.database"]

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared_folder() -> Path:
    """The folder `shared/` beside the checkout: photographs with masks and parity vectors, not part of the project."""
    folder = REPOSITORY.parent / "shared"
    if not folder.is_dir():
        pytest.skip("needs the folder `shared/` beside the checkout (photographs with masks, parity vectors)")
    return folder


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """Settings of a deployment that is this test's alone: everything lies below `tmp_path / "data"`."""
    for name in [name for name in os.environ if name.startswith("MASKLOOP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("MASKLOOP_DATA", str(tmp_path / "data"))
    get_settings.cache_clear()
    yield get_settings()
    get_settings.cache_clear()


@pytest.fixture(scope="session")
def small_sam() -> Sam:
    """A `vit_t` with seeded random weights, in evaluation mode: real arithmetic, nothing learnt. Do not train it."""
    import torch

    with torch.random.fork_rng():
        torch.manual_seed(0)
        return build_sam("vit_t").eval()


@pytest.fixture(scope="session")
def tiny_sam() -> Sam:
    """A 128-pixel model with seeded, strongly varied random weights, milliseconds per image. Do not train it."""
    import torch

    from engine.sam import SamConfig, VitConfig

    config = SamConfig(
        "tiny",
        VitConfig(embed_dim=24, depth=2, num_heads=2, global_attn_indexes=(1,), window_size=4),
        image_size=128,
        prompt_embed_dim=32,
        decoder_mlp_dim=64,
        decoder_num_heads=4,
        iou_head_hidden_dim=32,
    )
    with torch.random.fork_rng():
        torch.manual_seed(1)
        sam = build_sam(config)
        confidence = sam.mask_decoder.iou_prediction_head.layers[-1]
        assert isinstance(confidence, torch.nn.Linear)
        with torch.no_grad():
            for parameter in sam.parameters():
                parameter.add_(torch.randn_like(parameter) * 0.3)
            # Predicted IoUs stay near 0.6, so that thresholds can be set around them.
            confidence.weight.mul_(0.05)
            confidence.bias.fill_(0.6)
    return sam.eval()


@pytest.fixture(scope="session")
def tiny_graphs(tiny_sam: Sam, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The decoder of `tiny_sam` as `prepare.onnx` and `decode.onnx`; the export takes a while, so it is made once."""
    from engine.sam.onnx_export import export_decoder

    return export_decoder(tiny_sam, tmp_path_factory.mktemp("graphs"))
