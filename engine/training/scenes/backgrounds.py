"""What lies behind the things: one surface, or stuff regions with irregular borders, or a room, or a landscape."""

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.training.scenes import materials, palettes, textures
from engine.training.scenes.canvas import Canvas
from engine.training.scenes.materials import Material
from engine.training.scenes.textures import Plane

_GROUND = (
    "grass",
    "noise",
    "pebbles",
    "tiles",
    "planks",
    "bricks",
    "grain",
    "cracks",
    "leaves",
    "marble",
    "checks",
    "weave",
)
_WALL = (
    "noise",
    "smooth",
    "bricks",
    "tiles",
    "planks",
    "stripes",
    "grain",
    "wood",
    "clouds",
    "dots",
    "plaid",
    "cracks",
)
_GROUND_COLOURS = ("foliage", "dry_grass", "sand", "soil", "stone", "asphalt", "snow", "wood", "water", "brick")
_WALL_COLOURS = ("plaster", "brick", "wood", "stone", "fabric", "white", "metal", "paint", "dark")


def _pick(rng: np.random.Generator, names: tuple[str, ...]) -> str:
    return names[int(rng.integers(len(names)))]


def surface(rng: np.random.Generator, colours: tuple[str, ...], kinds: tuple[str, ...], calm: float = 0.35) -> Material:
    """A background surface; with probability `calm` a nearly plain one."""
    base = palettes.colour(rng, _pick(rng, colours))
    if rng.random() < calm:
        return materials.make(rng, base)
    return materials.make(rng, base, _pick(rng, kinds))


def sky(rng: np.random.Generator) -> Material:
    """Clear, cloudy, or dusk."""
    base = palettes.colour(rng, _pick(rng, ("sky", "sky", "sky", "dusk", "white", "dark")))
    if rng.random() < 0.45:
        plain = materials.make(rng, base)
        return replace(plain, kind=None, gradient=rng.uniform(-0.25, 0.25), gradient_angle=np.pi / 2, detail=0.0)
    cloudy = materials.make(rng, base, "clouds", zoom=rng.uniform(1.0, 3.0))
    white = palettes.jitter(rng, palettes.colour(rng, "white"))
    ramp = palettes.ramp_between(rng, [base, base * 0.5 + white * 0.5, white], hard=False)
    return replace(cloudy, ramp=ramp, angle=float(rng.normal(0, 0.1)), detail=0.0)


