"""Random changes of colour, the same for any device: every image has a generator of its own, on the CPU."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from engine.training.data.settings import Augmentation


def recolour(images: Tensor, augmentation: Augmentation, generators: Sequence[np.random.Generator]) -> Tensor:
    """Brightness, contrast, gamma, colour balance, saturation, gray, blur and noise of B×3×H×W in 0..255.

    Image i is a function of its pixels and of `generators[i]` alone.
    """
    draws = np.stack([generator.random(19, dtype=np.float32) for generator in generators])
    noise_levels = np.where(draws[:, 18] < augmentation.noise, 0.05 * draws[:, 17], 0)
    if not (augmentation.colour or augmentation.grayscale or augmentation.blur or augmentation.noise):
        return images
    table = torch.from_numpy(draws).to(images.device)[:, :, None, None, None]

    def amount(first: int, spread: float, channels: int = 1) -> Tensor:
        """1 ± `spread`, B×`channels`×1×1; 1 for the images that keep this as it is."""
        applies = table[:, first] < augmentation.colour
        drawn = table[:, first + 1 : first + 1 + channels, 0]
        return 1 + (2 * drawn - 1) * spread * applies

    x = images / 255
    gray = (x * x.new_tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)).sum(1, keepdim=True)
    saturation = amount(0, 0.5) * (table[:, 2] >= augmentation.grayscale)
    x = gray + (x - gray) * saturation
    x = x * amount(3, 0.15, 3)
    mean = x.mean((1, 2, 3), keepdim=True)
    x = (mean + (x - mean) * amount(7, 0.4)) * amount(9, 0.3)
    x = x.clamp(1e-4, 1) ** amount(11, 0.3)
    blurred = np.flatnonzero(draws[:, 13] < augmentation.blur).tolist()
    if blurred:
        x[blurred] = F.avg_pool2d(F.pad(x[blurred], (1, 1, 1, 1), mode="replicate"), 3, stride=1)
    for row in np.flatnonzero(noise_levels).tolist():
        noise = generators[row].standard_normal(x.shape[1:], dtype=np.float32) * noise_levels[row]
        x[row] += torch.from_numpy(noise).to(x.device)
    return x.clamp(0, 1) * 255
