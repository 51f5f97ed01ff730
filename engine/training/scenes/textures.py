"""Procedural texture fields: a bank of tileable grey tiles built once per process, and samples cut from it.

The bank is built from a fixed seed, so it is the same in every process; a scene's own generator only chooses the tile,
its zoom, its angle and its offset. A field is uint8 [H, W]; colours come from a ramp (see `palettes`).
"""

from collections.abc import Callable
from functools import cache
from typing import Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

Field: TypeAlias = NDArray[np.uint8]
Plane: TypeAlias = NDArray[np.floating[Any]]

TILE = 512
_BANK_SEED = 20_230_405


def equalised(values: Plane) -> Field:
    """Rank-equalised grey levels: every ramp entry gets the same share of the pixels."""
    low, high = np.percentile(values[::3, ::3], [0.5, 99.5])
    grey = np.clip((values - low) * (255.0 / max(float(high - low), 1e-6)), 0, 255).astype(np.uint8)
    return np.asarray(cv2.equalizeHist(grey), np.uint8)


def spectral(rng: np.random.Generator, slope: float, stretch: float = 1.0) -> Plane:
    """Tileable noise with amplitude spectrum 1/f^slope; `stretch` > 1 elongates it along x. Mean 0, variance 1."""
    fy = np.fft.fftfreq(TILE)[:, None] * TILE
    fx = np.fft.rfftfreq(TILE)[None, :] * TILE * stretch
    radius = np.hypot(fx, fy)
    radius[0, 0] = 1.0
    spectrum = np.fft.rfft2(rng.standard_normal((TILE, TILE), np.float32)) / radius**slope
    spectrum[0, 0] = 0
    noise = np.fft.irfft2(spectrum, s=(TILE, TILE))
    return (noise / noise.std()).astype(np.float32)


def _grid() -> tuple[Plane, Plane]:
    y, x = np.mgrid[0:TILE, 0:TILE].astype(np.float32) / TILE
    return x, y


def _wrapped_stamp(tile: Field, points: Plane, level: int, thickness: int = -1) -> None:
    """Draws a polygon on a tile that wraps around: once per copy that can touch the tile."""
    low, high = points.min(0), points.max(0)
    for dy in (-TILE, 0, TILE):
        for dx in (-TILE, 0, TILE):
            if high[0] + dx < 0 or low[0] + dx >= TILE or high[1] + dy < 0 or low[1] + dy >= TILE:
                continue
            moved = np.round((points + np.array((dx, dy))) * 8).astype(np.int32)
            if thickness < 0:
                cv2.fillPoly(tile, [moved], level, cv2.LINE_AA, 3)
            else:
                cv2.polylines(tile, [moved], False, level, thickness, cv2.LINE_AA, 3)


def _dead_leaves(rng: np.random.Generator, low: float, high: float, slender: float, count: int) -> Field:
    """Occluding ellipses with a power law of sizes: the scale-invariant clutter of nature (Lee et al., 2001)."""
    tile = np.full((TILE, TILE), 128, np.uint8)
    angles = np.linspace(0, 2 * np.pi, 14, endpoint=False)
    for _ in range(count):
        radius = low / max(1e-3, 1 - rng.random() * (1 - low / high))
        turn = rng.uniform(0, np.pi)
        across = radius * slender * rng.uniform(0.6, 1.4)
        x, y = radius * np.cos(angles), across * np.sin(angles)
        points = np.stack([x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn)], 1)
        centre = rng.uniform(0, TILE, 2)
        level = int(rng.integers(0, 256))
        _wrapped_stamp(tile, (points + centre).astype(np.float32), level)
        if radius > 6:
            lit = (points * 0.6 + centre - radius * 0.12).astype(np.float32)
            _wrapped_stamp(tile, lit, min(255, level + 22))
    return tile


