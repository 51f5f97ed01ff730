"""Food close up: round dishes with toppings, layered and sliced things, bowls."""

import itertools
from dataclasses import replace

import numpy as np

from engine.training.scenes import materials, palettes, shapes
from engine.training.scenes.canvas import Part
from engine.training.scenes.materials import Material
from engine.training.scenes.shapes import Outline, placement


def _edible(rng: np.random.Generator, relief: float = 0.6) -> Material:
    name = ("fruit", "foliage", "skin", "sand", "brick", "soil", "dry_grass", "white")[int(rng.integers(8))]
    kind = ("noise", "grain", "smooth", "marble", "leaves")[int(rng.integers(5))]
    return materials.lit(
        materials.make(rng, palettes.colour(rng, name), kind, rng.uniform(0.1, 0.4)), relief, rng.uniform(0, 0.6)
    )


def pizza(rng: np.random.Generator) -> Part:
    """A flat round: crust, filling, toppings of two or three kinds; a slice missing at times."""
    tilt = rng.uniform(0.45, 1)
    crust = materials.lit(materials.make(rng, palettes.colour(rng, "sand"), "noise", 0.3), 0.6)
    rim = shapes.blob(rng, 0.03) * [1, tilt]
    whole = Part(Outline((rim,)), crust)
    filling = Part(Outline((rim * rng.uniform(0.75, 0.92),)), replace(_edible(rng), relief=0.1))
    for _ in range(int(rng.integers(1, 4))):
        topping, size = _edible(rng), rng.uniform(0.06, 0.17)
        outline = shapes.any_outline(rng) if rng.random() < 0.3 else Outline((shapes.blob(rng, 0.15),))
        for _ in range(int(rng.integers(3, 12))):
            turn, reach = rng.uniform(0, 6.3), 0.7 * rng.random() ** 0.5
            place = placement(
                reach * np.cos(turn), reach * np.sin(turn) * tilt, size, rng.uniform(0, 6.3), 1 / tilt**0.5
            )
            filling.children.append(Part(outline.mapped(place), topping))
    whole.children.append(filling)
    return whole


def cake(rng: np.random.Generator) -> Part:
    """Layers seen from the side under a top seen at a slant, with things on it."""
    count, high, slant = int(rng.integers(2, 6)), rng.uniform(0.4, 1.0), rng.uniform(0.15, 0.4)
    wide = 0.9
    t = np.linspace(0, np.pi, 20)
    front = np.stack([wide * np.cos(t), slant * np.sin(t)], 1)
    whole = Part()
    edges = np.linspace(0, high, count + 1)
    for top, bottom in itertools.pairwise(edges):
        band = np.concatenate([shapes.moved(front, 0, top - 0.01), shapes.moved(front, 0, bottom)[::-1]])
        whole.children.append(Part(Outline((band,)), _edible(rng)))
    icing = Part(Outline((shapes.ellipse(0, 0, wide, slant),)), replace(_edible(rng), relief=0.2))
    for _ in range(int(rng.integers(0, 9))):
        turn, reach = rng.uniform(0, 6.3), rng.uniform(0, 0.8)
        place = placement(wide * reach * np.cos(turn), slant * reach * np.sin(turn) - 0.05, rng.uniform(0.05, 0.13))
        icing.children.append(Part(Outline((shapes.blob(rng, 0.1),)).mapped(place), _edible(rng, 0.9), clip=False))
    whole.children.append(icing)
    return whole


def sandwich(rng: np.random.Generator) -> Part:
    """A stack of uneven layers: burger, sandwich, a pile of cloth or paper."""
    whole = Part()
    y = 0.6
    for _ in range(int(rng.integers(3, 8))):
        thick, wide = rng.uniform(0.06, 0.28), rng.uniform(0.7, 1.0)
        t = np.linspace(-1, 1, 24)
        wave = rng.uniform(0, 0.05) * np.sin(t * rng.uniform(5, 20))
        layer = np.concatenate(
            [np.stack([t * wide, y - thick + wave], 1), np.stack([t * wide, y + 0.05 + wave], 1)[::-1]]
        )
        whole.children.append(Part(Outline((layer,)), _edible(rng)))
        y -= thick
    t = np.linspace(np.pi, 2 * np.pi, 20)
    whole.children.append(
        Part(Outline((np.stack([0.95 * np.cos(t), y + 0.05 + 0.45 * np.sin(t)], 1),)), _edible(rng, 0.9))
    )
    return whole


def doughnut(rng: np.random.Generator) -> Part:
    """A ring with icing and sprinkles (which are no parts)."""
    tilt = rng.uniform(0.5, 1)
    dough = materials.lit(materials.make(rng, palettes.colour(rng, "sand"), "noise", 0.25), 0.9)
    whole = Part(Outline((shapes.ellipse(0, 0, 1, tilt), shapes.ellipse(0, 0, 0.3, 0.3 * tilt)), holes=True), dough)
    coat = (shapes.blob(rng, 0.05) * [0.85, 0.85 * tilt], shapes.ellipse(0, 0, 0.38, 0.36 * tilt))
    icing = Part(Outline(coat, holes=True), replace(_edible(rng), relief=0.5))
    for _ in range(int(rng.integers(0, 25))):
        turn, reach = rng.uniform(0, 6.3), rng.uniform(0.42, 0.78)
        x, y = reach * np.cos(turn), reach * np.sin(turn) * tilt
        dash = shapes.capsule(x, y, x + rng.normal(0, 0.06), y + rng.normal(0, 0.06), 0.04)
        icing.children.append(Part(dash, materials.make(rng, palettes.colour(rng, "paint")), own_mask=False))
    whole.children.append(icing)
    return whole


def bowl(rng: np.random.Generator) -> Part:
    """A bowl or cup full of something."""
    tilt, deep = rng.uniform(0.25, 0.5), rng.uniform(0.4, 1.0)
    side = materials.lit(materials.random_material(rng), 0.7, rng.uniform(0, 0.7))
    t = np.linspace(0, np.pi, 24)
    taper = rng.uniform(0.4, 0.9)
    wall = np.concatenate([[[1, 0]], np.stack([taper * np.cos(t), deep + 0.1 * np.sin(t)], 1), [[-1, 0]]])
    whole = Part(children=[Part(Outline((wall,)), side)])
    if rng.random() < 0.3:
        handle = shapes.curve([(0.9, 0.1), (1.35, 0.25), (0.85, deep * 0.7)], 0.13, 0.11)
        whole.children.insert(0, Part(handle, side))
    whole.children.append(Part(Outline((shapes.ellipse(0, 0, 1, tilt),)), side, own_mask=False))
    content = Part(Outline((shapes.ellipse(0, 0.02, 0.9, tilt * 0.88),)), replace(_edible(rng), relief=0.2))
    for _ in range(int(rng.integers(0, 8))):
        turn, reach = rng.uniform(0, 6.3), rng.uniform(0, 0.7)
        place = placement(reach * np.cos(turn), reach * np.sin(turn) * tilt, rng.uniform(0.1, 0.3), rng.uniform(0, 6.3))
        content.children.append(Part(Outline((shapes.blob(rng, 0.2),)).mapped(place), _edible(rng, 0.9)))
    whole.children.append(content)
    return whole
