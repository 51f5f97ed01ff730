"""Composition: which things stand where, in which light, seen by which camera."""

from collections.abc import Callable

import numpy as np

from engine.training.scenes import backgrounds, camera, creatures, lighting, simple
from engine.training.scenes.canvas import Canvas, Part
from engine.training.scenes.scene import Scene, assemble
from engine.training.scenes.shapes import placement

Maker = Callable[[np.random.Generator], Part]


def _things() -> list[tuple[float, Maker]]:
    return [
        (3.0, simple.body), (0.7, simple.thin), (0.8, simple.cuboid), (1.0, simple.bottle), (0.5, simple.plate),
        (0.6, simple.sign), (1.5, creatures.person), (1.2, creatures.quadruped), (0.7, creatures.bird), (0.4, creatures.fish),
    ]  # fmt: skip


def generate_scene(seed: int, size: tuple[int, int] = (512, 512), *, difficulty: float = 0.5) -> Scene:
    """A synthetic photograph with exact masks; a seed reproduces every pixel.

    `size` is (height, width) in pixels, at least 64 each. `difficulty`, 0..1, raises clutter, camouflage and weak contrast.
    """
    height, width = size
    if height < 64 or width < 64:
        raise ValueError(f"A scene needs at least 64×64 pixels, not {height}×{width}.")
    rng = np.random.default_rng(seed)
    light = lighting.random_light(rng)
    canvas = Canvas(height, width, rng, light)
    floor = None
    choice = rng.random()
    if choice < 0.2:
        backgrounds.plain(canvas)
    elif choice < 0.5:
        floor = backgrounds.landscape(canvas)
    elif choice < 0.75:
        floor = backgrounds.room(canvas)
    else:
        backgrounds.territories(canvas, int(rng.integers(2, 12)))
    things = _things()
    weights = np.array([w for w, _ in things])
    count = int(np.exp(rng.uniform(np.log(2), np.log(22))))
    sizes = np.exp(rng.uniform(np.log(0.02), np.log(0.35), count))
    spots = []
    for reach in sizes:
        x = rng.uniform(0, width)
        y = rng.uniform(0, height) if floor is None else rng.uniform(floor * 0.8, height)
        spots.append((y, x, reach))
    if floor is not None:
        spots.sort()
    for y, x, reach in spots:
        make = things[int(rng.choice(len(things), p=weights / weights.sum()))][1]
        thing = make(rng).bent(rng, abs(rng.normal(0, 0.06)))
        scale = reach * min(height, width)
        angle = rng.normal(0, 0.15) if floor is not None else rng.normal(0, 0.8)
        place = placement(x, y - scale * 0.5, scale, angle, float(np.exp(rng.normal(0, 0.2))), bool(rng.random() < 0.5))
        canvas.draw(thing.mapped(place))
    return assemble(canvas, camera.expose(rng, canvas.image, canvas.unit))
