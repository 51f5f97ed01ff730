"""Single things without a name: compact bodies with or without parts, thin things, boxes, cylinders, signs."""

from dataclasses import replace

import numpy as np

from engine.training.scenes import materials, palettes, shapes
from engine.training.scenes.canvas import Part
from engine.training.scenes.materials import Material
from engine.training.scenes.shapes import Outline


def body(rng: np.random.Generator, material: Material | None = None) -> Part:
    """One outline of any kind with one surface; sometimes two-coloured, sometimes with parts that stand out."""
    surface = material or materials.random_material(rng)
    if rng.random() < 0.1:
        surface = replace(surface, ragged=rng.uniform(1.5, 8))
    part = Part(shapes.any_outline(rng), surface)
    choice = rng.random()
    if choice < 0.15:
        part.children.append(two_tone(rng, surface))
    elif choice < 0.4:
        part.children.extend(spot(rng, 0.9) for _ in range(int(rng.integers(1, 5))))
    elif choice < 0.48:
        part.children.extend(highlights(rng))
    return part


def two_tone(rng: np.random.Generator, like: Material) -> Part:
    """A second colour over a part of a thing that stays one mask."""
    other = replace(like, ramp=palettes.ramp(rng, palettes.colour(rng), rng.uniform(0.05, 0.3)))
    if rng.random() < 0.5:
        angle = rng.uniform(0, 6.3)
        cut = rng.uniform(-0.3, 0.6)
        half = Outline((shapes.box(-3, cut, 3, 3),)).mapped(shapes.placement(0, 0, 1, angle))
        return Part(half, other, own_mask=False)
    patch = Outline((shapes.coast(rng),)).mapped(shapes.somewhere(rng, 0.6, 0.4, 0.9))
    return Part(patch, other, own_mask=False)


def spot(rng: np.random.Generator, reach: float) -> Part:
    """A part of its own on a body, now and then with a part inside it."""
    place = shapes.somewhere(rng, 0.6 * reach, 0.1, 0.4)
    part = Part(shapes.any_outline(rng), materials.random_material(rng), seam=rng.uniform(0, 0.5))
    if rng.random() < 0.3:
        inner = Part(shapes.any_outline(rng), materials.random_material(rng))
        part.children.append(inner.mapped(shapes.placement(0, 0, rng.uniform(0.3, 0.6))))
    return part.mapped(place)


def highlights(rng: np.random.Generator) -> list[Part]:
    """Reflections and glints that are no parts."""
    white = materials.make(rng, palettes.hsv(0.1, 0.03, 1.0))
    glints = []
    for _ in range(int(rng.integers(1, 3))):
        glint = Outline((shapes.blob(rng, 0.2),)).mapped(shapes.somewhere(rng, 0.5, 0.03, 0.25))
        glints.append(Part(glint, replace(white, opacity=rng.uniform(0.3, 0.9)), own_mask=False))
    return glints


def thin(rng: np.random.Generator) -> Part:
    """A pole, wire, rope, stick or twig."""
    material = materials.make(
        rng, palettes.colour(rng, ("dark", "metal", "wood", "white", "paint")[int(rng.integers(5))])
    )
    choice = rng.random()
    width = float(np.exp(rng.uniform(-4.2, -2.0)))
    if choice < 0.35:
        return Part(shapes.capsule(0, -1.6, rng.normal(0, 0.05), 1.6, width, width), material)
    if choice < 0.7:
        points = [(x, rng.normal(0, 0.3)) for x in np.linspace(-1.6, 1.6, int(rng.integers(3, 7)))]
        return Part(shapes.curve(points, width, width * rng.uniform(0.4, 1), 24), material)
    return Part(shapes.branches(rng, int(rng.integers(2, 5)), width * 2, 0.5), material)


def cuboid(rng: np.random.Generator) -> Part:
    """A box in parallel projection: three faces, each a part, with the light on one side."""
    base = palettes.colour(rng)
    kind = materials.make(rng, base) if rng.random() < 0.5 else materials.random_material(rng, base)
    tones = rng.permutation([1.15, 0.85, 0.6])
    dx, dy = rng.uniform(0.2, 0.8) * rng.choice([-1, 1]), -rng.uniform(0.15, 0.7)
    x0, x1, y0, y1 = -0.7, 0.7, -rng.uniform(0.1, 0.8), 0.7
    depth = np.array([dx, dy])
    front = shapes.box(x0, y0, x1, y1)
    top = np.array([[x0, y0], [x1, y0], np.add([x1, y0], depth), np.add([x0, y0], depth)])
    edge = x1 if dx > 0 else x0
    side = np.array([[edge, y0], [edge, y1], np.add([edge, y1], depth), np.add([edge, y0], depth)])
    faces = []
    split = rng.random() < 0.7
    for contour, tone in zip((top, side, front), tones, strict=True):
        face = replace(kind, ramp=np.clip(kind.ramp * np.float32(tone), 0, 255), relief=0.0)
        faces.append(Part(Outline((contour,)), face, own_mask=split))
    if rng.random() < 0.4:
        label = Part(Outline((shapes.box(-0.4, y0 + 0.2, 0.4, y0 + (y1 - y0) * 0.7),)), materials.random_material(rng))
        faces[2].children.append(label)
    return Part(children=faces)


