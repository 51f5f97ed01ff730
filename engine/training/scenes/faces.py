"""Faces close up: people and animals from the front, with hair, eyes, nose, mouth and ears as parts."""

from dataclasses import replace

import numpy as np

from engine.training.scenes import materials, palettes, shapes
from engine.training.scenes.canvas import Part
from engine.training.scenes.materials import Material
from engine.training.scenes.shapes import Outline


def _plain(rng: np.random.Generator, name: str) -> Material:
    return materials.make(rng, palettes.colour(rng, name))


def _tone(material: Material, red: float, green: float, blue: float) -> Material:
    factors = np.array([red, green, blue], np.float32)
    return replace(material, ramp=np.clip(material.ramp * factors, 0, 255), ragged=0.0)


def _eye(rng: np.random.Generator, x: float, y: float, size: float, iris: Material) -> Part:
    """An almond-shaped eye with an iris, a pupil and a glint."""
    t = np.linspace(0, np.pi, 10)
    high = size * rng.uniform(0.4, 0.7)
    almond = np.concatenate([np.stack([x + size * np.cos(t), y - high * np.sin(t)], 1),
                             np.stack([x - size * np.cos(t), y + 0.8 * high * np.sin(t)], 1)])  # fmt: skip
    eye = Part(Outline((almond,)), _plain(rng, "white"), seam=0.6)
    eye.children.append(Part(Outline((shapes.ellipse(x, y, size * 0.5, size * 0.5),)), iris))
    eye.children.append(
        Part(Outline((shapes.ellipse(x, y, size * 0.22, size * 0.22),)), _plain(rng, "dark"), own_mask=False)
    )
    glint = shapes.ellipse(x - size * 0.15, y - size * 0.15, size * 0.1, size * 0.1, 12)
    eye.children.append(Part(Outline((glint,)), _plain(rng, "white"), own_mask=False))
    return eye


def portrait(rng: np.random.Generator) -> Part:
    """A person from the chest up."""
    skin = materials.lit(materials.make(rng, palettes.colour(rng, "skin"), "smooth", 0.12), rng.uniform(0.5, 0.9))
    hair = materials.lit(
        materials.make(rng, palettes.colour(rng, "fur" if rng.random() < 0.7 else "dark"), "fur", 0.45), 0.4
    )
    hair = replace(hair, angle=np.pi / 2 + rng.normal(0, 0.3), ragged=rng.uniform(1, 5))
    cloth = materials.lit(materials.random_material(rng, palettes.colour(rng, "fabric")), 0.5)
    whole, turn = Part(), rng.normal(0, 0.06)
    wide, tall = rng.uniform(0.34, 0.42), rng.uniform(0.46, 0.54)
    if rng.random() < 0.5:
        mane = shapes.rounded_box(-wide * 1.25, -0.95, wide * 1.25, rng.uniform(-0.1, 0.8), 0.4)
        whole.children.append(Part(Outline((mane,)), hair))
    whole.children.append(Part(shapes.capsule(0, -0.2, 0, 0.35, 0.32, 0.36), skin))
    shoulders = np.array(
        [[-0.14, 0.2], [0.14, 0.2], [0.5, 0.32], [0.85, 0.5], [1.0, 1.2], [-1.0, 1.2], [-0.85, 0.5], [-0.5, 0.32]]
    )
    torso = Part(Outline((shoulders,)), cloth)
    if rng.random() < 0.5:
        drop = rng.uniform(0.3, 0.8)
        opening = np.array([[-0.16, 0.15], [0.16, 0.15], [0.0, drop]])
        inner = skin if rng.random() < 0.5 else _plain(rng, "white")
        torso.children.append(Part(Outline((opening,)), inner, own_mask=inner is not skin))
        if rng.random() < 0.5:
            tie = np.array([[-0.05, 0.24], [0.05, 0.24], [0.08, 0.9], [0, 1.0], [-0.08, 0.9]])
            torso.children.append(Part(Outline((tie,)), materials.random_material(rng)))
    whole.children.append(torso)
    head = Part()
    for side in (-1, 1):
        head.children.append(
            Part(Outline((shapes.ellipse(side * wide, -0.38, 0.06, 0.12),)), _tone(skin, 0.9, 0.8, 0.8))
        )
    face = Part(Outline((shapes.moved(shapes.superellipse(wide, tall, 2.3), 0, -0.4),)), skin)
    iris = _plain(rng, ("soil", "water", "foliage")[int(rng.integers(3))])
    for side in (-1, 1):
        x = side * wide * 0.45 + turn
        face.children.append(_eye(rng, x, -0.44, rng.uniform(0.055, 0.075), iris))
        brow = shapes.curve([(x - 0.09, -0.54), (x, -0.57), (x + 0.09, -0.54)], 0.025, 0.02)
        face.children.append(Part(brow, replace(hair, ragged=0.0), own_mask=False))
    nose = np.array([[turn, -0.44], [turn + 0.07, -0.23], [turn, -0.2], [turn - 0.07, -0.23]])
    face.children.append(Part(Outline((nose,)), _tone(skin, 0.93, 0.85, 0.83), own_mask=bool(rng.random() < 0.3)))
    mouth = shapes.leaf(rng) * [rng.uniform(0.1, 0.16), 0.12] + [turn, -0.09]
    face.children.append(Part(Outline((mouth,)), _tone(skin, 0.8, 0.45, 0.45)))
    if rng.random() < 0.2:
        beard = np.array(
            [
                [-wide, -0.3],
                [-wide * 0.6, -0.15],
                [0, -0.17],
                [wide * 0.6, -0.15],
                [wide, -0.3],
                [0.2, 0.2],
                [-0.2, 0.2],
            ]
        )
        face.children.insert(0, Part(Outline((beard,)), hair))
    head.children.append(face)
    if rng.random() < 0.2:
        lens = _plain(rng, "dark" if rng.random() < 0.6 else "glass")
        lens = replace(lens, opacity=rng.uniform(0.5, 1.0))
        glasses = Part(shapes.capsule(-wide, -0.46, wide, -0.46, 0.025), _plain(rng, "dark"))
        for side in (-1, 1):
            rim = shapes.moved(shapes.superellipse(wide * 0.36, 0.1, 3), side * wide * 0.45 + turn, -0.43)
            glasses.children.append(Part(Outline((rim,)), lens, clip=False))
        head.children.append(glasses)
    top = shapes.moved(shapes.superellipse(wide * 1.12, tall * 1.12, 2.2), 0, -0.42)
    line = -0.62 - rng.uniform(0, 0.12)
    crown = top[top[:, 1] < line + 0.1 * np.abs(top[:, 0])]
    if len(crown) > 3 and rng.random() < 0.9:
        hat = rng.random() < 0.25
        head.children.append(Part(Outline((crown * [1.05, 1.02],)), materials.random_material(rng) if hat else hair))
        if hat and rng.random() < 0.6:
            brim = shapes.ellipse(0, line, wide * 1.5, 0.07)
            head.children.append(Part(Outline((brim,)), _plain(rng, "fabric")))
    whole.children.append(head)
    return whole


