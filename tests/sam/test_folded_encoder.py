import copy

import pytest
import torch
from torch import Tensor

from engine.sam import SamConfig, TinyConfig, VitConfig, build_sam, folded_attention
from engine.sam.folded_attention import FoldedAttention, attend_in_blocks
from engine.sam.folded_encoder import FoldedEncoder, fold_encoder
from engine.sam.image_encoder import Attention, ImageEncoderViT


def random_encoder(window: int = 5, side: int = 12) -> ImageEncoderViT:
    """Every weight random, biases and relative positions too; windows do not divide the grid unless chosen so."""
    config = SamConfig(
        "small",
        VitConfig(embed_dim=48, depth=3, num_heads=3, global_attn_indexes=(1,), window_size=window),
        image_size=16 * side,
        prompt_embed_dim=32,
    )
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(3)
        encoder = build_sam(config).image_encoder
        for parameter in encoder.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.2)
    assert isinstance(encoder, ImageEncoderViT)
    return encoder


def pixels(side: int = 12, batch: int = 2) -> Tensor:
    return torch.randn(batch, 3, 16 * side, 16 * side, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("window", [4, 5, 14])
@pytest.mark.parametrize("logits_per_thread", [1, 1000, 2**20])
@torch.no_grad()
def test_in_float32_the_embedding_is_that_of_the_module(
    window: int, logits_per_thread: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folded_attention, "_LOGITS_PER_THREAD", logits_per_thread)
    encoder = random_encoder(window)
    expected = encoder(pixels())
    got = FoldedEncoder(encoder)(pixels())
    assert (got - expected).abs().max() <= 1e-5 * expected.abs().max()
    assert expected.std() > 0.1


@pytest.mark.parametrize("logits_per_thread", [7, 100, 900, 2**20])
def test_attention_in_blocks_is_attention(logits_per_thread: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folded_attention, "_LOGITS_PER_THREAD", logits_per_thread)
    generator = torch.Generator().manual_seed(0)
    q, k, v = torch.randn(3, 5, 12, 8, generator=generator)
    rows, columns = torch.randn(5, 12, 3, generator=generator), torch.randn(5, 12, 4, generator=generator)
    bias = (rows[..., :, None] + columns[..., None, :]).flatten(2)
    expected = torch.softmax(q @ k.transpose(1, 2) + bias, dim=-1) @ v
    torch.testing.assert_close(attend_in_blocks(q, k, v, rows, columns), expected)


@torch.no_grad()
def test_folding_drops_the_keys_bias_and_moves_the_values_bias() -> None:
    attention = Attention(dim=24, num_heads=2, side=4)
    for parameter in attention.parameters():
        torch.nn.init.normal_(parameter, generator=torch.Generator().manual_seed(parameter.numel()))
    x = torch.randn(3, 4, 4, 24, generator=torch.Generator().manual_seed(2))
    folded = FoldedAttention(attention, window=0, dtype=torch.float32)
    torch.testing.assert_close(folded(x), attention(x), atol=1e-4, rtol=1e-4)
    assert not folded.qkv_bias[24:].any()


@torch.no_grad()
def test_in_bfloat16_the_embedding_stays_alike_and_comes_in_float32() -> None:
    encoder = random_encoder()
    expected, got = encoder(pixels()), FoldedEncoder(encoder, torch.bfloat16)(pixels())
    assert got.dtype == torch.float32
    cosine = torch.cosine_similarity(expected.flatten(), got.flatten(), dim=0)
    assert 0.999 <= cosine < 1


@torch.no_grad()
def test_the_module_that_was_folded_stays_as_it_was() -> None:
    encoder = random_encoder()
    before = copy.deepcopy(encoder.state_dict())
    FoldedEncoder(encoder, torch.bfloat16)(pixels())
    assert all(torch.equal(value, before[name]) for name, value in encoder.state_dict().items())


def test_the_input_is_left_alone() -> None:
    given = pixels()
    FoldedEncoder(random_encoder())(given)
    assert torch.equal(given, pixels())


@torch.no_grad()
def test_another_encoder_runs_as_it_is_or_as_autocast_has_it() -> None:
    config = SamConfig("vit_t", TinyConfig(widths=(16, 32, 32, 32)), image_size=128)
    encoder = build_sam(config).image_encoder
    assert fold_encoder(encoder) is encoder
    expected, got = encoder(pixels(8)), fold_encoder(encoder, torch.bfloat16)(pixels(8))
    assert got.dtype == torch.float32
    assert 0.99 <= torch.cosine_similarity(expected.flatten(), got.flatten(), dim=0) < 1
