"""Houses, facades and street furniture: walls with grids of windows, doors, balconies and roofs as nested parts."""

import itertools
from dataclasses import replace

import numpy as np

from engine.training.scenes import materials, palettes, shapes
from engine.training.scenes.canvas import Part
from engine.training.scenes.materials import Material
from engine.training.scenes.shapes import Outline, placement

_WALLS = ("plaster", "brick", "stone", "wood", "fabric", "white", "metal", "sand")


def _wall(rng: np.random.Generator) -> Material:
    kind = (None, None, "bricks", "noise", "grain", "planks", "tiles", "stripes", "smooth")[int(rng.integers(9))]
    base = palettes.colour(rng, _WALLS[int(rng.integers(len(_WALLS)))])
    return replace(materials.make(rng, base, kind, rng.uniform(0.05, 0.4), rng.uniform(0.4, 1.2)), angle=0.0)


def _pane(rng: np.random.Generator) -> Material:
    """Window glass: dark, reflecting, or lit from inside."""
    if rng.random() < 0.12:
        return materials.make(rng, palettes.hsv(rng.uniform(0.08, 0.15), rng.uniform(0.1, 0.5), rng.uniform(0.8, 1)))
    base = palettes.colour(rng, "glass") * np.float32(rng.uniform(0.2, 1))
    kind = (None, "smooth", "clouds", "clutter", "stripes")[int(rng.integers(5))]
    return replace(materials.make(rng, base, kind, rng.uniform(0.1, 0.5)), gradient=rng.normal(0, 0.3))


def window(rng: np.random.Generator, pane: Material, frame: Material, style: dict[str, bool], bars: int) -> Part:
    """A window filling -1..1: frame with panes, at times shutters, a sill, a curtain or an arch."""
    arch = style["arch"]
    outline = shapes.box(-1, -1, 1, 1)
    if arch:
        t = np.linspace(np.pi, 2 * np.pi, 14)
        outline = np.concatenate([np.stack([np.cos(t), 0.5 * np.sin(t) - 0.5], 1), [[1, 1], [-1, 1]]])
    whole = Part(Outline((outline,)), frame, seam=0.3)
    opening = Outline((outline * 0.86,))
    glass = Part(opening, pane)
    if style["curtain"] and rng.random() < 0.7:
        cloth = materials.make(rng, palettes.colour(rng, "white"), "fur", 0.2)
        drop = rng.uniform(-0.5, 0.9)
        glass.children.append(Part(Outline((shapes.box(-1, -1, 1, drop),)), cloth, own_mask=bool(rng.random() < 0.5)))
    whole.children.append(glass)
    for index in range(1, bars + 1):
        x = -1 + 2 * index / (bars + 1)
        whole.children.append(Part(shapes.capsule(x, -0.95, x, 0.95, 0.09), frame, own_mask=False))
    if bars and style["cross"]:
        whole.children.append(Part(shapes.capsule(-0.95, -0.2, 0.95, -0.2, 0.09), frame, own_mask=False))
    return whole


def _balcony(rng: np.random.Generator, material: Material) -> Part:
    """A balcony's parapet or railing in front of a window, in the window's frame."""
    if rng.random() < 0.6:
        return Part(Outline((shapes.box(-1.4, 0.3, 1.4, 1.15),)), material, clip=False)
    rails = [shapes.capsule(-1.4, y, 1.4, y, 0.1) for y in (0.3, 1.1)]
    rails += [shapes.capsule(x, 0.3, x, 1.1, 0.06) for x in np.linspace(-1.4, 1.4, 9)]
    return Part(Outline(strokes=tuple(s for r in rails for s in r.strokes)), material, clip=False)


