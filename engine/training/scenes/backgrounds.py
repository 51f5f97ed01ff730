"""What lies behind the things: one surface, or stuff regions with irregular borders, or a room, or a landscape."""

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.training.scenes import materials, palettes, textures
from engine.training.scenes.canvas import Canvas
from engine.training.scenes.materials import Material

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
    return materials.make(rng, base, _pick(rng, kinds), zoom=float(np.exp(rng.uniform(-0.8, 1.0))))


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


def perspective_floor(
    rng: np.random.Generator, canvas: Canvas, material: Material, horizon: float
) -> NDArray[np.float32]:
    """The colours of a plane seen at a slant below row `horizon`: float32 [H, W, 3]; rows above repeat the far edge."""
    height, width = canvas.height, canvas.width
    kind = material.kind or "noise"
    tiles = textures.bank()[kind]
    tile = tiles[material.variant % len(tiles)]
    rows = np.arange(height, dtype=np.float32)
    below = np.maximum((rows - horizon) / height, 0.015) + 0.02
    depth = (0.35 / below).astype(np.float32)
    scale = textures.TILE * rng.uniform(0.4, 1.6) / material.zoom**0.5
    across = (np.arange(width, dtype=np.float32) / width - rng.uniform(0.2, 0.8)) * scale
    u = across[None, :] * depth[:, None] + rng.uniform(0, 512)
    v = np.broadcast_to((depth * scale * 0.5 + rng.uniform(0, 512))[:, None], u.shape).astype(np.float32)
    turn = material.angle if rng.random() < 0.5 else 0.0
    cos, sin = np.float32(np.cos(turn)), np.float32(np.sin(turn))
    u, v = u * cos - v * sin, u * sin + v * cos
    soft = np.asarray(cv2.GaussianBlur(tile, (0, 0), 1.2), np.uint8)
    size = textures.TILE
    field = cv2.remap(soft, np.mod(u, size), np.mod(v, size), cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
    # Far away a texture is finer than a pixel: only its mean is left.
    fade = np.clip((depth - 2.5) / 4.0, 0, 1)[:, None].astype(np.float32)
    grey = field.astype(np.float32) * (1 - fade) + 128 * fade
    return np.take(material.ramp, grey.astype(np.uint8), axis=0)


def _regions(canvas: Canvas, labels: NDArray[np.intp], colours: list[NDArray[np.float32]], keep_zero: bool) -> None:
    """Writes regions into the canvas: label i gets colours i and, unless `keep_zero` and i = 0, a mask of its own."""
    for index, pixels in enumerate(colours):
        here = labels == index
        if not here.any():
            continue
        cv2.copyTo(pixels, here.astype(np.uint8), canvas.image)
        if not (keep_zero and index == 0):
            canvas.leaves[here] = canvas.new_node(-1, "background-region")
    # One pixel of blending along the borders, as the optics of any camera give.
    names = labels.astype(np.uint8)
    edge = cv2.morphologyEx(names, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    cv2.copyTo(cv2.GaussianBlur(canvas.image, (0, 0), 0.8), edge, canvas.image)


def _full(canvas: Canvas, material: Material) -> NDArray[np.float32]:
    return materials.paint(canvas.rng, material, canvas.height, canvas.width)


def plain(canvas: Canvas) -> None:
    """One surface and nothing else; it has no mask."""
    kinds = textures.NATURAL_KINDS + textures.PATTERN_KINDS
    canvas.image[:] = _full(canvas, surface(canvas.rng, palettes.NATURAL_MATERIALS, kinds, 0.5))


def _ridge(canvas: Canvas, level: float, rough: float) -> NDArray[np.float32]:
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
    colours = [_full(canvas, sky(rng))]
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
        colours.append(_full(canvas, materials.make(rng, base, kind, float(0.45 * (1 - haze)), rng.uniform(0.4, 1.2))))
    border = _ridge(canvas, horizon, 0.0 if rng.random() < 0.5 else rng.uniform(0, 0.03))
    labels = np.where(y > border, len(colours), labels)
    ground = surface(rng, _GROUND_COLOURS, _GROUND, 0.0)
    colours.append(perspective_floor(rng, canvas, ground, horizon * canvas.height))
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
        colours.append(perspective_floor(rng, canvas, path, horizon * canvas.height))
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
    colours = [_full(canvas, wall)]
    if two_walls:
        labels = np.where(np.broadcast_to(x > corner, labels.shape), 1, labels)
        second = replace(wall, ramp=np.clip(wall.ramp * rng.uniform(0.6, 1.3), 0, 255)) if rng.random() < 0.6 else surface(
            rng, _WALL_COLOURS, _WALL, 0.5)  # fmt: skip
        colours.append(_full(canvas, second))
    if rng.random() < 0.3:
        labels = np.where(y > floor_line - rng.uniform(0.01, 0.06) * height, len(colours), labels)
        colours.append(_full(canvas, materials.make(rng, palettes.colour(rng, _pick(rng, ("white", "wood", "dark"))))))
    labels = np.where(y > floor_line, len(colours), labels)
    floor = surface(rng, ("wood", "stone", "fabric", "asphalt", "white", "sand"), _GROUND, 0.3)
    colours.append(perspective_floor(rng, canvas, floor, level - rng.uniform(0.1, 0.4) * height))
    _regions(canvas, labels, colours, keep_zero=bool(rng.random() < 0.3))
    return level


def territories(canvas: Canvas, count: int) -> None:
    """A warped Voronoi map or the bands of a noise field: regions of stuff as people draw them in natural photographs."""
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
        best = np.full((height, width), np.inf, np.float32)
        labels = np.zeros((height, width), np.intp)
        for index in range(count):
            px, py, bonus = rng.uniform(0, width), rng.uniform(0, height), rng.uniform(0, 0.06) * width * height
            distance = (x - px) ** 2 * stretch + (y - py) ** 2 / stretch - bonus
            nearer = distance < best
            best = np.where(nearer, distance, best)
            labels[nearer] = index
    else:
        noise = textures.smooth_noise(rng, height, width, rng.uniform(0.25, 0.5) * width) + warp / height * 2
        cuts = np.quantile(noise[::8, ::8], np.sort(rng.uniform(0.1, 0.9, min(count, 4) - 1)))
        labels = np.digitize(noise, cuts)
    shared = palettes.colour(rng) if rng.random() < 0.3 else None
    colours = []
    for _ in range(count):
        material = surface(rng, palettes.NATURAL_MATERIALS, textures.NATURAL_KINDS, 0.25)
        if shared is not None:
            # Regions of nearly one colour: their borders show in texture and brightness alone.
            material = replace(
                material, ramp=palettes.ramp(rng, palettes.jitter(rng, shared, 18), rng.uniform(0.05, 0.5))
            )
        colours.append(_full(canvas, material))
    _regions(canvas, labels, colours, keep_zero=False)