def bottle(rng: np.random.Generator) -> Part:
    """A body of revolution in side view: bottle, jar, vase, glass, can; a neck, a cap and a label at times."""
    y = np.linspace(-1, 1, 14)
    neck, shoulder, belly = rng.uniform(0.08, 0.4), rng.uniform(-0.6, 0.2), rng.uniform(0.25, 0.6)
    width = neck + (belly - neck) / (1 + np.exp(-(y - shoulder) * rng.uniform(5, 25)))
    width *= 1 + rng.normal(0, 0.1) * np.cos(3 * y)
    contour = np.concatenate([np.stack([width, y], 1), np.stack([-width, y], 1)[::-1]])
    names = ("glass", "paint", "white", "dark", "fabric", "metal", "wood")
    surface = materials.lit(materials.make(rng, palettes.colour(rng, names[int(rng.integers(7))])), rng.uniform(0.3, 1),
                            rng.uniform(0, 1))  # fmt: skip
    part = Part(Outline((contour,)), surface)
    if rng.random() < 0.6:
        top = rng.uniform(-0.2, 0.3)
        label = Part(Outline((shapes.box(-1, top, 1, top + rng.uniform(0.2, 0.5)),)), materials.random_material(rng))
        if rng.random() < 0.5:
            label.children.append(spot(rng, 0.3))
        part.children.append(label)
    if rng.random() < 0.6:
        cap = rng.uniform(0.05, 0.25)
        part.children.append(
            Part(
                Outline((shapes.rounded_box(-neck * 1.1, -1.02, neck * 1.1, -1 + cap, 0.04),)),
                materials.random_material(rng),
                clip=False,
            )
        )
    if rng.random() < 0.2:
        handle = shapes.curve([(belly * 0.8, -0.4), (belly + 0.35, -0.2), (belly * 0.9, 0.4)], 0.1, 0.1)
        part.children.append(Part(handle, surface, behind=True, clip=False))
    return part


def plate(rng: np.random.Generator) -> Part:
    """A dish seen at a slant, with a rim and food on it."""
    tilt = rng.uniform(0.3, 1)
    dish = materials.lit(materials.make(rng, palettes.colour(rng, "white" if rng.random() < 0.6 else None)), 0.3, 0.4)
    inner = replace(dish, ramp=dish.ramp * np.float32(rng.uniform(0.8, 1.0)))
    part = Part(Outline((shapes.ellipse(0, 0, 1, tilt),)), dish)
    part.children.append(
        Part(Outline((shapes.ellipse(0, 0.02, 0.72, 0.72 * tilt),)), inner, own_mask=bool(rng.random() < 0.3))
    )
    names = ("fruit", "foliage", "skin", "sand", "brick", "soil")
    for _ in range(int(rng.integers(0, 7))):
        food = materials.make(rng, palettes.colour(rng, names[int(rng.integers(6))]), "noise")
        turn, reach = rng.uniform(0, 6.3), rng.uniform(0, 0.5)
        shape = Outline((shapes.coast(rng) if rng.random() < 0.5 else shapes.blob(rng),))
        place = shapes.placement(
            np.cos(turn) * reach, np.sin(turn) * reach * tilt, rng.uniform(0.12, 0.35), rng.uniform(0, 6)
        )
        part.children.append(Part(shape.mapped(place), materials.lit(food, 0.7, rng.uniform(0, 0.6)), clip=False))
    return part


def sign(rng: np.random.Generator) -> Part:
    """A board or a road sign with letters, on a pole at times."""
    ground = palettes.colour(rng, "paint" if rng.random() < 0.6 else None)
    ink = materials.make(rng, palettes.hsv(0, 0, 1.0) if ground.mean() < 140 else palettes.colour(rng, "dark"))
    choice = rng.random()
    high = rng.uniform(0.25, 0.8)
    if choice < 0.6:
        board = shapes.rounded_box(-1, -high, 1, high, rng.uniform(0, 0.3))
    else:
        board = shapes.ellipse() if choice < 0.8 else shapes.polygon(rng, int(rng.choice([3, 4, 8])), 0)
    high = high if choice < 0.6 else 0.5
    part = Part(Outline((board,)), materials.make(rng, ground))
    count = int(rng.integers(1, 8))
    size = min(high * 0.6, 0.8 / count)
    letters_are_parts = rng.random() < 0.4
    for index in range(count):
        x = (index - (count - 1) / 2) * size * 2.1
        glyph = Part(shapes.letter(rng), ink, own_mask=letters_are_parts, clip=False)
        part.children.append(glyph.mapped(shapes.placement(x, 0, size)))
    if rng.random() < 0.5:
        pole = shapes.capsule(0, 0, 0, rng.uniform(1.5, 3), 0.1)
        part.children.append(Part(pole, materials.make(rng, palettes.colour(rng, "metal")), behind=True, clip=False))
    return part
