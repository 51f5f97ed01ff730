"""Reading weights: ours, official ones, and files that are neither."""

import pickle
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.errors import InvalidCheckpoint, InvalidInput
from engine.sam import Sam, SamConfig, TinyConfig, VitConfig, build_sam, load_bundled, load_checkpoint, save_checkpoint

SMALL = SamConfig(
    "small",
    VitConfig(embed_dim=32, depth=2, num_heads=2, global_attn_indexes=(1,), window_size=4),
    image_size=128,
    prompt_embed_dim=32,
    decoder_mlp_dim=64,
)


@pytest.fixture
def sam() -> Sam:
    torch.manual_seed(0)
    return build_sam(SMALL)


def test_saved_model_is_rebuilt_from_its_two_files(sam: Sam, tmp_path: Path) -> None:
    save_checkpoint(sam, tmp_path / "model.safetensors", half=False)
    loaded = load_checkpoint(tmp_path / "model.safetensors")
    assert loaded.config == SMALL
    image = torch.rand(1, 3, 128, 96) * 255
    with torch.no_grad():
        wanted = sam.image_encoder(sam.preprocess(image))
        assert torch.equal(loaded.image_encoder(loaded.preprocess(image)), wanted)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.json", "model.safetensors"]


def test_half_precision_halves_the_file_and_keeps_the_weights(sam: Sam, tmp_path: Path) -> None:
    save_checkpoint(sam, tmp_path / "half")
    save_checkpoint(sam, tmp_path / "full", half=False)
    assert (tmp_path / "half.safetensors").stat().st_size < 0.6 * (tmp_path / "full.safetensors").stat().st_size
    loaded = load_checkpoint(tmp_path / "half.safetensors").state_dict()
    for key, value in sam.state_dict().items():
        assert loaded[key].dtype == torch.float32
        assert torch.allclose(loaded[key], value, atol=1e-2, rtol=1e-3)


def test_official_style_pth_loads(sam: Sam, tmp_path: Path) -> None:
    torch.save(sam.state_dict(), tmp_path / "sam.pth")
    loaded = load_checkpoint(tmp_path / "sam.pth", SMALL)
    assert all(torch.equal(a, b) for a, b in zip(loaded.state_dict().values(), sam.state_dict().values(), strict=True))


def test_wrong_architecture_names_the_first_mismatching_keys(sam: Sam, tmp_path: Path) -> None:
    torch.save(sam.state_dict(), tmp_path / "sam.pth")
    with pytest.raises(InvalidCheckpoint, match=r"sam\.pth is not a vit_b checkpoint: .*image_encoder\."):
        load_checkpoint(tmp_path / "sam.pth", "vit_b")


def test_pickle_that_runs_code_is_refused_and_does_not_run(tmp_path: Path) -> None:
    victim = tmp_path / "touched"

    class Payload:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (victim,))

    for name, dump in (
        ("zip.pth", lambda p: torch.save({"a": Payload()}, p)),
        ("raw.pth", lambda p: p.write_bytes(pickle.dumps(Payload(), protocol=2))),
    ):
        dump(tmp_path / name)
        with pytest.raises(InvalidCheckpoint, match="refused: it would run"):
            load_checkpoint(tmp_path / name, SMALL)
    assert not victim.exists()


@pytest.mark.parametrize("content", [b"", b"not weights at all", b"PK\x03\x04broken zip"])
@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_files_that_are_no_weights_are_refused(tmp_path: Path, content: bytes, suffix: str) -> None:
    path = tmp_path / f"bad{suffix}"
    path.write_bytes(content)
    with pytest.raises(InvalidCheckpoint, match=r"bad\."):
        load_checkpoint(path, SMALL)


def test_missing_file_and_missing_architecture_are_named(tmp_path: Path, sam: Sam) -> None:
    with pytest.raises(InvalidCheckpoint, match=r"There is no file .*nowhere\.pth"):
        load_checkpoint(tmp_path / "nowhere.pth", SMALL)
    torch.save(sam.state_dict(), tmp_path / "sam.pth")
    with pytest.raises(InvalidCheckpoint, match=r"no sam\.json beside it"):
        load_checkpoint(tmp_path / "sam.pth")
    with pytest.raises(InvalidInput, match="no architecture 'vit_x'"):
        load_checkpoint(tmp_path / "sam.pth", "vit_x")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"arch": "x", "encoder": {"kind": "cnn"}}'])
def test_configuration_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(InvalidCheckpoint, match="not a model configuration"):
        SamConfig.from_json(text)


def test_impossible_configuration_is_refused() -> None:
    with pytest.raises(InvalidCheckpoint, match="multiple of 32"):
        SamConfig("odd", TinyConfig(), image_size=1000)


def test_bundled_model_fits_its_limit_and_loads() -> None:
    sam = load_bundled("vit_t")
    assert sam.config.arch == "vit_t"
    stored = Path(__file__).parents[2] / "engine" / "sam" / "bundled" / "vit_t.safetensors"
    assert stored.stat().st_size <= 16 * 2**20


def test_unknown_bundled_model_is_answered_with_those_there_are() -> None:
    with pytest.raises(InvalidCheckpoint, match=r"'vit_x'.*these do: vit_t"):
        load_bundled("vit_x")
