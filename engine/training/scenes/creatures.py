"""People and animals: articulated bodies with clothes, limbs and heads as parts."""

from dataclasses import replace

import numpy as np

from engine.training.scenes import materials, palettes, shapes
from engine.training.scenes.canvas import Part
from engine.training.scenes.materials import Material
from engine.training.scenes.shapes import Outline


def _cloth(rng: np.random.Generator) -> Material:
    if rng.random() < 0.2:
        return materials.lit(materials.print_material(rng, palettes.colour(rng, "fabric")), 0.6)
    kinds = (None, "weave", "noise", "fur", "marble", None)
    base = palettes.colour(rng, ("fabric", "dark", "white", "fabric", "paint")[int(rng.integers(5))])
    return materials.lit(
        materials.make(rng, base, kinds[int(rng.integers(6))], rng.uniform(0.1, 0.4)), rng.uniform(0.4, 1)
    )


def person(rng: np.random.Generator) -> Part:
    """A standing, walking or sitting person, about two units tall: hair, face, arms, clothes, shoes."""
    skin = materials.lit(materials.make(rng, palettes.colour(rng, "skin"), contrast=0.12), 0.6)
    hair = materials.make(rng, palettes.colour(rng, "fur" if rng.random() < 0.7 else "dark"), "fur", 0.3)
    top, bottom, shoe = _cloth(rng), _cloth(rng), _cloth(rng)
    long_sleeves, long_legs = rng.random() < 0.6, rng.random() < 0.7
    shoulder, hip = rng.uniform(0.19, 0.28), rng.uniform(0.15, 0.24)
    stride, bend = rng.normal(0, 0.15), abs(rng.normal(0, 0.08))
    whole = Part()

    def limb(points: list[tuple[float, float]], width: float, cover: Material, covered: float, end: Material) -> Part:
        """A limb in skin, its upper share `covered` with cloth, with a hand or shoe at its end."""
        part = Part(shapes.curve(points, width, width * 0.65), skin if covered < 1 else cover)
        if 0 < covered < 1:
            (x0, y0), (x1, y1) = points[0], points[1]
            x1, y1 = x0 + (x1 - x0) * covered * 1.6, y0 + (y1 - y0) * covered * 1.6
            part.children.append(Part(shapes.capsule(x0, y0, x1, y1, width * 1.15, width), cover, clip=False))
        tip = shapes.ellipse(points[-1][0], points[-1][1], width * 0.55, width * 0.55)
        part.children.append(Part(Outline((tip,)), end, clip=False))
        return part

    for side in (-1, 1):
        knee = (side * hip * 0.6 + stride * side, 0.45 + rng.normal(0, 0.02))
        foot = (side * hip * 0.6 + stride * side * 2 - bend * 0.5, 0.93 - abs(stride) * 0.1)
        whole.children.append(
            limb([(side * hip * 0.5, 0.02), knee, foot], 0.17, bottom, 1.0 if long_legs else 0.5, shoe)
        )
    elbow, hand = (-shoulder - 0.08 - bend, -0.22), (-shoulder - rng.uniform(-0.2, 0.15), 0.06)
    whole.children.append(limb([(-shoulder, -0.5), elbow, hand], 0.11, top, 1.0 if long_sleeves else 0.5, skin))
    if rng.random() < 0.3:
        skirt = np.array([[-hip, -0.12], [hip, -0.12], [hip + rng.uniform(0, 0.3), rng.uniform(0.2, 0.7)],
                          [-hip - rng.uniform(0, 0.3), rng.uniform(0.2, 0.7)]])  # fmt: skip
        whole.children.append(Part(Outline((skirt,)), bottom))
    else:
        trousers = shapes.rounded_box(-hip, -0.12, hip, 0.14, 0.08)
        whole.children.append(Part(Outline((trousers,)), bottom))
    hem = rng.uniform(-0.1, 0.2)
    side = [(0.09, -0.6), (shoulder, -0.54), (shoulder * 1.05, -0.3), (hip, hem)]
    chest = np.array([*side, *((-x, y) for x, y in reversed(side))])
    torso = Part(Outline((chest,)), top)
    if rng.random() < 0.35:
        gap = rng.uniform(0.04, 0.12)
        shirt = np.array([[-gap, -0.62], [gap, -0.62], [gap * 0.7, 0.2], [-gap * 0.7, 0.2]])
        torso.children.append(Part(Outline((shirt,)), _cloth(rng)))
    if rng.random() < 0.3:
        torso.children.append(Part(Outline((shapes.box(-0.4, -0.16, 0.4, -0.1),)), _cloth(rng)))
    whole.children.append(torso)
    arm_end = (shoulder + rng.uniform(-0.35, 0.25), rng.uniform(-0.3, 0.08))
    whole.children.append(limb([(shoulder, -0.5), (shoulder + 0.08 + bend, -0.24), arm_end], 0.11, top,
                               1.0 if long_sleeves else 0.5, skin))  # fmt: skip
    if rng.random() < 0.35:
        bag = Part(Outline((shapes.rounded_box(-1, -0.8, 1, 0.8, 0.3),)), _cloth(rng))
        whole.children.append(bag.mapped(shapes.placement(arm_end[0], arm_end[1] + 0.12, rng.uniform(0.08, 0.16))))
    whole.children.append(_head(rng, skin, hair))
    return whole


