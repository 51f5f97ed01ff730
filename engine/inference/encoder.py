"""Normalised pixels → embedding, in the fastest precision of the machine that agrees with single precision."""

import logging
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.sam.folded_encoder import fold_encoder

# Native bfloat16 gives 0.9999 and more; a processor or a model far below that should not use it.
_LEAST_COSINE = 0.999
# The whole may agree while an object does not: all but one in a hundred positions must agree as well, less strictly.
_LEAST_COSINE_OF_POSITIONS = 0.99
_POSITIONS_LEFT_OUT = 0.01

_log = logging.getLogger(__name__)


class Agreement(NamedTuple):
    """How alike two embeddings are: the cosine of the whole, and the one that all but 1 % of positions reach."""

    whole: float
    positions: float

    @property
    def is_enough(self) -> bool:
        """False as well when either embedding has a value that is not finite."""
        return self.whole >= _LEAST_COSINE and self.positions >= _LEAST_COSINE_OF_POSITIONS


class AdaptiveEncoder:
    """The image encoder of a model for many images: B×3×S×S normalised pixels → B×C×s×s embedding, float32.

    Where the device multiplies in half precision natively, the first batch is embedded in single and in half
    precision, and half precision is used, for it too, if the two agree. Single precision stays when they do not.
    In float16, which overflows where bfloat16 does not, a later embedding with a value that is not finite is made again
    in single precision. Threads that share an encoder must take turns.
    """

    def __init__(self, encoder: nn.Module, device: torch.device) -> None:
        self._dtype = native_half_precision(device)
        self._exact: nn.Module | None = fold_encoder(encoder)
        self._half = None if self._dtype is None else fold_encoder(encoder, self._dtype)
        self._compared = self._dtype is None

    @property
    def dtype(self) -> torch.dtype:
        """The precision of the next embedding's matrix products."""
        return self._dtype if self._compared and self._half is not None and self._dtype else torch.float32

    @torch.inference_mode()
    def __call__(self, pixels: Tensor) -> Tensor:
        if not self._compared:
            return self._compare(pixels)
        embedding = None if self._half is None else self._half(pixels)
        if embedding is None or (self._dtype is torch.float16 and not embedding.isfinite().all()):
            assert self._exact is not None
            return self._exact(pixels)
        return embedding

    def _compare(self, pixels: Tensor) -> Tensor:
        """Settles the precision, and answers in it: the same image gives the same embedding in every process."""
        assert self._exact is not None and self._half is not None
        embedding, in_half = self._exact(pixels), self._half(pixels)
        agreement = agreement_of(embedding, in_half)
        if agreement.is_enough:
            embedding = in_half
        else:
            self._half = None
        if self._half is not None and self._dtype is torch.bfloat16:
            self._exact = None  # its weights are most of the memory
        self._compared = True
        _log.info(
            "%s embeddings agree with float32 to a cosine of %.6f, 99 %% of positions to %.6f: from now on %s",
            self._dtype,
            *agreement,
            self.dtype,
        )
        return embedding


def agreement_of(expected: Tensor, got: Tensor) -> Agreement:
    """Of two embeddings B×C×s×s."""
    whole = F.cosine_similarity(expected.flatten(), got.flatten(), dim=0)
    positions = F.cosine_similarity(expected, got, dim=1).flatten()
    # `kthvalue`, because `quantile` refuses large inputs; values that are not finite count as the lowest.
    place = 1 + int(_POSITIONS_LEFT_OUT * len(positions))
    return Agreement(whole.item(), positions.nan_to_num(nan=-1.0).kthvalue(place).values.item())


def native_half_precision(device: torch.device) -> torch.dtype | None:
    """The half precision that the device multiplies in hardware; None where float32 is faster."""
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float16
    capabilities = torch.cpu.get_capabilities()
    return torch.bfloat16 if capabilities.get("avx512_bf16") or capabilities.get("amx_bf16") else None
