"""Plants, rocks, clouds: ragged borders and foliage that is one mask however busy it looks."""

from dataclasses import replace

import numpy as np

from engine.training.scenes import materials, palettes, shapes
from engine.training.scenes.canvas import Part
from engine.training.scenes.materials import Material
from engine.training.scenes.shapes import Outline, placement


def _foliage(rng: np.random.Generator) -> Material:
    name = ("foliage", "foliage", "foliage", "dry_grass", "petal", "fruit")[int(rng.integers(6))]
    kind = ("leaves", "leaves", "noise", "grass", "clutter")[int(rng.integers(5))]
    material = materials.make(rng, palettes.colour(rng, name), kind, rng.uniform(0.3, 0.8), rng.uniform(0.36, 0.9))
    return materials.lit(material, rng.uniform(0.3, 0.9), 0, rng.uniform(2, 10))


def _bark(rng: np.random.Generator) -> Material:
    return materials.lit(
        materials.make(rng, palettes.colour(rng, "soil" if rng.random() < 0.6 else "stone"), "fur", 0.35), 0.7
    )


def tree(rng: np.random.Generator) -> Part:
    """A tree about 2 tall: trunk and crown; bare, round, or in several tufts."""
    whole = Part()
    choice = rng.random()
    if choice < 0.2:
        return Part(shapes.branches(rng, 5, rng.uniform(0.08, 0.2), 0.55), _bark(rng))
    trunk = shapes.curve([(rng.normal(0, 0.1), 1), (0, 0.4), (rng.normal(0, 0.1), -0.2)], rng.uniform(0.1, 0.3), 0.1)
    whole.children.append(Part(trunk, _bark(rng)))
    leaves = _foliage(rng)
    if choice < 0.45:
        levels = int(rng.integers(3, 7))
        wide = rng.uniform(0.35, 0.7)
        tiers = tuple(
            np.array([[0, -1 + 1.4 * i / levels], [wide * (i + 1) / levels, -0.6 + 1.4 * i / levels],
                      [-wide * (i + 1) / levels, -0.6 + 1.4 * i / levels]])
            for i in range(levels)
        )  # fmt: skip
        whole.children.append(Part(Outline(tiers), leaves))
    elif choice < 0.7:
        crown = shapes.coast(rng) if rng.random() < 0.5 else shapes.blob(rng, 0.3)
        whole.children.append(Part(Outline((crown * [0.75, 0.7] + [0, -0.35],)), leaves))
    else:
        tufts = tuple(
            shapes.blob(rng, 0.25) * rng.uniform(0.25, 0.5) + [rng.normal(0, 0.3), rng.uniform(-0.8, 0)]
            for _ in range(6)
        )
        whole.children.append(Part(Outline(tufts), leaves))
    return whole


def bush(rng: np.random.Generator) -> Part:
    """A bush, hedge or tuft of grass, with flowers or fruit as parts at times."""
    part = Part(Outline((shapes.coast(rng) * [1, rng.uniform(0.5, 1)],)), _foliage(rng))
    if rng.random() < 0.35:
        bloom = materials.lit(
            materials.make(rng, palettes.colour(rng, "petal" if rng.random() < 0.6 else "fruit")), 0.6
        )
        for _ in range(int(rng.integers(2, 9))):
            place = shapes.somewhere(rng, 0.6, 0.05, 0.14)
            part.children.append(Part(Outline((shapes.blob(rng, 0.15),)).mapped(place), bloom))
    return part


