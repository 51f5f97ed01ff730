"""Image → embedding, for a worker: one model, one image at a time, in the fastest precision that stays exact enough."""

import logging
import threading

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from engine.sam import Sam
from engine.sam.transforms import resize_longest_side

# Native bfloat16 gave 0.9999 on photographs; a processor or a model far below that should not use it.
_LEAST_COSINE = 0.999

_log = logging.getLogger(__name__)


class Embedder:
    """The image encoder of a `Sam`. Load one per process and model; threads that share it take turns.

    Runs on the GPU where there is one. Where the processor multiplies bfloat16 natively, the first image is embedded
    in single precision and in bfloat16, and bfloat16 is used from then on if the two agree.
    """

    def __init__(self, sam: Sam) -> None:
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self._sam = sam.to(self._device).eval()
        self._lock = threading.Lock()
        self._bfloat16 = False
        self._compared = not has_native_bfloat16(self._device)

    def embed(self, image: NDArray[np.uint8]) -> NDArray[np.float16]:
        """RGB H×W×3 → embedding C×S×S."""
        with self._lock, torch.inference_mode():
            resized = resize_longest_side(image, self._sam.image_size)
            pixels = self._sam.preprocess(resized[None].to(self._device).float())
            embedding = self._encode(pixels)
            return embedding[0].to(torch.float16).cpu().numpy()

    def _encode(self, pixels: Tensor) -> Tensor:
        if self._bfloat16:
            return self._encode_bfloat16(pixels)
        embedding = self._sam.image_encoder(pixels)
        if not self._compared:
            cosine = F.cosine_similarity(embedding.flatten(), self._encode_bfloat16(pixels).flatten(), dim=0).item()
            self._bfloat16 = cosine >= _LEAST_COSINE
            self._compared = True
            _log.info("bfloat16 embeddings agree with float32 to a cosine of %.6f: used %s", cosine, self._bfloat16)
        return embedding

    def _encode_bfloat16(self, pixels: Tensor) -> Tensor:
        with torch.autocast(self._device.type, torch.bfloat16):
            return self._sam.image_encoder(pixels).float()


def has_native_bfloat16(device: torch.device) -> bool:
    """Whether the device multiplies bfloat16 in hardware; emulated, it is slower than float32."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    capabilities = torch.cpu.get_capabilities()
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))
