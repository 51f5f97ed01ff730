"""Things found indoors: furniture with drawers and handles, shelves of books, screens, pictures, lamps, curtains."""

from dataclasses import replace

import numpy as np

from engine.training.scenes import materials, palettes, shapes
from engine.training.scenes.canvas import Part
from engine.training.scenes.materials import Material
from engine.training.scenes.shapes import Outline


def _timber(rng: np.random.Generator) -> Material:
    base = palettes.colour(rng, ("wood", "wood", "white", "dark", "fabric", "paint")[int(rng.integers(6))])
    return materials.make(rng, base, "wood" if rng.random() < 0.6 else None, rng.uniform(0.05, 0.3))


def _darker(material: Material, share: float) -> Material:
    return replace(material, ramp=np.clip(material.ramp * np.float32(share), 0, 255))


def _legs(xs: list[float], y0: float, y1: float, thick: float, material: Material, own: bool) -> list[Part]:
    return [Part(shapes.capsule(x, y0, x * 1.04, y1, thick, thick * 0.7), material, own_mask=own) for x in xs]


def table(rng: np.random.Generator) -> Part:
    """A table or desk: a top seen at a slant, its edge, legs, a drawer at times."""
    wood = _timber(rng)
    slant, inset, thick = rng.uniform(0.05, 0.5), rng.uniform(0, 0.3), rng.uniform(0.04, 0.12)
    top = np.array([[-1 + inset, -slant], [1 - inset, -slant], [1, 0], [-1, 0]])
    own = rng.random() < 0.6
    whole = Part(
        children=_legs(
            [-0.85 + inset, 0.85 - inset], -slant * 0.5, rng.uniform(0.4, 0.7), 0.06, _darker(wood, 0.6), own
        )
    )
    whole.children.extend(_legs([-0.92, 0.92], 0, rng.uniform(0.7, 1), 0.09, _darker(wood, 0.8), own))
    if rng.random() < 0.4:
        drawer = Part(Outline((shapes.box(-0.4, thick, 0.4, thick + 0.2),)), _darker(wood, 0.9), seam=0.6)
        drawer.children.append(Part(Outline((shapes.ellipse(0, thick + 0.1, 0.05, 0.03),)), _timber(rng)))
        whole.children.append(drawer)
    whole.children.append(Part(Outline((shapes.box(-1, 0, 1, thick),)), _darker(wood, 0.75)))
    whole.children.append(Part(Outline((top,)), wood))
    return whole


def chair(rng: np.random.Generator) -> Part:
    """A chair, stool or bench: seat, legs, a back of slats or one piece."""
    wood, seat = _timber(rng), materials.random_material(rng) if rng.random() < 0.5 else _timber(rng)
    own = rng.random() < 0.5
    whole = Part(children=_legs([-0.4, 0.45], 0.1, 0.75, 0.07, _darker(wood, 0.65), own))
    if rng.random() < 0.5:
        back = Part(Outline((shapes.rounded_box(-0.5, -1, 0.5, 0.05, 0.15),)), seat)
        whole.children.append(back)
    else:
        slats = [
            shapes.capsule(x, -0.95, x * 0.95, 0.05, 0.07) for x in np.linspace(-0.48, 0.48, int(rng.integers(3, 8)))
        ]
        slats.append(shapes.capsule(-0.52, -0.95, 0.52, -0.95, 0.12))
        whole.children.append(Part(Outline(strokes=tuple(s for slat in slats for s in slat.strokes)), wood))
    whole.children.extend(_legs([-0.55, 0.6], 0.15, 1, 0.08, wood, own))
    cushion = np.array([[-0.5, 0], [0.5, 0], [0.65, 0.2], [-0.62, 0.2]])
    whole.children.append(Part(Outline((cushion,)), seat))
    return whole