def _head(rng: np.random.Generator, skin: Material, hair: Material) -> Part:
    """A head at the top of a person: neck, hair behind and over the face, at times eyes, a mouth, a hat."""
    head = Part()
    head.children.append(Part(shapes.capsule(0, -0.6, 0, -0.7, 0.09), skin, own_mask=False))
    long_hair = rng.uniform(0.1, 0.36)
    if rng.random() < 0.5:
        mane = shapes.rounded_box(-0.125, -0.98, 0.125, -0.85 + long_hair, 0.12)
        head.children.append(Part(Outline((mane,)), replace(hair, ragged=1.5)))
    face = Part(Outline((shapes.ellipse(0, -0.81, 0.1, 0.135),)), skin)
    if rng.random() < 0.6:
        dark = materials.make(rng, palettes.colour(rng, "dark"))
        for x in (-0.04, 0.04):
            face.children.append(Part(Outline((shapes.ellipse(x, -0.83, 0.016, 0.011),)), dark, own_mask=False))
        lips = replace(skin, ramp=skin.ramp * np.array([0.8, 0.5, 0.5], np.float32))
        face.children.append(Part(Outline((shapes.ellipse(0, -0.745, 0.03, 0.008),)), lips, own_mask=False))
    head.children.append(face)
    fringe = shapes.ellipse(0, -0.81, 0.11, 0.15, 40)
    fringe = fringe[fringe[:, 1] < -0.84 + rng.normal(0, 0.02)]
    if len(fringe) > 2 and rng.random() < 0.85:
        cover = _cloth(rng) if rng.random() < 0.25 else replace(hair, ragged=1.0)
        head.children.append(Part(Outline((fringe * [1.08, 1.03],)), cover))
    return head


def quadruped(rng: np.random.Generator) -> Part:
    """A four-legged animal in side view, facing right: coat of one pattern; legs, tail, head and ears are parts."""
    base = palettes.colour(rng, "fur" if rng.random() < 0.75 else "stone")
    if rng.random() < 0.3:
        ramp = palettes.ramp_between(rng, [base, palettes.colour(rng, "fur"), palettes.colour(rng, "white")], hard=True)
        coat = replace(materials.make(rng, base, "spots"), ramp=ramp)
    else:
        coat = materials.make(rng, base, ("fur", "noise", "grain")[int(rng.integers(3))], rng.uniform(0.1, 0.5), 0.7)
    coat = materials.lit(coat, rng.uniform(0.5, 1), 0, rng.uniform(1.0, 4.0))
    dark = replace(coat, ramp=coat.ramp * np.float32(0.75))
    leg, thick, length = rng.uniform(0.3, 0.9), rng.uniform(0.1, 0.2), rng.uniform(0.5, 0.9)
    belly = rng.uniform(0.25, 0.42)
    whole = Part()

    def legs(surface: Material, shift: float) -> None:
        for x in (-length * 0.8, length * 0.75):
            swing = rng.normal(0, 0.12)
            points = [(x + shift, 0.05), (x + shift + swing, leg * 0.5 + 0.1), (x + shift + swing * 0.6, leg + 0.1)]
            whole.children.append(Part(shapes.curve(points, thick * 1.5, thick * 0.7), surface))

    legs(dark, 0.12)
    tail = [(-length, -0.1), (-length - 0.25, rng.uniform(-0.5, 0.3)), (-length - 0.4, rng.uniform(-0.7, 0.6))]
    whole.children.append(Part(shapes.curve(tail, thick * 0.7, thick * 0.4), coat))
    trunk = shapes.superellipse(length * 1.12, belly, 2.6)
    trunk[:, 1] -= 0.08 * np.sin(trunk[:, 0] * 2)
    whole.children.append(Part(Outline((trunk,)), coat))
    legs(coat, 0.0)
    hx, hy = length + rng.uniform(0.1, 0.35), -rng.uniform(0.15, 0.8)
    neck = shapes.capsule(length * 0.75, -0.1, hx, hy, belly * 1.2, belly * 0.7)
    whole.children.append(Part(neck, coat, own_mask=False))
    head = Part(
        Outline((shapes.ellipse(hx, hy, 0.22, 0.18), shapes.ellipse(hx + 0.2, hy + 0.07, rng.uniform(0.1, 0.22), 0.1))),
        coat,
    )
    black = materials.lit(materials.make(rng, palettes.colour(rng, "dark")), 0, 0)
    head.children.append(Part(Outline((shapes.ellipse(hx + 0.07, hy - 0.05, 0.03, 0.03),)), black, own_mask=False))
    head.children.append(Part(Outline((shapes.ellipse(hx + 0.36, hy + 0.05, 0.05, 0.045),)), black))
    ear = np.array([[-0.09, 0.05], [0.05, 0.05], [rng.uniform(-0.15, 0.05), -rng.uniform(0.1, 0.3)]])
    head.children.append(Part(Outline((ear + np.array([hx - 0.05, hy - 0.14]),)), dark, clip=False))
    whole.children.append(head)
    return whole


