"""The simulated annotator at work on one embedded image: clicks, decodes, measures, many masks at a time.

Source: Segment Anything, section 7.1: one click gives three candidates, of which the most confident and the
best (oracle) are measured; from the second click on the single-mask output is asked for. The low-resolution
logits of the chosen mask go back with every further click.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.evaluation.clicks import Click, first_click, next_click
from engine.evaluation.measurements import Floats, ImageMeasurements, MaskTrace, MeasuredImage
from engine.evaluation.measures import NOC_CAP, NOC_THRESHOLDS
from engine.masks import rle
from engine.masks.geometry import BoolMask
from engine.sam.predictor import EmbeddedImage

# Masks decoded together; bounds memory at about 10 MB of activations per mask.
_MASKS_PER_BATCH = {"cpu": 8, "cuda": 128}


@dataclass(frozen=True)
class Protocol:
    """How often the annotator clicks: `clicks` times on every mask, and on as NoC needs it if `noc`.

    After each of the numbers of clicks in `traced`, the mask itself is kept, for people to look at.
    """

    clicks: int
    noc: bool = False
    traced: tuple[int, ...] = ()

    @property
    def rounds(self) -> int:
        """R: the most clicks that a mask can get."""
        return max(self.clicks, NOC_CAP) if self.noc else self.clicks


@dataclass(frozen=True)
class Annotator:
    """Clicks on one embedded image as the simulated annotator would."""

    image: EmbeddedImage
    protocol: Protocol
    threads: ThreadPoolExecutor

    @torch.inference_mode()
    def annotate(self, measured: MeasuredImage, truths: NDArray[np.bool_]) -> ImageMeasurements:
        """What is reached on `truths` (M×H×W, M > 0, none empty)."""
        size = _MASKS_PER_BATCH.get(self.image.sam.device.type, 8)
        batches = [_Batch.start(truths[start : start + size], self) for start in range(0, len(truths), size)]
        for batch in batches:
            batch.annotate()
        return ImageMeasurements(
            image=measured,
            relative_size=np.sqrt(truths.reshape(len(truths), -1).mean(axis=1)),
            iou=np.concatenate([batch.iou for batch in batches]),
            predicted_iou=np.concatenate([batch.predicted_iou for batch in batches]),
            oracle_iou=np.concatenate([batch.oracle_iou for batch in batches]),
            traces=tuple(trace for batch in batches for trace in batch.traces()),
        )


@dataclass(frozen=True)
class _Batch:
    """Masks that are decoded together. Those that need no further click leave it."""

    truths: NDArray[np.bool_]
    annotator: Annotator
    iou: Floats
    predicted_iou: Floats
    oracle_iou: Floats
    clicked: dict[int, tuple[Click, ...]] = field(default_factory=dict)
    answers: dict[int, dict[int, str]] = field(default_factory=dict)
    """By row and number of clicks: the traced answers' run lengths."""

    @classmethod
    def start(cls, truths: NDArray[np.bool_], annotator: Annotator) -> "_Batch":
        shape = len(truths), annotator.protocol.rounds
        return cls(truths, annotator, np.full(shape, np.nan), np.full(shape, np.nan), np.full(len(truths), np.nan))

    def annotate(self) -> None:
        threads, image = self.annotator.threads, self.annotator.image
        rows = np.arange(len(self.truths))
        truths = torch.from_numpy(self.truths).to(image.sam.device)
        clicks = [(click,) for click in threads.map(first_click, self.truths)]
        logits: Tensor | None = None
        for round_ in range(self.annotator.protocol.rounds):
            low, predicted_iou = self._predict(clicks, logits)
            masks = image.masks(low)
            iou = _iou(masks, truths)
            chosen = predicted_iou.argmax(dim=1, keepdim=True)
            self.iou[rows, round_] = _to_numpy(iou.gather(1, chosen))[:, 0]
            self.predicted_iou[rows, round_] = _to_numpy(predicted_iou.gather(1, chosen))[:, 0]
            if round_ == 0:
                self.oracle_iou[:] = _to_numpy(iou.amax(dim=1))
            if round_ + 1 in self.annotator.protocol.traced:
                self._trace(rows, clicks, masks.take_along_dim(chosen[..., None, None], dim=1)[:, 0])
            kept = self._unfinished(rows, round_ + 1)
            if kept.size == 0:
                return
            on_device = torch.from_numpy(kept).to(low.device)
            each = chosen[on_device, 0]
            logits = low[on_device, each][:, None]
            predicted: NDArray[np.bool_] = masks[on_device, each].cpu().numpy()
            truths, rows, clicks = truths[on_device], rows[kept], [clicks[index] for index in kept]
            further = threads.map(next_click, _masks(self.truths[rows]), _masks(predicted), clicks)
            clicks = [(*earlier, click) for earlier, click in zip(clicks, further, strict=True)]

    def traces(self) -> list[MaskTrace]:
        """One per mask, in order; empty where nothing was to be traced."""
        return [MaskTrace(self.clicked[row], self.answers[row]) for row in sorted(self.answers)]

    def _trace(self, rows: NDArray[np.intp], clicks: Sequence[tuple[Click, ...]], masks: Tensor) -> None:
        """Keeps the answers (`masks` as long as `rows` × H×W) to the clicks so far."""
        for row, clicked, mask in zip(rows.tolist(), clicks, masks.cpu().numpy(), strict=True):
            self.clicked[row] = clicked
            self.answers.setdefault(row, {})[len(clicked)] = rle.encode(mask)["counts"]

    def _unfinished(self, rows: NDArray[np.intp], clicks: int) -> NDArray[np.intp]:
        """Which of `rows`, after so many clicks, are to get another."""
        protocol = self.annotator.protocol
        if clicks < protocol.clicks:
            return np.arange(len(rows))
        if clicks >= protocol.rounds:
            return np.arange(0)
        reached = np.nanmax(self.iou[rows, :clicks], axis=1) >= NOC_THRESHOLDS[-1] / 100
        return np.flatnonzero(~reached)

    def _predict(self, clicks: Sequence[tuple[Click, ...]], logits: Tensor | None) -> tuple[Tensor, Tensor]:
        """Low-resolution logits M×C×h×w and predicted IoU M×C; C is 3 for one click, else 1."""
        points = np.asarray(clicks, np.float64)
        return self.annotator.image.predict(
            points[..., :2], points[..., 2].astype(np.int32), mask_input=logits, multimask_output=logits is None
        )


def _masks(stack: NDArray[np.bool_]) -> Sequence[BoolMask]:
    return list(stack)


def _iou(masks: Tensor, truths: Tensor) -> Tensor:
    """IoU M×C of `masks` (M×C×H×W) with `truths` (M×H×W); both boolean, truths not empty."""
    truths = truths[:, None]
    intersection = (masks & truths).flatten(2).count_nonzero(dim=2)
    union = masks.flatten(2).count_nonzero(dim=2) + truths.flatten(2).count_nonzero(dim=2) - intersection
    return intersection / union


def _to_numpy(values: Tensor) -> Floats:
    return values.double().cpu().numpy()