def muzzle(rng: np.random.Generator) -> Part:
    """An animal's head from the front: ears, eyes, snout, nose, a patch of another colour at times."""
    base = palettes.colour(rng, "fur" if rng.random() < 0.75 else "stone")
    coat = materials.make(rng, base, "fur" if rng.random() < 0.6 else "noise", rng.uniform(0.2, 0.5))
    coat = materials.lit(coat, 0.8, 0, rng.uniform(2, 7))
    light = replace(coat, ramp=palettes.ramp(rng, palettes.jitter(rng, coat.ramp[200], 25), 0.25))
    whole = Part()
    if rng.random() < 0.6:
        body = shapes.moved(shapes.superellipse(rng.uniform(0.7, 1.1), 0.7, 2.5), rng.normal(0, 0.2), 0.75)
        whole.children.append(Part(Outline((body,)), coat))
    head = Part()
    hanging = rng.random() < 0.4
    for side in (-1, 1):
        if hanging:
            ear = shapes.ellipse(side * 0.6, -0.15, 0.18, rng.uniform(0.3, 0.5))
        else:
            tip = rng.uniform(-1.2, -0.8)
            ear = np.array([[side * 0.15, -0.5], [side * rng.uniform(0.4, 0.7), tip], [side * 0.62, -0.3]])
        part = Part(Outline((ear,)), coat, behind=not hanging)
        if not hanging and rng.random() < 0.7:
            inner = ear * 0.65 + ear.mean(0) * 0.35
            part.children.append(
                Part(Outline((inner,)), replace(_plain(rng, "skin"), ragged=1.5), own_mask=bool(rng.random() < 0.5))
            )
        head.children.append(part)
    skull = Part(Outline((shapes.superellipse(rng.uniform(0.5, 0.66), rng.uniform(0.5, 0.65), 2.2),)), coat)
    if rng.random() < 0.4:
        patch = Outline((shapes.coast(rng),)).mapped(shapes.somewhere(rng, 0.5, 0.2, 0.5))
        skull.children.append(Part(patch, light, own_mask=False))
    head.children.append(skull)
    iris = _plain(rng, ("dry_grass", "soil", "water", "dark")[int(rng.integers(4))])
    apart = rng.uniform(0.2, 0.32)
    for side in (-1, 1):
        head.children.append(_eye(rng, side * apart, -0.12, rng.uniform(0.07, 0.13), iris))
    snout = Part(
        Outline((shapes.moved(shapes.superellipse(rng.uniform(0.2, 0.35), rng.uniform(0.18, 0.3), 2.3), 0, 0.27),)),
        light,
    )
    snout.children.append(
        Part(
            Outline((shapes.moved(shapes.superellipse(0.1, 0.07, 2.6), 0, 0.14),)),
            materials.lit(_plain(rng, "dark"), 0.5, 0.5),
        )
    )
    snout.children.append(
        Part(shapes.curve([(-0.12, 0.36), (0, 0.32), (0.12, 0.36)], 0.02, 0.02), _plain(rng, "dark"), own_mask=False)
    )
    head.children.append(snout)
    whole.children.append(head)
    return whole
