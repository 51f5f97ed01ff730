"""Composition: which things stand where, in which light, seen by which camera."""

from dataclasses import replace

import numpy as np

from engine.training.scenes import backgrounds, camera, groups, lighting, palettes
from engine.training.scenes.canvas import Canvas, Part
from engine.training.scenes.cast import ALIKE, ANYTHING, CLOSE, INDOORS, OUTDOORS, SKYLINE, WALL, Cast, Maker
from engine.training.scenes.palettes import Colour
from engine.training.scenes.scene import Scene, assemble
from engine.training.scenes.shapes import placement

_FEWEST = 8  # masks, before those that cannot be seen are dropped


def _choose(rng: np.random.Generator, cast: Cast) -> Maker:
    weights = np.array([weight for weight, _ in cast])
    return cast[int(rng.choice(len(cast), p=weights / weights.sum()))][1]


def _tinted(thing: Part, base: Colour, share: float) -> Part:
    """The thing with all its colours moved towards `base` by `share`: camouflage."""
    material = thing.material
    if material is not None:
        material = replace(material, ramp=material.ramp * np.float32(1 - share) + base * np.float32(share))
    return replace(thing, material=material, children=[_tinted(child, base, share) for child in thing.children])


class _Director:
    """Places things on a canvas, on the floor if there is one, nearest last."""

    def __init__(self, canvas: Canvas, floor: float | None, difficulty: float) -> None:
        self.canvas, self.rng, self.floor = canvas, canvas.rng, floor
        self.camouflage = 0.03 + 0.14 * difficulty if self.rng.random() > 0.08 * difficulty else 0.9
        self.blur_near = self.rng.uniform(1, 4) * canvas.unit if self.rng.random() < 0.08 else 0.0

    def put(self, thing: Part, x: float, y: float, scale: float, angle: float, blur: float = 0.0) -> None:
        """Draws a thing at (x, y), its middle, `scale` pixels per unit."""
        rng, canvas = self.rng, self.canvas
        thing = thing.pruned(2.5 / scale).bent(rng, abs(rng.normal(0, 0.035)))
        if rng.random() < self.camouflage:
            row, column = int(np.clip(y, 0, canvas.height - 1)), int(np.clip(x, 0, canvas.width - 1))
            around = canvas.image[max(0, row - 20) : row + 20, max(0, column - 20) : column + 20].mean((0, 1))
            thing = _tinted(thing, palettes.jitter(rng, around, 10), rng.uniform(0.5, 0.9))
        aspect, flip = float(np.exp(rng.normal(0, 0.12))), bool(rng.random() < 0.5)
        canvas.draw(thing.mapped(placement(x, y, scale, angle, aspect, flip, rng.normal(0, 0.06))), blur=blur)

    def several(self, cast: Cast, count: int, smallest: float, largest: float) -> None:
        """`count` things of log-uniform size (fractions of the shorter side, half extents)."""
        rng, canvas, floor = self.rng, self.canvas, self.floor
        side = min(canvas.height, canvas.width)
        plan: list[tuple[float, float, float]] = []
        for _ in range(count):
            scale = float(np.exp(rng.uniform(np.log(smallest), np.log(largest)))) * side
            foot = rng.uniform(0, canvas.height) + scale
            if floor is not None and rng.random() < 0.85:
                foot = rng.uniform(floor, canvas.height * 1.1)
                if rng.random() < 0.6:
                    scale *= 0.35 + 1.1 * (foot - floor) / max(canvas.height - floor, 1.0)
            plan.append((foot, rng.uniform(-0.02, 1.02) * canvas.width, scale))
        if floor is not None:
            plan.sort()
        for index, (foot, x, scale) in enumerate(plan):
            angle = rng.normal(0, 0.05) if floor is not None else rng.normal(0, 0.5)
            if rng.random() < 0.08:
                angle = rng.uniform(0, 6.3)
            last = index >= count - 2 and scale > 0.1 * side
            self.put(_choose(rng, cast)(rng), x, foot - 0.9 * scale, scale, angle, self.blur_near if last else 0.0)

    def backdrop(self, cast: Cast, count: int, smallest: float, largest: float, lift: float) -> None:
        """`count` things standing on the far edge of the floor, or up to `lift` (of the height) above it."""
        rng, canvas = self.rng, self.canvas
        floor = 0.5 * canvas.height if self.floor is None else self.floor
        makers = [_choose(rng, cast) for _ in range(2)]
        for _ in range(count):
            scale = float(np.exp(rng.uniform(np.log(smallest), np.log(largest)))) * min(canvas.height, canvas.width)
            foot = floor + rng.uniform(-lift, 0.03) * canvas.height
            make = makers[int(rng.integers(2))] if rng.random() < 0.7 else _choose(rng, cast)
            self.put(make(rng), rng.uniform(0, 1) * canvas.width, foot - 0.95 * scale, scale, rng.normal(0, 0.02))

    def defocus(self) -> None:
        """Blurs what has been drawn so far: it lies behind the plane of focus."""
        sigma = float(np.exp(self.rng.uniform(np.log(0.8), np.log(6)))) * self.canvas.unit
        self.canvas.image[:] = camera.blur(self.canvas.image, sigma)

    def close_up(self) -> None:
        """One thing that fills a good part of the picture."""
        rng, canvas = self.rng, self.canvas
        scale = rng.uniform(0.33, 0.75) * min(canvas.height, canvas.width)
        x, y = rng.normal(0.5, 0.1) * canvas.width, rng.normal(0.52, 0.08) * canvas.height
        self.put(_choose(rng, CLOSE)(rng), x, y, scale, rng.normal(0, 0.08))


