"""Between the image frame (original pixels) and the model-input frame (longest side = `side`)."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F


def resized_shape(height: int, width: int, side: int) -> tuple[int, int]:
    """(h, w) of an image whose longest side becomes `side`, rounded half up as published."""
    scale = side / max(height, width)
    return max(1, int(height * scale + 0.5)), max(1, int(width * scale + 0.5))


def resize_longest_side(image: NDArray[np.uint8], side: int) -> Tensor:
    """RGB uint8 H×W×3 → uint8 3×h×w with the longest side `side`; antialiased bilinear, as published."""
    height, width = image.shape[:2]
    shape = resized_shape(height, width, side)
    pixels = torch.from_numpy(np.require(image, requirements=["C", "W"])).permute(2, 0, 1)
    if shape == (height, width):
        return pixels
    return F.interpolate(pixels[None], shape, mode="bilinear", antialias=True)[0]


def apply_coords(coords: NDArray[np.floating], original_size: tuple[int, int], side: int) -> NDArray[np.float32]:
    """…×2 (x, y) in the image frame → the model-input frame."""
    height, width = resized_shape(*original_size, side)
    scale = np.array([width / original_size[1], height / original_size[0]])
    return (np.asarray(coords, dtype=np.float64) * scale).astype(np.float32)


def apply_boxes(boxes: NDArray[np.floating], original_size: tuple[int, int], side: int) -> NDArray[np.float32]:
    """…×4 (x0, y0, x1, y1) in the image frame → the model-input frame."""
    boxes = np.asarray(boxes)
    return apply_coords(boxes.reshape(*boxes.shape[:-1], 2, 2), original_size, side).reshape(boxes.shape)


def normalise(x: Tensor, mean: Tensor, std: Tensor, side: int) -> Tensor:
    """RGB 0..255, …×3×h×w with the longest side already `side` → normalised and zero-padded to the square."""
    x = (x - mean) / std
    height, width = x.shape[-2:]
    return F.pad(x, (0, side - width, 0, side - height))
