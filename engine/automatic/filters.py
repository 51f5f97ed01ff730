"""Which masks of the automatic stage are worth keeping. Source: Segment Anything, appendix B."""

import torch
from torch import Tensor


def stability_score(logits: Tensor, threshold: float, offset: float) -> Tensor:
    """IoU of each mask cut at `threshold + offset` with itself cut at `threshold - offset`; …×H×W → …

    The tighter mask lies inside the wider one, so their areas are all it takes. 0 where even the wider one is empty.
    """
    inner = (logits > threshold + offset).flatten(-2).sum(dim=-1)
    outer = (logits > threshold - offset).flatten(-2).sum(dim=-1)
    return inner / outer.clamp(min=1)


def cover(masks: Tensor) -> Tensor:
    """The part of the image that each boolean mask covers, in [0, 1]; …×H×W → …"""
    return masks.flatten(-2).float().mean(dim=-1)


def boxes_of_masks(masks: Tensor) -> Tensor:
    """(x0, y0, x1, y1) around each boolean mask, first and last pixel; …×H×W → …×4. Zeros for an empty mask."""
    columns, rows = masks.any(dim=-2), masks.any(dim=-1)
    left, right = _first_and_last(columns)
    top, bottom = _first_and_last(rows)
    return torch.stack([left, top, right, bottom], dim=-1) * columns.any(dim=-1, keepdim=True)


def is_box_near_crop_edge(
    boxes: Tensor,
    crop_box: tuple[int, int, int, int],
    image_box: tuple[int, int, int, int],
    tolerance: float = 20.0,
) -> Tensor:
    """Which boxes N×4 (x0, y0, x1, y1, in the crop's frame) touch a border of the crop that is not the image's too.

    `crop_box` and `image_box` are (x0, y0, x1, y1) in the image frame; `tolerance` is in pixels.
    """
    in_image = boxes.float() + boxes.new_tensor([crop_box[0], crop_box[1]] * 2, dtype=torch.float32)

    def close(edges: tuple[int, int, int, int]) -> Tensor:
        # Absolute tolerance alone, as in the published filter.
        return torch.isclose(in_image, in_image.new_tensor(edges), atol=tolerance, rtol=0)

    return (close(crop_box) & ~close(image_box)).any(dim=1)


def _first_and_last(flags: Tensor) -> tuple[Tensor, Tensor]:
    """Index of the first and the last True along the last dimension."""
    counted = flags.int()
    return counted.argmax(dim=-1), flags.shape[-1] - 1 - counted.flip(-1).argmax(dim=-1)