def _fibres(rng: np.random.Generator, length: float, spread: float, count: int) -> Field:
    tile = np.full((TILE, TILE), 90, np.uint8)
    for _ in range(count):
        start = rng.uniform(0, TILE, 2)
        angle = -np.pi / 2 + rng.normal(0, spread)
        reach = length * rng.uniform(0.4, 1.4)
        steps = np.linspace(0, reach, 4)
        bend = rng.normal(0, 0.25)
        points = np.stack([start[0] + steps * np.cos(angle + bend * steps / reach),
                           start[1] + steps * np.sin(angle + bend * steps / reach)], 1)  # fmt: skip
        _wrapped_stamp(tile, points.astype(np.float32), int(rng.integers(10, 256)), int(rng.integers(1, 3)))
    return tile


def _cells(rng: np.random.Generator, count: int, cracks: bool) -> Plane:
    """Voronoi distance: to the nearest point (pebbles, scales), or to the border between two (cracks, mosaics)."""
    points = rng.integers(0, TILE, (count, 2))
    seeds = np.full((2 * TILE, 2 * TILE), 255, np.uint8)
    seeds[tuple((np.concatenate([points + np.array((dy, dx)) for dy in (0, TILE) for dx in (0, TILE)])).T)] = 0
    distance, labels = cv2.distanceTransformWithLabels(seeds, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    half = TILE // 2
    inner = (slice(half, half + TILE), slice(half, half + TILE))
    if not cracks:
        return -np.asarray(distance, np.float32)[inner]
    names = labels.astype(np.float32)
    edge = (cv2.morphologyEx(names, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0).astype(np.uint8)
    border = np.asarray(cv2.distanceTransform(1 - edge, cv2.DIST_L2, 5), np.float32)[inner]
    tone = (names[inner] * 37 % 101) / 101
    return np.minimum(border, 4.0) / 4.0 + tone * 0.8


def _courses(rng: np.random.Generator, rows: int, columns: int, gap: float, shift: float) -> Plane:
    """Bricks, tiles or planks: rows of blocks with joints; each block its own tone, all of them a little worn."""
    x, y = _grid()
    row = np.floor(y * rows)
    across = x * columns + row * shift
    column = np.floor(across) % columns
    tone = rng.random((rows, columns))[row.astype(int), column.astype(int)]
    height, width = TILE / rows, TILE / columns
    to_joint = np.minimum(np.minimum(y * rows % 1, 1 - y * rows % 1) * height,
                          np.minimum(across % 1, 1 - across % 1) * width)  # fmt: skip
    body = 0.55 + 0.35 * tone + 0.06 * spectral(rng, 1.2)
    joint = np.clip(to_joint / gap - 0.5, 0, 1)
    return (body * joint + rng.choice([0.1, 0.95]) * (1 - joint)).astype(np.float32)


def _waves(rng: np.random.Generator, cycles: tuple[int, int], turbulence: float, slope: float) -> Plane:
    x, y = _grid()
    phase = 2 * np.pi * (cycles[0] * x + cycles[1] * y) + turbulence * spectral(rng, slope)
    return np.sin(phase).astype(np.float32)


def _weave(rng: np.random.Generator, threads: int) -> Plane:
    x, y = _grid()
    u, v = np.sin(np.pi * threads * x), np.sin(np.pi * threads * y)
    over = (np.floor(x * threads) + np.floor(y * threads)) % 2
    return (np.where(over > 0, np.abs(u), np.abs(v)) + 0.2 * spectral(rng, 1.0)).astype(np.float32)


def _plaid(rng: np.random.Generator) -> Plane:
    def bands() -> Plane:
        line = np.repeat(rng.random(32), TILE // 32).astype(np.float32)
        return np.repeat(line[: TILE // 4], 4) if rng.random() < 0.5 else line

    return bands()[:, None] + bands()[None, :]


def _dots(rng: np.random.Generator, count: int) -> Plane:
    x, y = _grid()
    shifted = x * count + 0.5 * (np.floor(y * count) % 2)
    radius = np.hypot(shifted % 1 - 0.5, y * count % 1 - 0.5)
    return -np.clip((radius - rng.uniform(0.2, 0.35)) * 12, -1, 1)


def _glyphs(rng: np.random.Generator) -> Field:
    tile = np.full((TILE, TILE), 235, np.uint8)
    y = 12
    while y < TILE:
        size = float(rng.uniform(0.3, 0.9))
        text = "".join(chr(int(c)) for c in rng.integers(65, 122, 60))
        cv2.putText(tile, text, (int(rng.integers(-20, 10)), y), int(rng.integers(0, 5)), size,
                    int(rng.integers(0, 120)), 1, cv2.LINE_AA)  # fmt: skip
        y += int(size * 30) + 4
    return tile


def _builders() -> dict[str, list[Callable[[np.random.Generator], Plane | Field]]]:
    return {
        "grain": [lambda r: spectral(r, 0.3), lambda r: spectral(r, 0.7)],
        "noise": [lambda r: spectral(r, 1.0), lambda r: spectral(r, 1.3), lambda r: spectral(r, 1.6)],
        "smooth": [lambda r: spectral(r, 2.0), lambda r: spectral(r, 2.4)],
        "clouds": [lambda r: spectral(r, 1.8, 1.8), lambda r: np.abs(spectral(r, 1.7))],
        "marble": [lambda r: _waves(r, (3, 2), 3.0, 1.6), lambda r: -np.abs(spectral(r, 1.4)),
                   lambda r: np.abs(_waves(r, (2, 5), 5.0, 1.8))],
        "wood": [lambda r: _waves(r, (0, 12), 2.2, 2.0) + 0.5 * spectral(r, 1.0, 12.0),
                 lambda r: spectral(r, 1.1, 16.0), lambda r: _waves(r, (1, 7), 4.0, 2.2) + 0.3 * spectral(r, 0.8, 20)],
        "fur": [lambda r: spectral(r, 0.9, 7.0), lambda r: spectral(r, 0.7, 4.0),
                lambda r: _waves(r, (0, 40), 5.0, 1.5)],
        "grass": [lambda r: _fibres(r, 22, 0.35, 5000), lambda r: _fibres(r, 40, 0.6, 2600),
                  lambda r: _fibres(r, 14, 3.0, 6000)],
        "leaves": [lambda r: _dead_leaves(r, 3, 30, 0.45, 4000), lambda r: _dead_leaves(r, 5, 22, 0.3, 2500),
                   lambda r: _dead_leaves(r, 2, 26, 0.6, 4500)],
        "clutter": [lambda r: _dead_leaves(r, 3, 40, 0.8, 3500), lambda r: _dead_leaves(r, 2, 60, 0.5, 4500)],
        "pebbles": [lambda r: _cells(r, 900, False), lambda r: _cells(r, 250, False)],
        "cracks": [lambda r: _cells(r, 300, True), lambda r: _cells(r, 80, True), lambda r: _cells(r, 1200, True)],
        "bricks": [lambda r: _courses(r, 24, 8, 1.6, 0.5), lambda r: _courses(r, 16, 8, 2.5, 0.5),
                   lambda r: _courses(r, 32, 12, 1.4, 0.5)],
        "tiles": [lambda r: _courses(r, 8, 8, 2.0, 0.0), lambda r: _courses(r, 14, 14, 1.6, 0.0),
                  lambda r: _courses(r, 6, 10, 3.0, 0.0)],
        "planks": [lambda r: _courses(r, 10, 2, 1.8, 0.37) + 0.07 * spectral(r, 1.1, 14),
                   lambda r: _courses(r, 16, 1, 1.5, 0.0) + 0.08 * spectral(r, 1.0, 18)],
        "weave": [lambda r: _weave(r, 64), lambda r: _weave(r, 120)],
        "stripes": [lambda r: _waves(r, (0, 16), 0.0, 1.0), lambda r: _waves(r, (0, 9), 0.4, 2.2),
                    lambda r: _waves(r, (0, 30), 0.15, 2.0)],
        "checks": [lambda r: _waves(r, (12, 0), 0, 1) * _waves(r, (0, 12), 0, 1)],
        "plaid": [_plaid, _plaid],
        "dots": [lambda r: _dots(r, 12), lambda r: _dots(r, 24)],
        "spots": [lambda r: np.tanh(4 * (spectral(r, 1.9) - 0.7)), lambda r: np.tanh(3 * _waves(r, (4, 6), 6.0, 1.7)),
                  lambda r: -np.tanh(_cells(r, 160, False) / 8 + 1)],
        "glyphs": [_glyphs],
    }  # fmt: skip


KINDS: tuple[str, ...] = tuple(_builders())
NATURAL_KINDS: tuple[str, ...] = ("grain", "noise", "smooth", "clouds", "marble", "wood", "fur", "grass", "leaves",
                                  "clutter", "pebbles", "cracks")  # fmt: skip
PATTERN_KINDS: tuple[str, ...] = ("bricks", "tiles", "planks", "weave", "stripes", "checks", "plaid", "dots", "spots",
                                  "glyphs")  # fmt: skip


@cache
def bank() -> dict[str, list[Field]]:
    """Every tile of every kind, uint8 [512, 512], tileable. About 60 tiles (15 MiB), built on first use."""
    rng = np.random.default_rng(_BANK_SEED)
    tiles: dict[str, list[Field]] = {}
    for kind, builders in _builders().items():
        tiles[kind] = []
        for build in builders:
            values = build(rng)
            flat = kind in ("stripes", "checks", "dots", "plaid", "glyphs", "bricks", "tiles", "planks", "spots")
            if values.dtype == np.uint8:
                tiles[kind].append(np.asarray(values, np.uint8))
            elif flat:
                low, high = float(values.min()), float(values.max())
                tiles[kind].append(((values - low) * (255 / (high - low))).astype(np.uint8))
            else:
                tiles[kind].append(equalised(np.asarray(values, np.float32)))
    return tiles


@cache
def _grain_plane() -> Plane:
    """White Gaussian noise, float32 [1280, 1280], cut at random offsets instead of being drawn anew each time."""
    return np.random.default_rng(_BANK_SEED + 1).standard_normal((1280, 1280), np.float32)


def white_noise(rng: np.random.Generator, height: int, width: int) -> Plane:
    """White Gaussian noise, float32 [height, width], mean 0, variance 1."""
    plane = _grain_plane()
    rows, columns = -(-height // 640), -(-width // 640)
    if rows * columns > 1:
        plane = np.tile(plane, (rows, columns))
    y = int(rng.integers(0, plane.shape[0] - height + 1))
    x = int(rng.integers(0, plane.shape[1] - width + 1))
    return plane[y : y + height, x : x + width]


@cache
def _half(kind: str, index: int) -> Field:
    tile = bank()[kind][index]
    return np.asarray(cv2.resize(tile, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8)


def sample(
    rng: np.random.Generator, height: int, width: int, kind: str, zoom: float, angle: float, variant: int | None = None
) -> Field:
    """A rotated, zoomed cut of a tile of `kind`: uint8 [height, width]. `zoom` > 1 makes the texture coarser."""
    tiles = bank()[kind]
    index = int(rng.integers(len(tiles))) if variant is None else variant % len(tiles)
    tile = tiles[index]
    if zoom < 0.7:
        # Shrinking a tile by more than that would alias: start from the half-size tile.
        tile, zoom = _half(kind, index), zoom * 2
    if height <= 48 and width <= 48 and kind in NATURAL_KINDS:
        # Of so small a cut nobody sees the zoom and the angle.
        y, x = rng.integers(0, (tile.shape[0] - height + 1, tile.shape[1] - width + 1)).tolist()
        return tile[y : y + height, x : x + width]
    cos, sin = np.cos(angle) / zoom, np.sin(angle) / zoom
    ox, oy = rng.uniform(0, TILE, 2)
    matrix = np.array([[cos, -sin, ox], [sin, cos, oy]])
    cut = cv2.warpAffine(
        tile, matrix, (width, height), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_WRAP
    )
    return np.asarray(cut, np.uint8)


def smooth_noise(rng: np.random.Generator, height: int, width: int, cell: float) -> Plane:
    """Band-limited noise with features of about `cell` pixels: float32 [height, width], roughly in -1..1."""
    rows, columns = max(2, round(height / cell) + 2), max(2, round(width / cell) + 2)
    coarse = rng.uniform(-1, 1, (rows, columns)).astype(np.float32)
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), np.float32)