def sofa(rng: np.random.Generator) -> Part:
    """A sofa or bed: back, arms, cushions and pillows of one cloth or several."""
    cloth = materials.lit(materials.random_material(rng, palettes.colour(rng, "fabric")), 0.5)
    whole = Part(children=[Part(Outline((shapes.rounded_box(-0.9, -0.55, 0.9, 0.3, 0.15),)), cloth)])
    count = int(rng.integers(1, 4))
    for index in range(count):
        x0, x1 = -0.8 + 1.6 * index / count, -0.8 + 1.6 * (index + 1) / count
        seat = shapes.rounded_box(x0, rng.uniform(-0.05, 0.05), x1, 0.35, 0.08)
        whole.children.append(Part(Outline((seat,)), _darker(cloth, rng.uniform(0.85, 1.15)), seam=0.4))
    whole.children.append(Part(Outline((shapes.box(-0.9, 0.32, 0.9, 0.52),)), _darker(cloth, 0.8), seam=0.3))
    for side in (-1, 1):
        arm = shapes.rounded_box(side * 0.78, -0.2, side * 1.02, 0.55, 0.12)
        whole.children.append(Part(Outline((arm,)), cloth))
    for x in rng.uniform(-0.7, 0.7, int(rng.integers(0, 4))):
        pillow = shapes.moved(shapes.superellipse(0.22, 0.2, 3.5), x, rng.uniform(-0.2, 0))
        whole.children.append(Part(Outline((pillow,)), materials.lit(materials.random_material(rng), 0.7)))
    return whole


def cabinet(rng: np.random.Generator) -> Part:
    """A cupboard, oven, chest or refrigerator: doors and drawers with handles."""
    wood = _timber(rng)
    high = rng.uniform(0.5, 1.3)
    whole = Part(Outline((shapes.rounded_box(-0.8, -high, 0.8, high, 0.03),)), wood)
    knob = materials.make(rng, palettes.colour(rng, "metal"))
    columns, rows = int(rng.integers(1, 4)), int(rng.integers(1, 5))
    for row in range(rows):
        for column in range(columns):
            x0, x1 = -0.76 + 1.52 * column / columns, -0.76 + 1.52 * (column + 1) / columns
            y0, y1 = -high + 0.04 + (2 * high - 0.1) * row / rows, -high + 0.04 + (2 * high - 0.1) * (row + 1) / rows
            panel = shapes.box(x0 + 0.02, y0 + 0.02, x1 - 0.02, y1 - 0.02)
            door = Part(Outline((panel,)), _darker(wood, rng.uniform(0.85, 1.15)), seam=rng.uniform(0.4, 0.9))
            handle = (shapes.ellipse((x0 + x1) / 2, (y0 + y1) / 2, 0.04, 0.04) if rng.random() < 0.5
                      else shapes.box((x0 + x1) / 2 - 0.12, y0 + 0.07, (x0 + x1) / 2 + 0.12, y0 + 0.1))  # fmt: skip
            door.children.append(Part(Outline((handle,)), knob))
            whole.children.append(door)
    return whole


def shelf(rng: np.random.Generator) -> Part:
    """A bookcase: boards, and rows of books, each a part."""
    wood = _timber(rng)
    rows = int(rng.integers(1, 5))
    high = 0.35 * rows
    whole = Part(Outline((shapes.box(-1, -high, 1, high),)), wood)
    for row in range(rows):
        top, bottom = -high + 0.7 * row + 0.06, -high + 0.7 * (row + 1) - 0.03
        bay = Part(Outline((shapes.box(-0.95, top, 0.95, bottom),)), _darker(wood, 0.4), own_mask=False)
        x = -0.95
        while x < 0.85:
            wide = rng.uniform(0.04, 0.16)
            if rng.random() < 0.85:
                tall = rng.uniform(0.35, 0.58)
                lean = rng.normal(0, 0.015)
                spine = np.array(
                    [[x, bottom], [x + wide, bottom], [x + wide + lean, bottom - tall], [x + lean, bottom - tall]]
                )
                book = Part(Outline((spine,)), materials.make(rng, palettes.colour(rng)), seam=0.4)
                if rng.random() < 0.3:
                    label = shapes.box(x, bottom - tall * 0.8, x + wide, bottom - tall * 0.6)
                    book.children.append(
                        Part(Outline((label,)), materials.make(rng, palettes.colour(rng)), own_mask=False)
                    )
                bay.children.append(book)
            x += wide
        whole.children.append(bay)
    return whole


