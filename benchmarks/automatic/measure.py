"""One image through both implementations, and how far their masks agree."""

import resource
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from engine.automatic.config import AutomaticConfig
from engine.automatic.generator import generate_masks
from engine.automatic.grid import point_grid
from engine.masks import rle
from engine.sam import Sam
from engine.sam.predictor import Predictor
from tests.automatic.masks_in_common import found_in
from tests.automatic.plain_generator import plain_masks

_MEGABYTE = 2**20
Result = TypeVar("Result")


@dataclass(frozen=True)
class Measurement:
    """Seconds on the clock and of all cores together, peak memory of the process in MB, and masks in common.

    Memory only grows, so the plain implementation's peak is at least that of the fast one, which runs first: equal
    peaks mean that the plain one needs no more.
    """

    model: str
    points: int
    threads: int
    fast_s: float
    plain_s: float
    ratio: float
    fast_cpu_s: float
    plain_cpu_s: float
    cpu_ratio: float
    fast_peak_mb: int
    plain_peak_mb: int
    fast_masks: int
    plain_masks: int
    fast_in_plain: float
    plain_in_fast: float
    pred_iou_thresh: float
    stability_score_thresh: float

    def to_json(self) -> dict[str, object]:
        return asdict(self)


def measure(sam: Sam, name: str, image: NDArray[np.uint8], config: AutomaticConfig, share: float) -> Measurement:
    """Both implementations with thresholds that let about `share` of the candidates through.

    Weights that were not trained for it are never sure of anything: at SA-1B's thresholds nothing would be left to do.
    """
    predictor = Predictor(sam)
    config = _with_thresholds(predictor, image, config, share)
    (fast, fast_s, fast_cpu), fast_peak = _timed(lambda: generate_masks(predictor, image, config)), _peak()
    (plain, plain_s, plain_cpu), plain_peak = _timed(lambda: plain_masks(sam, image, config)), _peak()
    ours, theirs = [rle.decode(each.segmentation) for each in fast], [each.mask for each in plain]
    return Measurement(
        model=name,
        points=config.points,
        threads=torch.get_num_threads(),
        fast_s=round(fast_s, 2),
        plain_s=round(plain_s, 2),
        ratio=round(plain_s / fast_s, 2),
        fast_cpu_s=round(fast_cpu, 2),
        plain_cpu_s=round(plain_cpu, 2),
        cpu_ratio=round(plain_cpu / fast_cpu, 2),
        fast_peak_mb=fast_peak,
        plain_peak_mb=plain_peak,
        fast_masks=len(ours),
        plain_masks=len(theirs),
        fast_in_plain=share_found(ours, theirs),
        plain_in_fast=share_found(theirs, ours),
        pred_iou_thresh=round(config.pred_iou_thresh, 4),
        stability_score_thresh=round(config.stability_score_thresh, 4),
    )


def share_found(masks: list[NDArray[np.bool_]], others: list[NDArray[np.bool_]]) -> float:
    """The part of `masks` that `others` have with an IoU of at least 0.98; 1 for no masks."""
    return found_in(masks, others) / len(masks) if masks else 1.0


def _with_thresholds(
    predictor: Predictor, image: NDArray[np.uint8], config: AutomaticConfig, share: float
) -> AutomaticConfig:
    """Thresholds at the quantiles of an 8×8 grid's candidates, half of the sieving by each."""
    embedded = predictor.embed(image)
    open_config = replace(config, pred_iou_thresh=0.0)
    low, iou, _ = embedded.predict_confident(point_grid(8) * (image.shape[1], image.shape[0]), 0.0)
    low = embedded.crop_padding(low)
    outer = (low > -config.stability_score_offset).flatten(1).sum(dim=1).clamp(min=1)
    stability = (low > config.stability_score_offset).flatten(1).sum(dim=1) / outer
    passing = share**0.5
    least_iou = float(iou.quantile(1 - passing))
    least_stability = float(stability[iou > least_iou].quantile(1 - passing))
    return replace(open_config, pred_iou_thresh=max(0.0, least_iou), stability_score_thresh=least_stability)


def _timed(work: Callable[[], Result]) -> tuple[Result, float, float]:
    """(result, seconds on the clock, seconds of all cores)."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    return result, time.perf_counter() - wall, time.process_time() - cpu


def _peak() -> int:
    """Peak resident memory of this process so far, in MB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak // _MEGABYTE if sys.platform == "darwin" else peak // 1024