def bird(rng: np.random.Generator) -> Part:
    """A perched or flying bird: body, wing, tail, beak, legs."""
    coat = materials.lit(materials.make(rng, palettes.colour(rng), "fur", 0.3, 0.6), 0.8, 0, 1.5)
    wing_coat = replace(coat, ramp=palettes.ramp(rng, palettes.jitter(rng, coat.ramp[128], 35), 0.35))
    orange = materials.make(rng, palettes.colour(rng, "fruit"))
    torso = shapes.ellipse(0, 0, 0.62, 0.4)
    tail = np.array([[-0.45, -0.12], [-1.15, rng.uniform(-0.3, 0.3)], [-1.05, rng.uniform(0.1, 0.4)], [-0.4, 0.15]])
    whole = Part(children=[Part(Outline((tail,)), wing_coat)])
    for x in (-0.05, 0.1):
        whole.children.append(Part(shapes.capsule(x, 0.3, x + 0.03, 0.72, 0.05, 0.03), orange))
    whole.children.append(Part(Outline((torso,)), coat))
    whole.children.append(
        Part(Outline((shapes.leaf(rng) * [0.55, 0.6] + [-0.15, rng.uniform(-0.15, 0.05)],)), wing_coat)
    )
    head = Part(Outline((shapes.ellipse(0.55, -0.35, 0.26, 0.25),)), coat)
    head.children.append(
        Part(Outline((shapes.ellipse(0.62, -0.4, 0.045, 0.045),)), materials.make(rng, palettes.colour(rng, "dark")))
    )
    beak = np.array([[0.76, -0.42], [1.02 + rng.uniform(0, 0.3), -0.3], [0.76, -0.24]])
    head.children.append(Part(Outline((beak,)), orange, clip=False))
    whole.children.append(head)
    return whole


def fish(rng: np.random.Generator) -> Part:
    """A fish in side view: body with a pattern, fins, tail, eye."""
    surface = materials.random_material(rng)
    body = shapes.leaf(rng) * [1, rng.uniform(1, 2)]
    fin = replace(surface, ramp=surface.ramp * np.float32(rng.uniform(0.6, 1.3)))
    tail = np.array([[-0.8, 0], [-1.3, -rng.uniform(0.2, 0.5)], [-1.15, 0], [-1.3, rng.uniform(0.2, 0.5)]])
    top = np.array([[-0.3, -0.2], [rng.uniform(-0.4, 0), -rng.uniform(0.4, 0.8)], [0.35, -0.2]])
    whole = Part(children=[Part(Outline((tail,)), fin), Part(Outline((top,)), fin), Part(Outline((body,)), surface)])
    eye = Part(Outline((shapes.ellipse(0.68, -0.06, 0.07, 0.07),)), materials.make(rng, palettes.colour(rng, "white")))
    eye.children.append(
        Part(Outline((shapes.ellipse(0.69, -0.06, 0.035, 0.035),)), materials.make(rng, palettes.colour(rng, "dark")))
    )
    whole.children.append(eye)
    return whole
