"""Both encoders over the same images, and how far what they give agrees."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.inference.encoder import AdaptiveEncoder, agreement_of
from engine.sam import Sam
from engine.sam.reassociated import TwoStepDecoder
from engine.sam.transforms import resize_longest_side
from engine.training.scenes import generate_scene

_POINTS_PER_SIDE = 4
_SCENE = (768, 1024)


@dataclass
class Measurement:
    """Seconds of each encoder per image, on the clock and of all cores together, and their agreement."""

    model: str
    image_size: int
    threads: int
    precision: str = ""
    plain_seconds: list[float] = field(default_factory=list)
    fast_seconds: list[float] = field(default_factory=list)
    plain_cpu_seconds: list[float] = field(default_factory=list)
    fast_cpu_seconds: list[float] = field(default_factory=list)
    cosines: list[float] = field(default_factory=list)
    position_cosines: list[float] = field(default_factory=list)
    mask_ious: list[float] = field(default_factory=list)

    def summary(self) -> dict[str, float | int | str]:
        median = statistics.median
        return {
            "model": self.model,
            "image_size": self.image_size,
            "threads": self.threads,
            "precision": self.precision,
            "images": len(self.plain_seconds),
            "plain_s": round(median(self.plain_seconds), 3),
            "fast_s": round(median(self.fast_seconds), 3),
            "ratio": round(median(self.plain_seconds) / median(self.fast_seconds), 2),
            "plain_cpu_s": round(median(self.plain_cpu_seconds), 3),
            "fast_cpu_s": round(median(self.fast_cpu_seconds), 3),
            "cpu_ratio": round(median(self.plain_cpu_seconds) / median(self.fast_cpu_seconds), 2),
            "lowest_cosine": round(min(self.cosines), 6),
            "lowest_position_cosine": round(min(self.position_cosines), 6),
            "masks": len(self.mask_ious),
            "mask_iou": round(statistics.mean(self.mask_ious), 5),
            "mask_iou_p5": round(float(np.percentile(self.mask_ious, 5)), 5),
        }


@torch.inference_mode()
def measure(sam: Sam, name: str, images: int) -> Measurement:
    """`images` generated scenes through both encoders, in turns; one more before that warms both up."""
    result = Measurement(name, sam.image_size, torch.get_num_threads())
    fast = AdaptiveEncoder(sam.image_encoder, sam.device)
    decoder = TwoStepDecoder(sam)
    fast(_pixels(sam, seed=0))  # settles its precision, which runs a float32 encoder as well
    result.precision = str(fast.dtype).removeprefix("torch.")
    for seed in range(1, images + 1):
        pixels = _pixels(sam, seed)
        expected = _timed(sam.image_encoder, pixels, result.plain_seconds, result.plain_cpu_seconds)
        got = _timed(fast, pixels, result.fast_seconds, result.fast_cpu_seconds)
        agreement = agreement_of(expected, got)
        result.cosines.append(agreement.whole)
        result.position_cosines.append(agreement.positions)
        # Stored embeddings are float16, so those are compared.
        result.mask_ious += mask_ious(_masks(decoder, sam, expected), _masks(decoder, sam, got.half().float()))
    return result


def mask_ious(expected: NDArray[np.bool_], got: NDArray[np.bool_]) -> list[float]:
    """The IoU of each of n masks n×s×s with its counterpart; pairs that are both empty are left out."""
    union = (expected | got).sum(axis=(1, 2))
    return list(((expected & got).sum(axis=(1, 2)) / np.maximum(union, 1))[union > 0])


def _pixels(sam: Sam, seed: int) -> Tensor:
    image = resize_longest_side(generate_scene(seed, _SCENE).image, sam.image_size)
    return sam.preprocess(image[None].to(sam.device).float())


def _timed(
    encode: Callable[[Tensor], Tensor], pixels: Tensor, seconds: list[float], cpu_seconds: list[float]
) -> Tensor:
    wall, cpu = time.perf_counter(), time.process_time()
    embedding = encode(pixels)
    if embedding.is_cuda:
        torch.cuda.synchronize()
    cpu_seconds.append(time.process_time() - cpu)
    seconds.append(time.perf_counter() - wall)
    return embedding


def _masks(decoder: TwoStepDecoder, sam: Sam, embedding: Tensor) -> NDArray[np.bool_]:
    """Low-resolution masks of a grid of single points, the single mask and the three candidates of each."""
    steps = (torch.arange(_POINTS_PER_SIDE) + 0.5) / _POINTS_PER_SIDE * sam.image_size
    points = torch.cartesian_prod(steps, steps * 0.75)[:, None].to(embedding.device)  # the scene is three quarters high
    labels = torch.ones(points.shape[:2], device=embedding.device)
    sparse, _ = sam.prompt_encoder(points=(points, labels), boxes=None, masks=None)
    logits, _ = decoder.decode_tokens(decoder.prepare(embedding), sparse, None)
    return (logits.flatten(0, 1) > 0).cpu().numpy()