def _floors(rng: np.random.Generator, wall: Part, x0: float, y0: float, x1: float, y1: float) -> None:
    """Fills a wall with a grid of alike windows, the ground floor with doors or shops at times."""
    columns, rows = int(rng.integers(2, 9)), int(rng.integers(2, 8))
    cell_x, cell_y = (x1 - x0) / columns, (y1 - y0) / rows
    half_x, half_y = cell_x * rng.uniform(0.22, 0.42), cell_y * rng.uniform(0.25, 0.4)
    pane = _pane(rng)
    frame = materials.make(
        rng, palettes.colour(rng, ("white", "wood", "dark", "metal", "plaster")[int(rng.integers(5))])
    )
    ledge = replace(_wall(rng), relief=0.0)
    style = {"arch": rng.random() < 0.15, "curtain": rng.random() < 0.3, "cross": rng.random() < 0.4}
    bars = int(rng.integers(0, 4))
    shutters = _wall(rng) if rng.random() < 0.25 else None
    balconies = rng.choice(columns, columns // 2, replace=False) if rng.random() < 0.4 else np.array([], int)
    skip = rng.uniform(0, 0.1)
    for row in range(rows):
        if rng.random() < 0.15:
            y = y0 + row * cell_y
            wall.children.append(
                Part(Outline((shapes.box(x0, y - 0.01, x1, y + 0.015),)), ledge, own_mask=bool(rng.random() < 0.4))
            )
        for column in range(columns):
            x, y = x0 + (column + 0.5) * cell_x, y0 + (row + 0.5) * cell_y
            if rng.random() < skip:
                continue
            place = np.diag([half_x, half_y, 1.0])
            place[:2, 2] = x, y
            if row == rows - 1 and rng.random() < 0.25:
                door = Part(Outline((shapes.box(-0.7, -0.9, 0.7, 1.5),)), materials.random_material(rng), seam=0.5)
                door.children.append(Part(Outline((shapes.ellipse(0.5, 0.4, 0.09, 0.07),)), frame))
                wall.children.append(door.mapped(place))
                continue
            lit = pane if rng.random() < 0.7 else _pane(rng)
            wall.children.append(window(rng, lit, frame, style, bars).mapped(place))
            if shutters is not None:
                for side in (-1, 1):
                    leaf = Part(Outline((shapes.box(side * 1.05, -1, side * 1.75, 1),)), shutters, clip=False)
                    wall.children.append(leaf.mapped(place))
            if column in balconies and row < rows - 1:
                wall.children.append(_balcony(rng, ledge).mapped(place))


def facade(rng: np.random.Generator) -> Part:
    """A building front, about 2 wide, standing on y = 1: wall, floors of windows, a roof; seen at a slant at times."""
    wall = Part(Outline((shapes.box(-1, -1, 1, 1),)), _wall(rng))
    base = 1.0
    if rng.random() < 0.4:
        base = rng.uniform(0.7, 0.85)
        wall.children.append(Part(Outline((shapes.box(-1, base, 1, 1),)), _wall(rng)))
    _floors(rng, wall, -0.92, -0.92, 0.92, base)
    whole = Part(children=[wall])
    if rng.random() < 0.5:
        roof_tone = materials.make(
            rng, palettes.colour(rng, ("brick", "asphalt", "dark")[int(rng.integers(3))]), "tiles", 0.2, 0.4
        )
        inset, top = rng.uniform(0, 0.3), -1 - rng.uniform(0.06, 0.4)
        roof = Part(
            Outline((np.array([[-1.05, -0.98], [-1 + inset, top], [1 - inset, top], [1.05, -0.98]]),)), roof_tone
        )
        for x in rng.uniform(-0.8, 0.8, int(rng.integers(0, 4))):
            chimney = shapes.box(x - 0.05, top - rng.uniform(0.05, 0.2), x + 0.05, top + 0.1)
            whole.children.append(Part(Outline((chimney,)), _wall(rng), behind=True))
        whole.children.append(roof)
    if rng.random() < 0.6:
        slant = np.eye(3)
        slant[2, :2] = rng.normal(0, 0.12), rng.normal(0, 0.1)
        slant[1, 0] = rng.normal(0, 0.06)
        whole = whole.mapped(slant)
    return whole


def house(rng: np.random.Generator) -> Part:
    """A small house: gabled or hipped roof, door with a handle, windows, chimney."""
    wide, high = rng.uniform(0.6, 1.0), rng.uniform(0.45, 0.8)
    wall = Part(Outline((shapes.box(-wide, -0.1, wide, high),)), _wall(rng))
    frame = materials.make(rng, palettes.colour(rng, "white"))
    style = {"arch": False, "curtain": rng.random() < 0.4, "cross": rng.random() < 0.5}
    slots = np.linspace(-wide, wide, int(rng.integers(3, 6)))
    pane, door_at = _pane(rng), int(rng.integers(len(slots) - 1))
    for index, (left, right) in enumerate(itertools.pairwise(slots)):
        middle, half = (left + right) / 2, (right - left) * 0.3
        if index == door_at:
            door = Part(
                Outline((shapes.box(middle - half * 0.7, 0.15, middle + half * 0.7, high),)),
                materials.random_material(rng),
            )
            door.children.append(Part(Outline((shapes.ellipse(middle + half * 0.45, 0.45, 0.03, 0.03),)), frame))
            wall.children.append(door)
        else:
            place = np.diag([half, 0.16, 1.0])
            place[:2, 2] = middle, 0.25
            wall.children.append(window(rng, pane, frame, style, int(rng.integers(0, 3))).mapped(place))
    tone = materials.make(
        rng, palettes.colour(rng, ("brick", "asphalt", "wood", "dark")[int(rng.integers(4))]), "bricks", 0.25, 0.4
    )
    peak, inset = -rng.uniform(0.4, 0.9), rng.uniform(0.1, wide)
    roof = Part(
        Outline((np.array([[-wide - 0.1, -0.05], [-wide + inset, peak], [wide - inset, peak], [wide + 0.1, -0.05]]),)),
        tone,
    )
    x = rng.uniform(-0.5, 0.5) * wide
    chimney = Part(Outline((shapes.box(x - 0.07, peak - 0.15, x + 0.07, peak * 0.4),)), _wall(rng))
    return Part(children=[chimney, wall, roof])


def fence(rng: np.random.Generator) -> Part:
    """A fence or railing: one mask, many thin posts."""
    material = materials.make(rng, palettes.colour(rng, ("wood", "white", "dark", "metal")[int(rng.integers(4))]))
    posts = np.linspace(-1.5, 1.5, int(rng.integers(6, 24)))
    thick = 3 / len(posts) * rng.uniform(0.12, 0.6)
    high = rng.uniform(0.2, 0.5)
    lines = [shapes.capsule(x, -high, x, high, thick) for x in posts]
    lines += [shapes.capsule(-1.5, y, 1.5, y, rng.uniform(0.03, 0.08)) for y in (-high * 0.6, high * 0.6)]
    return Part(Outline(strokes=tuple(s for line in lines for s in line.strokes)), material)


def street_lamp(rng: np.random.Generator) -> Part:
    """A lamp or traffic light on a pole."""
    pole_tone = materials.make(rng, palettes.colour(rng, "dark" if rng.random() < 0.5 else "metal"))
    whole = Part(children=[Part(shapes.capsule(0, 1, 0, -0.8, 0.07, 0.05), pole_tone)])
    if rng.random() < 0.5:
        box = Part(Outline((shapes.rounded_box(-0.14, -1.2, 0.14, -0.5, 0.05),)), pole_tone)
        for y, hue in ((-1.05, 0.0), (-0.85, 0.13), (-0.65, 0.38)):
            tone = materials.make(rng, palettes.hsv(hue, 0.8, rng.uniform(0.2, 1)))
            box.children.append(Part(Outline((shapes.ellipse(0, y, 0.08, 0.08),)), tone))
        whole.children.append(box)
    else:
        arm = shapes.curve([(0, -0.75), (0.1, -1.0), (0.45, -1.02)], 0.05, 0.04)
        whole.children.append(Part(arm, pole_tone, own_mask=False))
        glow = materials.make(rng, palettes.colour(rng, "white"))
        whole.children.append(Part(Outline((shapes.ellipse(0.5, -0.98, 0.16, 0.07),)), glow))
    return whole.mapped(placement(0, 0, 1, 0, 1, bool(rng.random() < 0.5)))
