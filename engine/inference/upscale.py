"""Low-resolution logits to masks at the size of the image, without torch.

Published as two bilinear steps: to the square model input, of which the padding is cropped, then to the image.
"""

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.inference.model_frame import resized_shape

MASK_THRESHOLD = 0.0
# Values of one strip of rows: 32 MB, so that a mask of 200 megapixels is never in memory as floats.
_STRIP_VALUES = 8 * 2**20


def upscale_logits(
    low_res_logits: NDArray[np.float32], image_size: tuple[int, int], input_side: int
) -> NDArray[np.float32]:
    """Logits s×s → logits H×W. `image_size` is (H, W), `input_side` the pixels along the square model input."""
    return np.concatenate(list(_strips(low_res_logits, image_size, input_side)))


def upscale_mask(
    low_res_logits: NDArray[np.float32], image_size: tuple[int, int], input_side: int
) -> NDArray[np.bool_]:
    """Logits s×s → mask H×W, true above the threshold 0. Arguments as in `upscale_logits`."""
    strips = _strips(low_res_logits, image_size, input_side)
    return np.concatenate([strip > MASK_THRESHOLD for strip in strips])


def _strips(
    low_res_logits: NDArray[np.float32], image_size: tuple[int, int], input_side: int
) -> Iterator[NDArray[np.float32]]:
    height, width = image_size
    input_height, input_width = resized_shape(image_size, input_side)
    square = cv2.resize(
        np.asarray(low_res_logits, dtype=np.float32), (input_side, input_side), interpolation=cv2.INTER_LINEAR
    )
    source = np.ascontiguousarray(square[:input_height, :input_width])
    rows = max(1, _STRIP_VALUES // width)
    for start in range(0, height, rows):
        # Bilinear interpolation is separable: rows by hand, so that a strip needs no more than its own; columns by cv2.
        centres = (np.arange(start, min(start + rows, height)) + 0.5) * (input_height / height) - 0.5
        centres = centres.clip(0, input_height - 1)
        above = centres.astype(np.intp)
        below = np.minimum(above + 1, input_height - 1)
        share = (centres - above).astype(np.float32)[:, None]
        strip = source[above] * (1 - share) + source[below] * share
        yield np.asarray(cv2.resize(strip, (width, len(strip)), interpolation=cv2.INTER_LINEAR), np.float32)
