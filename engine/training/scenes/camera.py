"""What a camera does to a lit scene: lens, exposure, colour, noise, compression. Masks do not move."""

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.training.scenes import textures

Image = NDArray[np.uint8]
Pixels = NDArray[np.float32]


def blur(image: Pixels, sigma: float) -> Pixels:
    """Gaussian blur of float32 [H, W, 3]; a wide one is computed on a reduced image, where it costs less."""
    height, width = image.shape[:2]
    step = int(sigma / 1.4)
    if step < 2 or min(height, width) < 8 * step:
        taps = 2 * int(np.ceil(2.2 * sigma)) + 1
        return np.asarray(cv2.GaussianBlur(image, (taps, taps), sigma), np.float32)
    small = cv2.resize(image, (width // step, height // step), interpolation=cv2.INTER_AREA)
    taps = 2 * int(np.ceil(2.5 * sigma / step)) + 1
    small = cv2.GaussianBlur(small, (taps, taps), sigma / step)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def _motion_kernel(rng: np.random.Generator, length: int) -> NDArray[np.float32]:
    kernel = np.zeros((length, length), np.float32)
    angle, middle = rng.uniform(0, np.pi), (length - 1) / 2
    reach = middle * np.array([np.cos(angle), np.sin(angle)])
    start, end = np.round(middle - reach).astype(int), np.round(middle + reach).astype(int)
    cv2.line(kernel, start.tolist(), end.tolist(), 1.0, 1)
    return kernel / kernel.sum()


def _light_falloff(rng: np.random.Generator, image: Pixels) -> None:
    """Vignetting, or a pool of light somewhere in the picture."""
    height, width = image.shape[:2]
    cy, cx = (0.5, 0.5) if rng.random() < 0.5 else rng.uniform(0, 1, 2)
    y = (np.linspace(0, 1, height, dtype=np.float32)[:, None] - cy) ** 2
    x = (np.linspace(0, 1, width, dtype=np.float32)[None, :] - cx) ** 2
    factor = (1.1 - rng.uniform(0.1, 0.9) * (x + y)).astype(np.float32)
    if rng.random() < 0.3:
        # Dappled light, as under a tree or behind a window.
        factor *= 1 + rng.uniform(0.1, 0.35) * textures.smooth_noise(rng, height, width, rng.uniform(0.05, 0.4) * width)
    np.maximum(factor, 0.1, out=factor)
    image *= cv2.merge([factor, factor, factor])


def _tone(rng: np.random.Generator, image: Pixels) -> Image:
    """Exposure, contrast, gamma and colour cast, as one lookup table per channel; float32 0..255 in, uint8 out."""
    levels = np.linspace(0, 1, 256)
    gamma = np.exp(rng.normal(-0.1, 0.22))
    if rng.random() < 0.08:
        gamma *= rng.uniform(1.3, 2.2)
    # A film-like curve: steeper in the middle by `bend`, with soft shoulders instead of clipping.
    bend, slope = rng.uniform(0.4, 3.2), 1.0
    if rng.random() < 0.06:
        slope = rng.uniform(0.25, 0.6)
    cast = np.exp(rng.normal(0, 0.07, 3)) if rng.random() < 0.6 else np.ones(3)
    lift = rng.normal(0, 0.03)
    out = np.asarray(np.clip(image, 0, 255), np.uint8)
    exposed = (levels[:, None] * cast[None, :]) ** gamma - 0.5
    tables = slope * np.tanh(bend * exposed) / (2 * np.tanh(bend / 2)) + 0.5 + lift
    return np.asarray(cv2.LUT(out, np.clip(tables * 255, 0, 255).astype(np.uint8)[None]), np.uint8)


def _saturation(rng: np.random.Generator, image: Image) -> Image:
    choice = rng.random()
    if choice < 0.06:
        share = 0.0
    elif choice < 0.35:
        share = rng.uniform(0.3, 0.9)
    else:
        return image
    grey = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    return np.asarray(cv2.addWeighted(image, share, grey, 1 - share, 0), np.uint8)


def expose(rng: np.random.Generator, image: Pixels, unit: float) -> Image:
    """The photograph of a lit scene (float32 RGB 0..255, changed in place): uint8 RGB of the same size.

    `unit` is the length in pixels that is 1 in a 512×512 image.
    """
    height, width = image.shape[:2]
    if rng.random() < 0.55:
        _light_falloff(rng, image)
    choice = rng.random()
    if choice < 0.35:
        image = blur(image, unit * rng.uniform(0.3, 0.65))
    elif choice < 0.42:
        image = blur(image, unit * rng.uniform(0.8, 1.6))
    elif choice < 0.46:
        length = max(3, int(rng.uniform(3, 9) * unit))
        image = np.asarray(cv2.filter2D(image, -1, _motion_kernel(rng, length)), np.float32)
    if rng.random() < 0.09:
        # Haze or glare over everything.
        share = rng.uniform(0.05, 0.4)
        image *= np.float32(1 - share)
        image += np.float32(share * rng.uniform(120, 245))
    out = _saturation(rng, _tone(rng, image))
    strength = abs(rng.normal(0, 3.5)) + 0.5
    if rng.random() < 0.85:
        noise = strength * textures.white_noise(rng, height, width)
        if rng.random() < 0.5:
            noise = np.asarray(cv2.GaussianBlur(noise, (0, 0), 0.7), np.float32) * 1.6
        colour = strength * 0.5
        noisy = out.astype(np.float32)
        for channel in range(3):
            noisy[:, :, channel] += noise + colour * textures.white_noise(rng, height, width)
        out = np.clip(noisy, 0, 255).astype(np.uint8)
    if rng.random() < 0.35:
        strength = rng.uniform(0.3, 1.2)
        sharp = cv2.GaussianBlur(out, (0, 0), 1.2)
        out = np.asarray(cv2.addWeighted(out, 1 + strength, sharp, -strength, 0), np.uint8)
    if rng.random() < 0.6:
        quality = int(rng.integers(35, 96))
        _, data = cv2.imencode(".jpg", out, [cv2.IMWRITE_JPEG_QUALITY, quality])
        out = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
    return out