def picture(rng: np.random.Generator) -> Part:
    """A framed picture, mirror, screen or window: what is shown in it is texture, not parts."""
    high = rng.uniform(0.5, 1.2)
    frame = _timber(rng) if rng.random() < 0.6 else materials.make(rng, palettes.colour(rng, "dark"))
    border = rng.uniform(0.03, 0.15)
    whole = Part(Outline((shapes.box(-0.9, -high, 0.9, high),)), frame, seam=0.3)
    inner = Part(
        Outline((shapes.box(-0.9 + border, -high + border, 0.9 - border, high - border),)),
        materials.random_material(rng),
    )
    for _ in range(int(rng.integers(0, 6))):
        shape = shapes.any_outline(rng).mapped(shapes.somewhere(rng, 0.7, 0.1, 0.5))
        inner.children.append(Part(shape, materials.make(rng, palettes.colour(rng)), own_mask=False))
    whole.children.append(inner)
    if rng.random() < 0.25:
        stand = np.array([[-0.15, high], [0.15, high], [0.3, high + 0.2], [-0.3, high + 0.2]])
        whole.children.append(Part(Outline((stand,)), frame, clip=False))
    return whole


def lamp(rng: np.random.Generator) -> Part:
    """A lamp with a shade, on a foot or hanging."""
    glow = replace(materials.make(rng, palettes.colour(rng, "plaster")), relief=0.3)
    wide = rng.uniform(0.3, 0.7)
    cone = np.array([[-wide * 0.5, -1], [wide * 0.5, -1], [wide, -0.4], [-wide, -0.4]])
    stem = materials.make(rng, palettes.colour(rng, "metal"))
    whole = Part(children=[Part(shapes.capsule(0, -0.6, 0, 0.9, 0.06), stem)])
    whole.children.append(Part(Outline((shapes.ellipse(0, 0.92, 0.35, 0.1),)), stem))
    whole.children.append(Part(Outline((cone,)), glow))
    return whole


def curtain(rng: np.random.Generator) -> Part:
    """Hanging cloth with folds, on a rod."""
    t = np.linspace(-1, 1, 40)
    hem = 1 + 0.04 * np.sin(t * rng.uniform(15, 40))
    sheet = np.concatenate(
        [np.stack([t * 0.7, np.full(40, -1.0)], 1), np.stack([t * rng.uniform(0.6, 0.85), hem], 1)[::-1]]
    )
    base = palettes.colour(rng, "fabric")
    cloth = replace(
        materials.make(rng, base, "stripes", rng.uniform(0.1, 0.4), rng.uniform(0.5, 1.5)), angle=np.pi / 2, variant=1
    )
    whole = Part(children=[Part(Outline((sheet,)), cloth)])
    whole.children.append(Part(shapes.capsule(-0.95, -1, 0.95, -1, 0.06), _timber(rng)))
    return whole


def keyboard(rng: np.random.Generator) -> Part:
    """A keyboard, remote control or panel: a plate with a grid of buttons."""
    plate = materials.make(rng, palettes.colour(rng, "dark" if rng.random() < 0.5 else "metal"))
    keys = materials.make(rng, palettes.colour(rng, "white" if rng.random() < 0.5 else "dark"))
    columns, rows = int(rng.integers(3, 13)), int(rng.integers(2, 6))
    high = rows / columns
    whole = Part(Outline((shapes.rounded_box(-1.08, -high - 0.08, 1.08, high + 0.08, 0.1),)), plate)
    own = rng.random() < 0.6
    step = 2 / columns
    for row in range(rows):
        for column in range(columns):
            x, y = -1 + column * step, -high + row * step
            key = shapes.rounded_box(x + step * 0.1, y + step * 0.1, x + step * 0.9, y + step * 0.9, step * 0.15)
            whole.children.append(Part(Outline((key,)), keys, own_mask=own, seam=0.3))
    return whole


def clock(rng: np.random.Generator) -> Part:
    """A round face with a rim, ticks and hands."""
    rim = Part(Outline((shapes.ellipse(),)), materials.random_material(rng))
    face = Part(Outline((shapes.ellipse(0, 0, 0.86, 0.86),)), materials.make(rng, palettes.colour(rng, "white")))
    ink = materials.make(rng, palettes.colour(rng, "dark"))
    for angle in np.arange(12) * np.pi / 6:
        x, y = np.cos(angle), np.sin(angle)
        face.children.append(Part(shapes.capsule(x * 0.68, y * 0.68, x * 0.78, y * 0.78, 0.05), ink, own_mask=False))
    for length in (0.4, 0.62):
        angle = rng.uniform(0, 6.3)
        face.children.append(
            Part(shapes.capsule(0, 0, length * np.cos(angle), length * np.sin(angle), 0.06, 0.03), ink)
        )
    rim.children.append(face)
    return rim
