"""Low-resolution logits at the size of the image, only where a mask is.

Published as two bilinear steps: to the square model input, of which the padding is cropped, then to the image. Both
are separable and linear, so together they are one matrix for the rows and one for the columns: logits of any rectangle
are rows @ low-res logits @ columnsᵀ, and which pixels a low-res position can reach follows from where they are zero.
"""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from engine.masks.geometry import BoolMask
from engine.sam.predictor import MASK_THRESHOLD, EmbeddedImage

# Pixels along a piece that is upscaled at once: bounds memory however large the image is, and where the image is much
# larger than the logits, pieces touch few of them.
_PIECE = 2048


class Box(NamedTuple):
    """Pixels left ≤ x < right, top ≤ y < bottom."""

    left: int
    top: int
    right: int
    bottom: int


class UpscaledMask(NamedTuple):
    """A mask at the size of its crop, without the background around it."""

    inside: BoolMask
    """The pixels of `box`, h×w."""
    box: Box
    """In the crop's frame; tight."""
    area: int
    stability: float


class _Axis:
    """One axis of the two steps as a matrix, `length` pixels × low-res positions."""

    def __init__(self, low: int, square: int, cropped: int, length: int, device: torch.device) -> None:
        steps = F.interpolate(torch.eye(low)[None], square, mode="linear", align_corners=False)[..., :cropped]
        weights = F.interpolate(steps, length, mode="linear", align_corners=False)[0].T
        touched = weights != 0
        # The rest answers for padding alone.
        self.positions = int(touched.any(dim=0).nonzero()[-1]) + 1
        touched = touched[:, : self.positions]
        self.weights = weights[:, : self.positions].contiguous().to(device)
        pixels, positions = torch.arange(length)[:, None], torch.arange(self.positions)
        # Of each position: the first and the last pixel that it, or one beyond it on that side, has a share in.
        self.first = torch.where(touched, pixels, length).amin(dim=0).flip(0).cummin(dim=0).values.flip(0)
        self.last = torch.where(touched, pixels, -1).amax(dim=0).cummax(dim=0).values
        # Of each pixel: the positions that have a share in it.
        self.low_first = torch.where(touched, positions, low).amin(dim=1).tolist()
        self.low_end = torch.where(touched, positions + 1, 0).amax(dim=1).tolist()
        # Of each position: the pixel that it has the largest share in, and whether only neighbours have the others.
        self.nearest = weights[:, : self.positions].argmax(dim=0)
        self.is_local = not bool((touched[self.nearest] & ((positions[:, None] - positions).abs() > 1)).any())


class Upscaling:
    """Upscales the low-res logits s×s of one crop to its H×W pixels."""

    def __init__(self, embedded: EmbeddedImage, low_side: int) -> None:
        square, device = embedded.sam.image_size, embedded.sam.device
        (input_height, input_width), (height, width) = embedded.input_size, embedded.original_size
        self._rows = _Axis(low_side, square, input_height, height, device)
        self._columns = _Axis(low_side, square, input_width, width, device)

    def crop_padding(self, low_res_logits: Tensor) -> Tensor:
        """The part of …×s×s that any pixel depends on, …×h×w. All else here takes logits and boxes of this part."""
        return low_res_logits[..., : self._rows.positions, : self._columns.positions]

    def reach(self, low_boxes: Tensor) -> Tensor:
        """Boxes N×4 (first and last low-res position, x0 y0 x1 y1) → all pixels they can reach, first and last."""
        x0, y0, x1, y1 = low_boxes.unbind(-1)
        columns, rows = self._columns, self._rows
        return torch.stack([columns.first[x0], rows.first[y0], columns.last[x1], rows.last[y1]], dim=-1)

    def core(self, low_boxes: Tensor) -> Tensor | None:
        """Boxes of low-res positions all of whose neighbours are in the mask too → pixels that surely are, N×4.

        None where a pixel mixes more than a position and its neighbours, in images smaller than the logits.
        """
        if not (self._rows.is_local and self._columns.is_local):
            return None
        x0, y0, x1, y1 = low_boxes.unbind(-1)
        columns, rows = self._columns.nearest, self._rows.nearest
        return torch.stack([columns[x0], rows[y0], columns[x1], rows[y1]], dim=-1)

    def mask(self, low_res_logits: Tensor, within: Box, offset: float) -> UpscaledMask | None:
        """The mask of logits h×w, which are at most -`offset` outside of `within`; None for an empty mask.

        Its stability compares the cuts at ±`offset` (`filters.stability_score`).
        """
        inside = torch.empty((within.bottom - within.top, within.right - within.left), dtype=torch.bool)
        inner = outer = 0
        for top in range(within.top, within.bottom, _PIECE):
            for left in range(within.left, within.right, _PIECE):
                piece = Box(left, top, min(left + _PIECE, within.right), min(top + _PIECE, within.bottom))
                logits = self._piece(low_res_logits, piece)
                inner += int(torch.count_nonzero(logits > MASK_THRESHOLD + offset))
                outer += int(torch.count_nonzero(logits > MASK_THRESHOLD - offset))
                rows = slice(top - within.top, piece.bottom - within.top)
                inside[rows, left - within.left : piece.right - within.left] = logits > MASK_THRESHOLD
        columns, rows = inside.any(dim=0).nonzero(), inside.any(dim=1).nonzero()
        if not len(columns):
            return None
        left, right, top, bottom = (int(x) for x in (columns[0], columns[-1] + 1, rows[0], rows[-1] + 1))
        tight = inside[top:bottom, left:right].numpy()
        box = Box(within.left + left, within.top + top, within.left + right, within.top + bottom)
        return UpscaledMask(tight, box, int(tight.sum()), inner / max(outer, 1))

    def _piece(self, low: Tensor, piece: Box) -> Tensor:
        rows = slice(self._rows.low_first[piece.top], self._rows.low_end[piece.bottom - 1])
        columns = slice(self._columns.low_first[piece.left], self._columns.low_end[piece.right - 1])
        upright = self._rows.weights[piece.top : piece.bottom, rows] @ low[rows, columns].float()
        return upright @ self._columns.weights[piece.left : piece.right, columns].T
