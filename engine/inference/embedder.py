"""Image → embedding, for a worker: one model, one image at a time, in the fastest precision that stays exact enough."""

import threading

import numpy as np
import torch
from numpy.typing import NDArray

from engine.inference.encoder import AdaptiveEncoder
from engine.sam import Sam
from engine.sam.transforms import normalise, resize_longest_side


class Embedder:
    """The image encoder of a `Sam`. Load one per process and model; threads that share it take turns.

    Runs on the GPU where there is one. It does not keep `sam`: once half precision is settled on, the weights in single
    precision are free to go.
    """

    def __init__(self, sam: Sam) -> None:
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        sam = sam.to(self._device).eval()
        self._image_size, self._pixel_mean, self._pixel_std = sam.image_size, sam.pixel_mean, sam.pixel_std
        self._encoder = AdaptiveEncoder(sam.image_encoder, self._device)
        self._lock = threading.Lock()

    def embed(self, image: NDArray[np.uint8]) -> NDArray[np.float16]:
        """RGB H×W×3 → embedding C×S×S."""
        with self._lock, torch.inference_mode():
            resized = resize_longest_side(image, self._image_size)[None].to(self._device).float()
            pixels = normalise(resized, self._pixel_mean, self._pixel_std, self._image_size)
            return self._encoder(pixels)[0].to(torch.float16).cpu().numpy()
