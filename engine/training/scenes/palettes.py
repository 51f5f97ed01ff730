"""Colours of scenes: clusters of natural materials in HSV, and the 256-entry ramps textures are coloured with.

Colours are RGB float32 in 0..255; a ramp is float32 [256, 3], indexed by the grey level of a texture field.
"""

import colorsys
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Colour: TypeAlias = NDArray[np.floating[Any]]
Ramp: TypeAlias = NDArray[np.floating[Any]]

# (hue centre, hue spread, saturation range, value range), hue in turns
_NATURAL: dict[str, tuple[float, float, tuple[float, float], tuple[float, float]]] = {
    "skin": (0.06, 0.02, (0.25, 0.6), (0.3, 0.95)),
    "wood": (0.08, 0.03, (0.3, 0.7), (0.2, 0.75)),
    "foliage": (0.25, 0.07, (0.25, 0.75), (0.12, 0.65)),
    "dry_grass": (0.14, 0.03, (0.25, 0.6), (0.35, 0.8)),
    "sky": (0.57, 0.04, (0.05, 0.65), (0.55, 1.0)),
    "dusk": (0.04, 0.06, (0.2, 0.7), (0.3, 0.95)),
    "sand": (0.11, 0.02, (0.12, 0.45), (0.5, 0.9)),
    "brick": (0.02, 0.02, (0.35, 0.7), (0.3, 0.7)),
    "stone": (0.1, 0.1, (0.02, 0.2), (0.2, 0.8)),
    "metal": (0.6, 0.1, (0.0, 0.12), (0.25, 0.9)),
    "snow": (0.58, 0.05, (0.0, 0.1), (0.75, 1.0)),
    "water": (0.52, 0.07, (0.15, 0.65), (0.12, 0.7)),
    "soil": (0.07, 0.02, (0.25, 0.6), (0.1, 0.45)),
    "fur": (0.08, 0.04, (0.05, 0.6), (0.1, 0.9)),
    "asphalt": (0.6, 0.2, (0.0, 0.1), (0.15, 0.55)),
    "plaster": (0.12, 0.06, (0.02, 0.3), (0.55, 0.97)),
    "fabric": (0.5, 0.5, (0.05, 0.75), (0.1, 0.9)),
    "paint": (0.5, 0.5, (0.5, 0.95), (0.35, 0.95)),
    "dark": (0.6, 0.4, (0.0, 0.35), (0.03, 0.2)),
    "white": (0.1, 0.3, (0.0, 0.08), (0.8, 1.0)),
    "fruit": (0.05, 0.12, (0.55, 0.95), (0.45, 0.95)),
    "glass": (0.56, 0.08, (0.05, 0.4), (0.1, 0.75)),
    "petal": (0.9, 0.25, (0.3, 0.9), (0.55, 1.0)),
}
NATURAL_MATERIALS: tuple[str, ...] = tuple(_NATURAL)


def hsv(hue: float, saturation: float, value: float) -> Colour:
    """RGB float32 [3] in 0..255 of an HSV triple in 0..1; hue wraps, the others are clipped."""
    rgb = colorsys.hsv_to_rgb(hue % 1.0, min(max(saturation, 0.0), 1.0), min(max(value, 0.0), 1.0))
    return np.asarray(rgb, np.float32) * np.float32(255)


def colour(rng: np.random.Generator, name: str | None = None) -> Colour:
    """One colour of a natural material, or of any material, or now and then of none."""
    if name is None:
        if rng.random() < 0.2:
            return hsv(rng.random(), rng.random() ** 1.5, 0.08 + 0.9 * rng.random())
        name = NATURAL_MATERIALS[rng.integers(len(NATURAL_MATERIALS))]
    hue, spread, saturation, value = _NATURAL[name]
    return hsv(hue + spread * rng.uniform(-1, 1), rng.uniform(*saturation), rng.uniform(*value))


def jitter(rng: np.random.Generator, base: Colour, amount: float = 12.0) -> Colour:
    """A colour near `base`: a common brightness step and a smaller step per channel, in grey levels."""
    step = rng.normal(0, amount) + rng.normal(0, amount * 0.35, 3)
    return np.clip(base + step, 0, 255).astype(np.float32)


def ramp(rng: np.random.Generator, base: Colour, contrast: float) -> Ramp:
    """Shades of one colour, dark to light, as a lit natural surface shows them (shadows a little cooler)."""
    t = np.linspace(-1, 1, 256, dtype=np.float32)[:, None]
    tint = np.array([1.0, 1.0, 1.0], np.float32) + rng.normal(0, 0.12, 3).astype(np.float32)
    shades = base * np.exp(t * contrast * tint) + 18 * t * contrast
    return np.clip(shades, 0, 255).astype(np.float32)


def ramp_between(rng: np.random.Generator, colours: list[Colour], hard: bool) -> Ramp:
    """A ramp through several colours; `hard` makes steps, which turns a field into a print or a mosaic."""
    stops = np.sort(np.append(rng.uniform(0.1, 0.9, max(0, len(colours) - 2)), [0.0, 1.0])) * 255
    if hard:
        edges = np.append(stops[1:-1] if len(colours) > 2 else [rng.uniform(80, 176)], 256)
        index = np.searchsorted(np.sort(edges), np.arange(256), side="right")
        table = np.stack(colours)[np.minimum(index, len(colours) - 1)]
        # Two grey levels of blending keep the steps from aliasing.
        kernel = np.ones(7, np.float32) / 7
        padded = np.pad(table, ((3, 3), (0, 0)), mode="edge")
        return np.stack([np.convolve(padded[:, c], kernel, "valid") for c in range(3)], 1).astype(np.float32)
    table = np.stack(colours)
    levels = np.arange(256)
    return np.stack([np.interp(levels, stops, table[:, c]) for c in range(3)], 1).astype(np.float32)
