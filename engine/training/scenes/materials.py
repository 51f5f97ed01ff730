"""What surfaces look like: a material and the colours it gives a rectangle of pixels."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.training.scenes import palettes, textures
from engine.training.scenes.palettes import Colour, Ramp

Pixels = NDArray[np.float32]


@dataclass(frozen=True)
class Material:
    """A surface: texture `kind` (None: plain) coloured by `ramp`, plus how it takes light.

    `zoom` is texture coarseness in tile pixels per image pixel; `relief` the strength of shading by a domed normal,
    `gloss` of the highlight, `gradient` of the brightness slope across it; `detail` of fine grain; `opacity` < 1 lets
    what is behind shine through; `ragged` is the depth in pixels of tufts and notches along the border.
    """

    ramp: Ramp
    kind: str | None = None
    zoom: float = 1.0
    angle: float = 0.0
    variant: int = 0
    gradient: float = 0.0
    gradient_angle: float = 0.0
    relief: float = 0.0
    gloss: float = 0.0
    detail: float = 0.0
    opacity: float = 1.0
    ragged: float = 0.0


def colour_of(material: Material) -> Colour:
    """The middle colour of a material."""
    return material.ramp[128]


def make(
    rng: np.random.Generator,
    base: Colour,
    kind: str | None = None,
    contrast: float | None = None,
    zoom: float | None = None,
) -> Material:
    """A material around one colour. A `kind` of None is plain paint with a trace of mottling."""
    if contrast is None:
        contrast = float(np.exp(rng.normal(-1.4, 0.5)))
    if kind is None:
        contrast *= 0.35
        kind = ("smooth", "noise", "clouds")[int(rng.integers(3))] if rng.random() < 0.6 else None
    if zoom is None:
        # Coarse prints would be seen as things of their own.
        zoom = float(
            np.exp(rng.uniform(-0.9, 0.1 if kind in ("dots", "spots", "pebbles", "clutter", "leaves") else 0.8))
        )
    return Material(
        ramp=palettes.ramp(rng, base, contrast),
        kind=kind,
        zoom=zoom,
        angle=rng.uniform(0, np.pi)
        if rng.random() < 0.4
        else float(rng.normal(0, 0.06)) + np.pi / 2 * rng.integers(0, 2),
        variant=int(rng.integers(0, 12)),
        gradient=float(rng.normal(0, 0.16)),
        gradient_angle=rng.uniform(0, 2 * np.pi),
        detail=float(abs(rng.normal(0, 0.05))),
    )


def random_material(rng: np.random.Generator, base: Colour | None = None) -> Material:
    """Any object surface: mostly one colour with a natural texture, at times a two- or three-colour print."""
    if base is None:
        base = palettes.colour(rng)
    choice = rng.random()
    if choice < 0.4:
        material = make(rng, base)
    elif choice < 0.75:
        material = make(rng, base, textures.NATURAL_KINDS[int(rng.integers(len(textures.NATURAL_KINDS)))])
    elif choice < 0.85:
        material = make(rng, base, textures.PATTERN_KINDS[int(rng.integers(len(textures.PATTERN_KINDS)))])
    else:
        material = print_material(rng, base)
    relief = rng.uniform(0.2, 1.0) if rng.random() < 0.6 else 0.0
    gloss = rng.uniform(0.2, 1.0) if rng.random() < 0.25 else 0.0
    opacity = rng.uniform(0.55, 0.85) if rng.random() < 0.03 else 1.0
    return replace(material, relief=relief, gloss=gloss, opacity=opacity)


def print_material(rng: np.random.Generator, base: Colour) -> Material:
    """Strong multi-colour texture inside one object; its borders are not borders of masks."""
    kinds = ("stripes", "checks", "plaid", "dots", "spots", "stripes", "tiles", "cracks", "leaves", "glyphs", "weave")
    kind = kinds[int(rng.integers(len(kinds)))]
    colours = [base] + [palettes.colour(rng) for _ in range(int(rng.integers(1, 3)))]
    ramp = palettes.ramp_between(
        rng, colours, hard=kind in ("stripes", "dots", "spots", "checks") and rng.random() < 0.7
    )
    material = make(rng, base, kind, zoom=float(np.exp(rng.uniform(-0.9, 0.6))))
    return replace(material, ramp=ramp)


def lit(material: Material, relief: float = 0.6, gloss: float = 0.0, ragged: float = 0.0) -> Material:
    """The same surface with other light behaviour."""
    return replace(material, relief=relief, gloss=gloss, ragged=ragged)


def paint(rng: np.random.Generator, material: Material, height: int, width: int) -> Pixels:
    """Unlit colours of a rectangle: float32 [height, width, 3], 0..255."""
    if material.kind is None:
        colours = np.empty((height, width, 3), np.float32)
        colours[:] = material.ramp[128]
    else:
        field = textures.sample(rng, height, width, material.kind, material.zoom, material.angle, material.variant)
        table = material.ramp.astype(np.uint8)[:, None, :]
        colours = np.asarray(cv2.applyColorMap(field, table), np.float32)
    shade = None
    if abs(material.gradient) > 0.02:
        slope_y = material.gradient * np.sin(material.gradient_angle) * 2 / height
        slope_x = material.gradient * np.cos(material.gradient_angle) * 2 / width
        y = (np.arange(height) * slope_y + (1 - slope_y * height / 2)).astype(np.float32)
        x = ((np.arange(width) - width / 2) * slope_x).astype(np.float32)
        shade = y[:, None] + x[None, :]
    if height * width > 2500:
        # No large surface is lit or worn evenly.
        blotches = material.detail * 2 * textures.smooth_noise(rng, height, width, 0.3 * max(height, width))
        shade = blotches + 1 if shade is None else shade + blotches
    if material.detail > 0.01 and height * width > 200:
        grain = material.detail * textures.white_noise(rng, height, width)
        shade = grain + 1 if shade is None else shade + grain
    if shade is not None:
        colours *= cv2.merge([shade, shade, shade]).reshape(height, width, 3)
    return colours