def flower(rng: np.random.Generator) -> Part:
    """A flower: stem, leaves, a ring of petals, a heart."""
    green = materials.make(rng, palettes.colour(rng, "foliage"))
    whole = Part()
    bend = rng.normal(0, 0.2)
    whole.children.append(Part(shapes.curve([(bend, 1.4), (bend * 0.3, 0.7), (0, 0)], 0.06, 0.05), green))
    for side in (-1, 1):
        if rng.random() < 0.6:
            place = placement(side * 0.25 + bend * 0.4, rng.uniform(0.6, 1.0), 0.3, side * 0.5, 1, side < 0)
            whole.children.append(Part(Outline((shapes.leaf(rng),)).mapped(place), materials.lit(green, 0.4)))
    petal_tone = materials.lit(materials.make(rng, palettes.colour(rng, "petal"), "smooth", 0.3), 0.5)
    count, slim = int(rng.integers(4, 16)), rng.uniform(0.3, 0.9)
    reach = rng.uniform(0.5, 0.7)
    petals = []
    for angle in np.arange(count) * 2 * np.pi / count + rng.uniform(0, 6):
        leaf = shapes.ellipse(0.5, 0, 0.45, slim * 1.6 / count + 0.04, 20)
        petals.append(Outline((leaf,)).mapped(placement(0, 0, reach, angle)))
    together = rng.random() < 0.6
    if together:
        whole.children.append(Part(Outline(tuple(c for p in petals for c in p.contours)), petal_tone))
    else:
        whole.children.extend(Part(p, petal_tone, seam=0.3) for p in petals)
    heart = materials.lit(materials.make(rng, palettes.colour(rng, "dry_grass"), "dots", 0.5, 0.4), 0.6)
    whole.children.append(Part(Outline((shapes.ellipse(0, 0, 0.2, 0.2),)), heart))
    return whole


def rock(rng: np.random.Generator) -> Part:
    """A stone or a boulder."""
    kind = ("noise", "marble", "grain", "cracks")[int(rng.integers(4))]
    surface = materials.lit(materials.make(rng, palettes.colour(rng, "stone"), kind, rng.uniform(0.15, 0.5)), 0.9)
    outline = shapes.polygon(rng, int(rng.integers(6, 12)), 0.35) if rng.random() < 0.5 else shapes.coast(rng)
    return Part(Outline((outline * [1, rng.uniform(0.5, 1)],)), surface)


def fruit(rng: np.random.Generator) -> Part:
    """An apple, orange, tomato, ball or egg, with a stem or a leaf at times."""
    kind = (None, "noise", "grain", "smooth", "spots")[int(rng.integers(5))]
    skin = materials.lit(
        materials.make(rng, palettes.colour(rng, "fruit"), kind, rng.uniform(0.05, 0.3)), 0.9, rng.uniform(0, 0.9)
    )
    whole = Part(Outline((shapes.blob(rng, 0.05, 1.8),)), skin)
    if rng.random() < 0.4:
        stem = shapes.curve([(0, -0.7), (rng.normal(0, 0.1), -1.1)], 0.1, 0.07)
        whole.children.append(Part(stem, replace(_bark(rng), relief=0.0), clip=False))
    if rng.random() < 0.25:
        place = placement(0.3, -1, 0.4, rng.normal(0, 0.4))
        leaf = Outline((shapes.leaf(rng),)).mapped(place)
        whole.children.append(Part(leaf, materials.make(rng, palettes.colour(rng, "foliage")), clip=False))
    return whole


def mushroom(rng: np.random.Generator) -> Part:
    """A stem and a cap; an umbrella looks much the same."""
    t = np.linspace(np.pi, 2 * np.pi, 20)
    cap = np.concatenate([np.stack([np.cos(t), 0.8 * np.sin(t)], 1), [[0.5, 0.12], [-0.5, 0.12]]])
    surface = materials.lit(materials.random_material(rng), 0.8)
    stem = materials.lit(materials.make(rng, palettes.colour(rng, "sand" if rng.random() < 0.6 else "dark")), 0.7)
    wide = rng.uniform(0.05, 0.5)
    return Part(
        children=[Part(shapes.capsule(0, 0, rng.normal(0, 0.1), 1.1, wide, wide), stem), Part(Outline((cap,)), surface)]
    )