def _stage(canvas: Canvas, cast_hint: float) -> tuple[float | None, Cast]:
    """A background, the row its floor begins at (None: no floor), and what is likely to stand there."""
    rng = canvas.rng
    if cast_hint < 0.4:
        return backgrounds.landscape(canvas), OUTDOORS
    if cast_hint < 0.7:
        return backgrounds.room(canvas), INDOORS
    if cast_hint < 0.85:
        backgrounds.plain(canvas)
    else:
        backgrounds.territories(canvas, int(rng.integers(2, 9)))
    return None, ANYTHING


def _direct(canvas: Canvas, difficulty: float) -> None:
    """Fills the canvas with a scene of some kind."""
    rng = canvas.rng
    kind = rng.random()
    if kind < 0.05:
        groups.micrograph(canvas)
        return
    if kind < 0.13:
        backgrounds.plain(canvas)
        groups.overlaid(canvas, int(rng.integers(10, 25 + int(25 * difficulty))))
        return
    if kind < 0.23:
        backgrounds.territories(canvas, int(rng.integers(3, 12)))
        _Director(canvas, None, difficulty).several(ANYTHING, int(rng.integers(1, 6)), 0.02, 0.25)
        return
    floor, cast = _stage(canvas, rng.random())
    director = _Director(canvas, floor, difficulty)
    if cast is OUTDOORS and rng.random() < 0.45:
        director.backdrop(SKYLINE, int(rng.integers(2, 8)), 0.05, 0.3, 0.0)
    elif cast is INDOORS and rng.random() < 0.5:
        director.backdrop(WALL, int(rng.integers(1, 4)), 0.08, 0.3, 0.45)
    many = int(np.exp(rng.uniform(np.log(3), np.log(9 + 12 * difficulty))))
    if kind < 0.33:
        make = ALIKE[int(rng.integers(len(ALIKE)))]
        if rng.random() < 0.3:
            groups.arranged(canvas, make, bool(rng.random() < 0.7))
        else:
            reach = float(np.exp(rng.uniform(np.log(0.025), np.log(0.11)))) * min(canvas.height, canvas.width)
            groups.scattered(canvas, make, int(rng.integers(6, 30)), reach, bool(rng.random() < 0.6), floor)
        director.several(cast, int(rng.integers(0, 4)), 0.03, 0.2)
    elif kind < 0.63:
        director.several(cast, many // 2, 0.03, 0.22)
        if rng.random() < 0.45:
            director.defocus()
        director.close_up()
        director.several(cast, int(rng.integers(0, 5)), 0.02, 0.12)
    else:
        director.several(cast, many, 0.03, 0.45)
        if rng.random() < 0.2:
            director.defocus()
            director.several(cast, int(rng.integers(1, 4)), 0.1, 0.4)


def generate_scene(seed: int, size: tuple[int, int] = (512, 512), *, difficulty: float = 0.5) -> Scene:
    """A synthetic photograph with exact masks; a seed reproduces every pixel.

    `size` is (height, width) in pixels, at least 64 each. `difficulty`, 0..1, raises clutter and camouflage.
    Raises ValueError for a smaller size or a difficulty out of range.
    """
    height, width = size
    if height < 64 or width < 64:
        raise ValueError(f"A scene needs at least 64×64 pixels, not {height}×{width}.")
    if not 0 <= difficulty <= 1:
        raise ValueError(f"The difficulty lies between 0 and 1, not at {difficulty}.")
    rng = np.random.default_rng(seed)
    canvas = Canvas(height, width, rng, lighting.random_light(rng))
    _direct(canvas, difficulty)
    if len(canvas.nodes) < _FEWEST:
        _Director(canvas, None, difficulty).several(ANYTHING, 4, 0.04, 0.3)
    if rng.random() < 0.18:
        canvas.darken(lighting.foreign_shadow(rng, height, width), 0, 0)
    return assemble(canvas, camera.expose(rng, canvas.image, canvas.unit))
