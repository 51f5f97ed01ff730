import logging

import pytest
import torch
from torch import Tensor, nn

from engine.inference import encoder as module
from engine.inference.encoder import AdaptiveEncoder, agreement_of, native_half_precision

CPU = torch.device("cpu")
PIXELS = torch.randn(1, 8, 4, 4, generator=torch.Generator().manual_seed(0))


class Doubling(nn.Module):
    """Doubles in float32; in half precision it does what `in_half` makes of that."""

    def __init__(self, in_half: nn.Module) -> None:
        super().__init__()
        self.in_half = in_half

    def forward(self, x: Tensor) -> Tensor:
        return self.in_half(2 * x) if torch.is_autocast_enabled("cpu") else 2 * x


class Shift(nn.Module):
    """Adds `by` to the first `count` of the 16 positions."""

    def __init__(self, by: float, count: int = 16) -> None:
        super().__init__()
        self.by, self.count = by, count

    def forward(self, x: Tensor) -> Tensor:
        shifted = x.clone()
        shifted.flatten(2)[..., : self.count] += self.by
        return shifted


def adaptive(monkeypatch: pytest.MonkeyPatch, in_half: nn.Module, dtype: torch.dtype | None) -> AdaptiveEncoder:
    monkeypatch.setattr(module, "native_half_precision", lambda device: dtype)
    return AdaptiveEncoder(Doubling(in_half), CPU)


def test_half_precision_takes_over_from_the_first_embedding_on_when_they_agree(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    encode = adaptive(monkeypatch, Shift(0.001), torch.bfloat16)
    with caplog.at_level(logging.INFO, module.__name__):
        for _ in range(2):
            assert torch.equal(encode(PIXELS), 2 * PIXELS + 0.001)
    assert encode.dtype == torch.bfloat16
    assert len(caplog.records) == 1
    assert "torch.bfloat16 embeddings agree" in caplog.text


@pytest.mark.parametrize(
    "in_half", [Shift(5), Shift(5, count=1), Shift(float("nan"), count=1), Shift(float("inf"))], ids=str
)
def test_single_precision_stays_when_half_precision_differs_anywhere(
    monkeypatch: pytest.MonkeyPatch, in_half: nn.Module
) -> None:
    encode = adaptive(monkeypatch, in_half, torch.bfloat16)
    for _ in range(2):
        assert torch.equal(encode(PIXELS), 2 * PIXELS)
    assert encode.dtype == torch.float32


def test_without_native_half_precision_nothing_is_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    encode = adaptive(monkeypatch, Shift(0.001), None)
    for _ in range(2):
        assert torch.equal(encode(PIXELS), 2 * PIXELS)


def test_an_image_that_overflows_float16_is_embedded_in_single_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    class OverflowsLater(nn.Module):
        calls = 0

        def forward(self, x: Tensor) -> Tensor:
            self.calls += 1
            return x * (torch.inf if self.calls == 2 else 1)

    encode = adaptive(monkeypatch, OverflowsLater(), torch.float16)
    for _ in range(3):
        assert torch.equal(encode(PIXELS), 2 * PIXELS)
    assert encode.dtype == torch.float16


def test_one_odd_position_in_a_hundred_is_no_disagreement() -> None:
    expected = torch.randn(1, 8, 20, 20, generator=torch.Generator().manual_seed(0))
    got = expected.clone()
    got[:, :, 0, :3] *= -1
    assert agreement_of(expected, got).positions == pytest.approx(1)
    got[:, :, 0, :5] = -expected[:, :, 0, :5]
    assert agreement_of(expected, got).positions == pytest.approx(-1)


def test_bfloat16_is_not_used_where_the_processor_only_emulates_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx2": True})
    assert native_half_precision(CPU) is None
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True})
    assert native_half_precision(CPU) is torch.bfloat16
