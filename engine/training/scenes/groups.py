"""Many alike things together: heaps, grids, rows, crowds, and cells under a microscope."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from engine.training.scenes import materials, palettes, shapes
from engine.training.scenes.canvas import Canvas, Part
from engine.training.scenes.materials import Material
from engine.training.scenes.shapes import Outline, placement

Maker = Callable[[np.random.Generator], Part]


def varied(rng: np.random.Generator, thing: Part, amount: float) -> Part:
    """The same thing with each of its colours a little lighter or darker."""
    material = thing.material
    if material is not None:
        tone = np.float32(np.exp(rng.normal(0, amount))) * np.exp(rng.normal(0, amount * 0.3, 3)).astype(np.float32)
        material = replace(material, ramp=np.clip(material.ramp * tone, 0, 255))
    return replace(thing, material=material, children=[varied(rng, child, amount) for child in thing.children])


def similar(rng: np.random.Generator, make: Maker, reach: float) -> Maker:
    """A maker of variations on one to three models; `reach` is how many pixels their unit will be."""
    models = [make(rng).pruned(2.5 / reach) for _ in range(int(rng.integers(1, 4)))]
    bend, tone = abs(rng.normal(0, 0.06)), abs(rng.normal(0, 0.12))

    def another(rng: np.random.Generator) -> Part:
        return varied(rng, models[int(rng.integers(len(models)))].bent(rng, bend), tone)

    return another


def scattered(canvas: Canvas, make: Maker, count: int, reach: float, upright: bool, floor: float | None) -> None:
    """`count` alike things of about `reach` pixels (half size), strewn over the image, a patch, or the floor."""
    rng = canvas.rng
    another = similar(rng, make, reach)
    top = 0.0 if floor is None else floor
    if rng.random() < 0.5:
        xs, ys = rng.uniform(0, canvas.width, count), rng.uniform(top, canvas.height, count)
    else:
        spread = rng.uniform(0.8, 2.0) * reach * count**0.5
        xs = rng.normal(rng.uniform(0.2, 0.8) * canvas.width, spread, count)
        ys = np.maximum(rng.normal(rng.uniform(0.4, 0.8) * canvas.height, spread * 0.7, count), top)
    for x, y in sorted(zip(xs.tolist(), ys.tolist(), strict=True), key=lambda p: p[1]):
        near = 1.0 if floor is None else 0.3 + 0.9 * (y - top) / max(canvas.height - top, 1)
        scale = reach * near * float(np.exp(rng.normal(0, 0.15)))
        angle = rng.normal(0, 0.08) if upright else rng.uniform(0, 6.3)
        canvas.draw(another(rng).mapped(placement(x, y, scale, angle, 1, bool(rng.random() < 0.5))))


def arranged(canvas: Canvas, make: Maker, upright: bool) -> None:
    """A grid or a row of alike things, a little out of place."""
    rng = canvas.rng
    columns, rows = int(rng.integers(2, 7)), int(rng.integers(1, 5))
    step = min(canvas.width / columns, canvas.height / rows) * rng.uniform(0.5, 1.0)
    x0 = rng.uniform(0, canvas.width - step * (columns - 1)) if columns * step < canvas.width else step / 2
    y0 = rng.uniform(0, canvas.height - step * (rows - 1)) if rows * step < canvas.height else step / 2
    turn, shake, scale = rng.normal(0, 0.15), rng.uniform(0, 0.1) * step, step * rng.uniform(0.3, 0.55)
    another = similar(rng, make, scale)
    for row in range(rows):
        for column in range(columns):
            x = x0 + column * step * np.cos(turn) - row * step * np.sin(turn) + rng.normal(0, shake)
            y = y0 + row * step * np.cos(turn) + column * step * np.sin(turn) + rng.normal(0, shake)
            angle = turn + (rng.normal(0, 0.05) if upright else rng.uniform(0, 6.3))
            canvas.draw(another(rng).mapped(placement(float(x), float(y), scale, angle)))


def _cell_colours(rng: np.random.Generator) -> tuple[Material, Material]:
    """Ground and nucleus of a micrograph: fluorescence (bright on black), stain (purple on pink) or phase contrast."""
    choice = rng.random()
    if choice < 0.4:
        ground = materials.make(
            rng, palettes.hsv(rng.random(), rng.uniform(0, 0.3), rng.uniform(0.01, 0.1)), "smooth", 0.3
        )
        cell = materials.make(
            rng, palettes.hsv(rng.random(), rng.uniform(0, 0.2), rng.uniform(0.15, 0.9)), "noise", 0.3, 0.5
        )
    elif choice < 0.75:
        hue = rng.uniform(0.75, 0.95)
        ground = materials.make(
            rng, palettes.hsv(hue, rng.uniform(0.05, 0.35), rng.uniform(0.7, 0.95)), "marble", 0.15, 1.5
        )
        stain = palettes.hsv(hue - rng.uniform(0, 0.15), rng.uniform(0.4, 0.8), rng.uniform(0.25, 0.6))
        cell = materials.make(rng, stain, "noise", 0.35, 0.5)
    else:
        grey = rng.uniform(0.3, 0.8)
        ground = materials.make(rng, palettes.hsv(0.1, 0.03, grey), "smooth", 0.1)
        cell = materials.make(rng, palettes.hsv(0.1, 0.05, grey + rng.choice([-0.15, 0.12])), "grain", 0.2, 0.6)
    return ground, cell


def micrograph(canvas: Canvas) -> None:
    """Cells or nuclei on a slide, touching and overlapping, some out of focus; cytoplasm with a nucleus at times."""
    rng = canvas.rng
    ground, cell = _cell_colours(rng)
    canvas.image[:] = materials.paint(rng, ground, canvas.height, canvas.width)
    nested = rng.random() < 0.3
    body = replace(cell, ramp=(cell.ramp + ground.ramp) / 2)
    relief, rough, elongation = rng.uniform(0, 0.5), rng.uniform(0.03, 0.15), rng.uniform(0, 0.45)
    reach = canvas.unit * np.exp(rng.uniform(np.log(6), np.log(45)))
    count = int(min(110, rng.uniform(0.1, 0.6) * canvas.height * canvas.width / (4 * reach * reach)))
    focus = rng.uniform(0, 1.2) * canvas.unit
    for _ in range(max(count, 4)):
        tone = replace(cell, relief=relief, ramp=np.clip(cell.ramp * np.float32(np.exp(rng.normal(0, 0.2))), 0, 255))
        if nested:
            part = Part(Outline((shapes.blob(rng, rough * 2),)), replace(body, relief=relief))
            place = shapes.somewhere(rng, 0.2, 0.3, 0.6)
            part.children.append(Part(Outline((shapes.blob(rng, rough),)).mapped(place), tone))
        else:
            part = Part(Outline((shapes.blob(rng, rough),)), tone)
        size = reach * float(np.exp(rng.normal(0, 0.22)))
        place = placement(rng.uniform(0, canvas.width), rng.uniform(0, canvas.height), size, rng.uniform(0, 6.3),
                          float(np.exp(abs(rng.normal(0, elongation)))))  # fmt: skip
        canvas.draw(part.mapped(place), shadow=False, blur=focus * rng.random())


def overlaid(canvas: Canvas, count: int) -> None:
    """Occluding shapes with a power law of sizes, each a mask: a picture made of nothing but borders and junctions."""
    rng = canvas.rng
    shared = palettes.colour(rng) if rng.random() < 0.35 else None
    sizes = np.sort(0.6 / (1 + rng.pareto(1.2, count) * 3))[::-1]
    sizes = np.maximum(sizes, 0.015)
    for size in sizes.tolist():
        base = None if shared is None else palettes.jitter(rng, shared, 22)
        part = Part(shapes.any_outline(rng), materials.random_material(rng, base))
        if rng.random() < 0.15 and part.material is not None:
            part.material = replace(part.material, ragged=rng.uniform(1.5, 9))
        place = placement(rng.uniform(0, canvas.width), rng.uniform(0, canvas.height), size * canvas.height * 0.6,
                          rng.uniform(0, 6.3), float(np.exp(rng.normal(0, 0.35))))  # fmt: skip
        canvas.draw(part.bent(rng, abs(rng.normal(0, 0.1))).mapped(place), shadow=bool(rng.random() < 0.6))