def perspective_floor(canvas: Canvas, material: Material, horizon: float, top: float) -> materials.Pixels:
    """The colours of a plane seen at a slant, its vanishing line at row `horizon`; rows above `top` are left black.

    float32 [H, W, 3].
    """
    rng, height, width = canvas.rng, canvas.height, canvas.width
    tiles = textures.bank()[material.kind or "noise"]
    first = int(np.clip(top, 0, height - 1))
    below = (np.arange(first, height, dtype=np.float32) - np.float32(horizon)) / height
    depth = (0.35 / (np.maximum(below, 0.015) + 0.02)).astype(np.float32)
    scale = textures.TILE * rng.uniform(0.4, 1.6) / material.zoom**0.5
    across = ((np.arange(width) / width - rng.uniform(0.2, 0.8)) * scale).astype(np.float32)
    u = across[None, :] * depth[:, None] + np.float32(rng.uniform(0, 512))
    along = (depth * np.float32(scale * 0.5) + np.float32(rng.uniform(0, 512)))[:, None]
    v = np.broadcast_to(along, u.shape)
    if rng.random() < 0.5:
        cos, sin = np.float32(np.cos(material.angle)), np.float32(np.sin(material.angle))
        u, v = u * cos - v * sin, u * sin + v * cos
    soft = cv2.GaussianBlur(tiles[material.variant % len(tiles)], (0, 0), 1.2)
    field = cv2.remap(soft, u, np.ascontiguousarray(v), cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
    # Far away a texture is finer than a pixel: only its mean is left.
    near = np.clip((6.5 - depth) / 4, 0, 1)[:, None].astype(np.float32)
    grey = ((field - np.float32(128)) * near + 128).astype(np.uint8)
    colours = np.zeros((height, width, 3), np.float32)
    colours[first:] = cv2.applyColorMap(grey, material.ramp.astype(np.uint8)[:, None, :])
    return colours


Surface = Material | materials.Pixels


def _regions(canvas: Canvas, labels: NDArray[np.intp], surfaces: list[Surface], keep_zero: bool) -> None:
    """Draws regions: label i gets surface i (a material, or colours of the whole image) and a mask of its own.

    With `keep_zero`, region 0 has no mask.
    """
    names = labels.astype(np.uint8)
    for index, surface in enumerate(surfaces):
        here = (names == index).astype(np.uint8)
        x, y, width, height = cv2.boundingRect(here)
        if width == 0:
            continue
        window = (slice(y, y + height), slice(x, x + width))
        pixels = (
            surface[window] if isinstance(surface, np.ndarray) else materials.paint(canvas.rng, surface, height, width)
        )
        inside = here[window] > 0
        cv2.copyTo(np.ascontiguousarray(pixels), here[window], canvas.image[window])
        if not (keep_zero and index == 0):
            canvas.leaves[window][inside] = canvas.new_node(-1, "background-region")
    # One pixel of blending along the borders, as the optics of any camera give.
    edge = cv2.morphologyEx(names, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    cv2.copyTo(cv2.GaussianBlur(canvas.image, (3, 3), 0.8), edge, canvas.image)


def plain(canvas: Canvas) -> None:
    """One surface and nothing else; it has no mask."""
    kinds = textures.NATURAL_KINDS + textures.PATTERN_KINDS
    material = surface(canvas.rng, palettes.NATURAL_MATERIALS, kinds, 0.5)
    canvas.image[:] = materials.paint(canvas.rng, material, canvas.height, canvas.width)


def _ridge(canvas: Canvas, level: float, rough: float) -> Plane:
    """A border running across the image: its row per column, float32 [1, W]; `rough` is its relative amplitude."""
    rng, width = canvas.rng, canvas.width
    line = np.full((1, width), level * canvas.height, np.float32)
    if rough > 0:
        for cell, share in ((0.6, 1.0), (0.2, 0.4), (0.05, 0.15), (0.015, 0.07)):
            line += rough * share * canvas.height * textures.smooth_noise(rng, 2, width, max(2, cell * width))[:1]
    return line + np.linspace(-1, 1, width, dtype=np.float32) * rng.normal(0, 0.03) * canvas.height


def landscape(canvas: Canvas) -> float:
    """Sky, one to four layers of hills, woods or water, and a floor in perspective; returns the ground's row."""
    rng = canvas.rng
    horizon = rng.uniform(0.15, 0.7)
    y = np.arange(canvas.height, dtype=np.float32)[:, None]
    labels = np.zeros((canvas.height, canvas.width), np.intp)
    colours: list[Surface] = [sky(rng)]
    layers = int(rng.integers(0, 4))
    for index in range(layers):
        level = horizon - rng.uniform(0.02, 0.3) * (layers - index) / layers
        border = _ridge(canvas, level, rng.uniform(0.01, 0.12))
        if rng.random() < 0.4:
            tufts = textures.sample(rng, canvas.height, canvas.width, "leaves", rng.uniform(0.4, 1.2), 0.0)
            border = border + (tufts.astype(np.float32) - 128) * rng.uniform(0.02, 0.12) * canvas.unit
        labels = np.where(y > border, len(colours), labels)
        name = _pick(rng, ("foliage", "stone", "foliage", "snow", "water", "dry_grass", "soil"))
        kind = _pick(rng, ("leaves", "noise", "grass", "clutter", "marble", "leaves"))
        base = palettes.colour(rng, name)
        haze = rng.uniform(0, 0.6) * (layers - index) / layers
        base = base * (1 - haze) + palettes.colour(rng, "sky") * haze
        colours.append(materials.make(rng, base, kind, float(0.45 * (1 - haze)), rng.uniform(0.4, 1.2)))
    border = _ridge(canvas, horizon, 0.0 if rng.random() < 0.5 else rng.uniform(0, 0.03))
    labels = np.where(y > border, len(colours), labels)
    ground = surface(rng, _GROUND_COLOURS, _GROUND, 0.0)
    colours.append(perspective_floor(canvas, ground, horizon * canvas.height, float(border.min())))
    if rng.random() < 0.4:
        # A road, river or path towards the horizon.
        x = np.arange(canvas.width, dtype=np.float32)[None, :] / canvas.width
        t = np.maximum(y - border, 0) / canvas.height
        middle = (
            rng.uniform(0.2, 0.8)
            + t * rng.normal(0, 0.6)
            + 0.02 * textures.smooth_noise(rng, canvas.height, 2, 60)[:, :1]
        )
        inside = (np.abs(x - middle) < 0.01 + t * rng.uniform(0.2, 0.9)) & (t > 0)
        labels = np.where(inside, len(colours), labels)
        path = surface(rng, ("asphalt", "sand", "water", "stone", "soil"), _GROUND, 0.3)
        colours.append(perspective_floor(canvas, path, horizon * canvas.height, float(border.min())))
    _regions(canvas, labels, colours, keep_zero=False)
    return horizon * canvas.height


def room(canvas: Canvas) -> float:
    """A wall and a floor or table, often with a second wall, a skirting or a ceiling; returns the floor's row."""
    rng = canvas.rng
    height, width = canvas.height, canvas.width
    y = np.arange(height, dtype=np.float32)[:, None]
    x = np.arange(width, dtype=np.float32)[None, :]
    level = rng.uniform(0.3, 0.85) * height
    corner = rng.uniform(0.1, 0.9) * width
    slopes = rng.normal(0, 0.08, 2)
    two_walls = rng.random() < 0.35
    if two_walls:
        slopes = np.array([-abs(rng.normal(0.2, 0.15)), abs(rng.normal(0.2, 0.15))])
    floor_line = level + np.where(
        x < corner, (x - corner) * slopes[0], (x - corner) * (slopes[1] if two_walls else slopes[0])
    )
    labels = np.zeros((height, width), np.intp)
    wall = surface(rng, _WALL_COLOURS, _WALL, 0.5)
    colours: list[Surface] = [wall]
    if two_walls:
        labels = np.where(np.broadcast_to(x > corner, labels.shape), 1, labels)
        second = surface(rng, _WALL_COLOURS, _WALL, 0.5)
        if rng.random() < 0.6:
            second = replace(wall, ramp=np.clip(wall.ramp * rng.uniform(0.6, 1.3), 0, 255))
        colours.append(second)
    if rng.random() < 0.3:
        labels = np.where(y > floor_line - rng.uniform(0.01, 0.06) * height, len(colours), labels)
        colours.append(materials.make(rng, palettes.colour(rng, _pick(rng, ("white", "wood", "dark")))))
    labels = np.where(y > floor_line, len(colours), labels)
    floor = surface(rng, ("wood", "stone", "fabric", "asphalt", "white", "sand"), _GROUND, 0.3)
    colours.append(perspective_floor(canvas, floor, level - rng.uniform(0.1, 0.4) * height, float(floor_line.min())))
    _regions(canvas, labels, colours, keep_zero=bool(rng.random() < 0.3))
    return level


def territories(canvas: Canvas, count: int) -> None:
    """A warped Voronoi map or the bands of a noise field: regions of stuff, as people draw them in photographs."""
    rng = canvas.rng
    height, width = canvas.height, canvas.width
    rough = rng.uniform(0.01, 0.16) * height
    warp = rough * textures.smooth_noise(rng, height, width, rng.uniform(0.08, 0.3) * width)
    warp += 0.2 * rough * textures.smooth_noise(rng, height, width, rng.uniform(0.01, 0.04) * width)
    if rng.random() < 0.5:
        warp += (textures.sample(rng, height, width, "noise", 0.6, 0.0).astype(np.float32) - 128) * (rough / 700)
    y = np.arange(height, dtype=np.float32)[:, None] + warp
    x = np.arange(width, dtype=np.float32)[None, :] - np.roll(warp, 37, 1)
    if rng.random() < 0.65:
        stretch = np.exp(rng.normal(0, 0.4))
        # Distances squared differ by terms linear in x and y alone: the cells of a power diagram, by one product.
        px, py = rng.uniform(0, width, count), rng.uniform(0, height, count)
        weight = (px * px * stretch + py * py / stretch) - rng.uniform(0, 0.06, count) * width * height
        scores = [np.float32(-2 * a * stretch) * x + np.float32(-2 * b / stretch) * y + np.float32(c)
                  for a, b, c in zip(px, py, weight, strict=True)]  # fmt: skip
        labels = np.argmin(np.stack(scores), 0)
    else:
        noise = textures.smooth_noise(rng, height, width, rng.uniform(0.25, 0.5) * width) + warp / height * 2
        cuts = np.quantile(noise[::8, ::8], np.sort(rng.uniform(0.1, 0.9, min(count, 4) - 1)))
        labels = np.digitize(noise, cuts)
    shared = palettes.colour(rng) if rng.random() < 0.3 else None
    colours: list[Surface] = []
    for _ in range(count):
        material = surface(rng, palettes.NATURAL_MATERIALS, textures.NATURAL_KINDS, 0.25)
        if shared is not None:
            # Regions of nearly one colour: their borders show in texture and brightness alone.
            material = replace(
                material, ramp=palettes.ramp(rng, palettes.jitter(rng, shared, 18), rng.uniform(0.05, 0.5))
            )
        colours.append(material)
    _regions(canvas, labels, colours, keep_zero=False)
