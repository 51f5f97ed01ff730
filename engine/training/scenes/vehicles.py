"""Vehicles with nested parts: cars from the side, the front and at an angle, buses, lorries, boats, aircraft."""

import itertools
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from engine.training.scenes import materials, palettes, shapes
from engine.training.scenes.canvas import Part
from engine.training.scenes.materials import Material
from engine.training.scenes.shapes import Outline, placement


def _paint(rng: np.random.Generator) -> Material:
    names = ("paint", "paint", "white", "dark", "metal", "fabric")
    base = palettes.colour(rng, names[int(rng.integers(6))])
    return replace(materials.make(rng, base, contrast=0.15), relief=rng.uniform(0.2, 0.7), gloss=rng.uniform(0, 0.5),
                   kind=None if rng.random() < 0.6 else "smooth")  # fmt: skip


def _glass(rng: np.random.Generator) -> Material:
    """Dark or sky-reflecting panes; reflections are texture."""
    base = palettes.colour(rng, "glass") * np.float32(rng.uniform(0.3, 1.0))
    kind = (None, "smooth", "clouds", "clutter", "noise")[int(rng.integers(5))]
    return replace(
        materials.make(rng, base, kind, rng.uniform(0.1, 0.6), rng.uniform(0.5, 2)), gradient=rng.normal(0, 0.35)
    )


def _dark(rng: np.random.Generator) -> Material:
    return materials.make(rng, palettes.colour(rng, "dark"))


def _lamp(rng: np.random.Generator, red: bool) -> Material:
    base = palettes.hsv(0.99 if red else 0.12, 0.85 if red else 0.08, rng.uniform(0.5, 1))
    return replace(materials.make(rng, base), gloss=0.5, relief=0.4)


def wheel(rng: np.random.Generator, x: float, y: float, radius: float) -> Part:
    """Tyre, rim and hub; spokes or openings are decoration on the rim."""
    rim_tone = materials.make(rng, palettes.colour(rng, "metal" if rng.random() < 0.8 else "dark"))
    tyre = Part(Outline((shapes.ellipse(0, 0, 1, 1),)), materials.lit(_dark(rng), 0.3))
    share = rng.uniform(0.5, 0.78)
    rim = Part(Outline((shapes.ellipse(0, 0, share, share),)), materials.lit(rim_tone, 0.5, rng.uniform(0, 0.7)))
    count, shade = int(rng.integers(4, 11)), _dark(rng)
    style, turn = rng.random(), rng.uniform(0, 6)
    for index in range(count if style < 0.85 else 0):
        angle = turn + index * 2 * np.pi / count
        middle = share * 0.62
        size = share * min(0.26, 1.4 / count)
        hole = shapes.ellipse(0, 0, size * 1.3, size * 0.8, 12)
        place = placement(middle * np.cos(angle), middle * np.sin(angle), 1, angle)
        rim.children.append(Part(Outline((hole,)).mapped(place), shade, own_mask=False))
    if rng.random() < 0.5:
        rim.children.append(Part(Outline((shapes.ellipse(0, 0, share * 0.2, share * 0.2, 16),)), rim_tone))
    tyre.children.append(rim)
    return tyre.mapped(placement(x, y, radius))


def car_side(rng: np.random.Generator, paint: Material | None = None) -> Part:
    """A car seen from the side, facing right, about 2 wide and 0.9 tall."""
    paint = paint or _paint(rng)
    sill, beltline, roof = 0.3, rng.uniform(-0.18, -0.05), rng.uniform(-0.6, -0.42)
    front, rear = rng.uniform(0.15, 0.4), rng.uniform(-0.95, -0.6)
    top_front, top_rear = front - rng.uniform(0.12, 0.3), rear + rng.uniform(0.02, 0.25)
    hood = beltline + rng.uniform(0.0, 0.06)
    body = np.array([
        [-0.98, sill], [-1.0, beltline + 0.12], [-0.96, beltline], [rear, beltline - 0.02], [top_rear, roof + 0.03],
        [top_rear + 0.12, roof], [top_front - 0.1, roof], [top_front, roof + 0.03], [front, beltline],
        [0.8, hood + 0.05], [0.97, hood + 0.15], [1.0, sill - 0.08], [0.97, sill],
    ])  # fmt: skip
    shell = Part(Outline((body,)), paint)
    glass = _glass(rng)
    inset = 0.04
    cabin = np.array([[rear + inset * 2, beltline - 0.02], [top_rear + inset, roof + inset * 1.5],
                      [top_front - inset, roof + inset * 1.5], [front - inset * 2, beltline - 0.02]])  # fmt: skip
    pillars = np.linspace(rear + 0.25, front - 0.25, int(rng.integers(1, 3)) + 1)[: int(rng.integers(1, 3))]
    edges = [-2.0, *pillars.tolist(), 2.0]
    for left, right in itertools.pairwise(edges):
        pane = Part(Outline((cabin,)), None, own_mask=False)
        pane.children.append(Part(Outline((shapes.box(left + 0.02, -1, right - 0.02, 1),)), glass))
        shell.children.append(pane)
    doors = [rear + 0.15, *pillars.tolist(), front]
    for left, right in itertools.pairwise(doors):
        if right - left < 0.15:
            continue
        door = Part(
            Outline((shapes.rounded_box(left, beltline, right, sill - 0.04, 0.05),)), paint, seam=rng.uniform(0.4, 0.9)
        )
        handle = shapes.rounded_box(left + 0.03, beltline + 0.06, left + 0.14, beltline + 0.09, 0.02)
        door.children.append(Part(Outline((handle,)), materials.make(rng, palettes.colour(rng, "metal"))))
        shell.children.append(door)
    shell.children.append(Part(Outline((shapes.ellipse(0.93, hood + 0.17, 0.1, 0.05),)), _lamp(rng, False)))
    shell.children.append(Part(Outline((shapes.ellipse(-0.95, beltline + 0.1, 0.07, 0.06),)), _lamp(rng, True)))
    bumper = paint if rng.random() < 0.5 else _dark(rng)
    shell.children.append(Part(Outline((shapes.box(0.84, sill - 0.14, 1.1, sill + 0.1),)), bumper, seam=0.6))
    shell.children.append(Part(Outline((shapes.box(-1.1, sill - 0.14, -0.86, sill + 0.1),)), bumper, seam=0.6))
    whole = Part(children=[shell])
    mirror = shapes.rounded_box(front - 0.12, beltline - 0.06, front, beltline + 0.03, 0.03)
    whole.children.append(Part(Outline((mirror,)), paint if rng.random() < 0.6 else _dark(rng)))
    radius = rng.uniform(0.17, 0.22)
    for x in (-0.62, 0.62):
        arch = Part(Outline((shapes.ellipse(x, sill, radius * 1.15, radius * 1.15),)), _dark(rng), own_mask=False)
        whole.children.extend((arch, wheel(rng, x, sill + 0.03, radius)))
    return whole


def car_front(rng: np.random.Generator, paint: Material | None = None) -> Part:
    """A car seen from the front (or the back), about 1.5 wide and 1.2 tall."""
    paint = paint or _paint(rng)
    back = rng.random() < 0.4
    belt = rng.uniform(-0.12, 0.0)
    half = [(0.35, -0.58), (0.45, -0.52), (0.55, belt - 0.06), (0.68, belt), (0.75, 0.1), (0.72, 0.4)]
    body = np.array([*half, *((-x, y) for x, y in reversed(half))])
    shell = Part(Outline((body,)), paint)
    screen = np.array([[-0.5, belt - 0.05], [-0.4, -0.5], [0.4, -0.5], [0.5, belt - 0.05]])
    shell.children.append(Part(Outline((screen,)), _glass(rng)))
    hood = np.array([[-0.62, 0.08], [-0.52, belt], [0.52, belt], [0.62, 0.08]])
    shell.children.append(Part(Outline((hood,)), paint, seam=0.6))
    high = rng.uniform(0.04, 0.09)
    for side in (-1, 1):
        lamp = shapes.blob(rng, 0.12) * [0.13, high] + [side * 0.56, 0.14]
        shell.children.append(Part(Outline((lamp,)), _lamp(rng, back), seam=0.3))
    if not back:
        grille = shapes.rounded_box(-0.35, 0.1, 0.35, rng.uniform(0.18, 0.3), 0.05)
        stripes = replace(_dark(rng), kind="stripes", zoom=0.4)
        shell.children.append(Part(Outline((grille,)), stripes))
    bumper = paint if rng.random() < 0.6 else _dark(rng)
    shell.children.append(Part(Outline((shapes.rounded_box(-0.78, 0.24, 0.78, 0.45, 0.06),)), bumper, seam=0.7))
    plate = Part(
        Outline((shapes.box(-0.17, 0.26, 0.17, 0.34),)),
        materials.make(rng, palettes.colour(rng, "white"), "glyphs", 0.5, 0.5),
    )
    shell.children.append(plate)
    whole = Part()
    for side in (-1, 1):
        tyre = shapes.rounded_box(side * 0.6 - 0.1, 0.2, side * 0.6 + 0.1, 0.56, 0.05)
        whole.children.append(Part(Outline((tyre,)), _dark(rng)))
    whole.children.append(shell)
    for side in (-1, 1):
        mirror = shapes.ellipse(side * 0.66, belt - 0.08, 0.09, 0.06)
        whole.children.append(Part(Outline((mirror,)), paint))
    return whole


def _quad(x0: float, x1: float, near0: float, near1: float) -> NDArray[np.float64]:
    """A homography of x in -1..1 to x0..x1, with vertical scale `near0` at x = -1 and `near1` at x = 1."""
    ratio = (near1 - near0) / (near1 + near0)
    # w = 1 - ratio·x makes the size at ±1 proportional to the two scales.
    scale = 2 * near0 * near1 / (near0 + near1)
    matrix = np.array([[0.0, 0, 0], [0, scale, 0], [-ratio, 0, 1]])
    left, right = x0 * (1 + ratio), x1 * (1 - ratio)
    matrix[0, 0], matrix[0, 2] = (right - left) / 2, (right + left) / 2
    return matrix


def car_angled(rng: np.random.Generator) -> Part:
    """A car at an angle: its side receding to the left, its front to the right."""
    paint = _paint(rng)
    share = rng.uniform(0.35, 0.65)
    corner = 1 - 2 * share * 0.6
    side = car_side(rng, paint).mapped(_quad(-1, corner, rng.uniform(0.6, 0.9), 1.0))
    tone = replace(paint, ramp=np.clip(paint.ramp * np.float32(rng.uniform(0.7, 1.25)), 0, 255))
    face = (
        car_front(rng, tone)
        .mapped(np.array([[1.3, 0.3, 0], [0, 0.85, 0.0], [0, 0, 1]]))
        .mapped(_quad(corner - 0.04, 1, 1.0, rng.uniform(0.75, 0.95)))
    )
    return Part(children=[*side.children, *face.children])


def bus(rng: np.random.Generator) -> Part:
    """A bus, tram, van or railway carriage in side view: a row of windows, doors, stripes, wheels."""
    paint = _paint(rng)
    high = rng.uniform(0.3, 0.55)
    shell = Part(Outline((shapes.rounded_box(-1, -high, 1, 0.4, 0.1),)), paint)
    if rng.random() < 0.6:
        stripe = shapes.box(-1.2, 0.02, 1.2, rng.uniform(0.06, 0.25))
        shell.children.append(Part(Outline((stripe,)), _paint(rng), own_mask=False))
    glass, count = _glass(rng), int(rng.integers(3, 9))
    gap = 1.9 / count
    for index in range(count):
        x = -0.95 + index * gap
        if rng.random() < 0.2:
            door = Part(Outline((shapes.box(x + 0.02, -high + 0.08, x + gap - 0.02, 0.38),)), paint, seam=0.7)
            door.children.append(Part(Outline((shapes.box(x + 0.05, -high + 0.12, x + gap - 0.05, 0.1),)), glass))
            shell.children.append(door)
        else:
            shell.children.append(
                Part(Outline((shapes.rounded_box(x + 0.02, -high + 0.1, x + gap - 0.02, -0.02, 0.03),)), glass)
            )
    whole = Part(children=[shell])
    for x in (-0.65, 0.6) if rng.random() < 0.7 else (-0.75, -0.55, 0.55, 0.75):
        whole.children.append(wheel(rng, x, 0.4, rng.uniform(0.09, 0.15)))
    return whole


def lorry(rng: np.random.Generator) -> Part:
    """A lorry facing right: a box or tank, a cab with window, lamps and wheels."""
    load = materials.random_material(rng) if rng.random() < 0.5 else _paint(rng)
    whole = Part(children=[Part(Outline((shapes.box(-1, 0.25, 0.95, 0.36),)), _dark(rng))])
    box = Part(Outline((shapes.rounded_box(-1, -rng.uniform(0.3, 0.7), 0.4, 0.27, rng.choice([0.0, 0.25])),)), load)
    if rng.random() < 0.5:
        box.children.append(Part(shapes.letter(rng).mapped(placement(-0.3, -0.05, 0.2)), _paint(rng)))
    whole.children.append(box)
    top = -rng.uniform(0.15, 0.4)
    cab = np.array([[0.46, 0.36], [0.46, top], [0.75, top], [0.92, 0.0], [0.98, 0.1], [0.98, 0.36]])
    front = Part(Outline((cab,)), _paint(rng))
    front.children.append(
        Part(Outline((np.array([[0.58, 0.0], [0.58, top + 0.06], [0.74, top + 0.06], [0.86, 0.0]]),)), _glass(rng))
    )
    front.children.append(Part(Outline((shapes.ellipse(0.95, 0.2, 0.04, 0.05),)), _lamp(rng, False)))
    whole.children.append(front)
    whole.children.extend(wheel(rng, x, 0.4, 0.14) for x in (-0.8, -0.5, 0.7))
    return whole


def bicycle(rng: np.random.Generator) -> Part:
    """A bicycle or motorcycle: two thin rings with spokes, a frame of tubes, saddle and handlebar."""
    paint = _paint(rng)
    dark = _dark(rng)
    radius, thick = rng.uniform(0.38, 0.46), rng.uniform(0.03, 0.09)
    whole = Part()
    for x in (-0.56, 0.56):
        ring = Outline(
            (shapes.ellipse(x, 0.3, radius, radius), shapes.ellipse(x, 0.3, radius - thick, radius - thick)), holes=True
        )
        whole.children.append(Part(ring, dark))
    tubes = ((-0.56, 0.3, -0.2, -0.25), (-0.2, -0.25, 0.4, -0.3), (0.4, -0.3, 0.0, 0.3), (0.0, 0.3, -0.2, -0.25),
             (-0.56, 0.3, 0.0, 0.3), (0.38, -0.42, 0.56, 0.3))  # fmt: skip
    frame = Outline(strokes=tuple(s for t in tubes for s in shapes.capsule(*t, rng.uniform(0.03, 0.08)).strokes))
    whole.children.append(Part(frame, paint))
    whole.children.append(Part(Outline((shapes.ellipse(-0.22, -0.34, 0.16, 0.05),)), dark))
    whole.children.append(Part(shapes.curve([(0.38, -0.4), (0.5, -0.5), (0.6, -0.38)], 0.05, 0.05), dark))
    return whole


def boat(rng: np.random.Generator) -> Part:
    """A boat with a hull, a cabin or a mast with sails."""
    hull = np.array([[-1, 0.1], [1.05, 0.02], [0.75, 0.5], [-0.85, 0.5]])
    whole = Part()
    if rng.random() < 0.6:
        whole.children.append(Part(shapes.capsule(0, 0.2, 0, -1.5, 0.05, 0.03), _dark(rng)))
        sail = np.array([[0.05, -1.4], [0.05, 0.0], [rng.uniform(0.4, 0.9), -0.05]])
        jib = np.array([[-0.05, -1.3], [-0.05, -0.05], [-rng.uniform(0.3, 0.9), 0.0]])
        cloth = materials.make(rng, palettes.colour(rng, "white" if rng.random() < 0.6 else "paint"))
        whole.children.extend((Part(Outline((sail,)), cloth), Part(Outline((jib,)), cloth)))
    else:
        cabin = Part(Outline((shapes.rounded_box(-0.6, -0.3, 0.3, 0.12, 0.05),)), _paint(rng))
        cabin.children.extend(
            Part(Outline((shapes.box(x, -0.2, x + 0.16, -0.04),)), _glass(rng)) for x in (-0.5, -0.25, 0.0)
        )
        whole.children.append(cabin)
    body = Part(Outline((hull,)), _paint(rng))
    body.children.append(Part(Outline((shapes.box(-2, 0.36, 2, 0.6),)), _paint(rng), own_mask=bool(rng.random() < 0.5)))
    whole.children.append(body)
    return whole


def aeroplane(rng: np.random.Generator) -> Part:
    """An aircraft seen from the side or below: fuselage, wings, tail, windows."""
    paint = _paint(rng)
    shade = replace(paint, ramp=paint.ramp * np.float32(0.8))
    tail = np.array([[-0.95, 0.0], [-1.05, -rng.uniform(0.3, 0.5)], [-0.85, -0.4], [-0.65, -0.05]])
    far = np.array([[0.1, -0.05], [-0.2, -rng.uniform(0.3, 0.8)], [-0.05, -0.3], [0.3, -0.05]])
    near = np.array([[0.15, 0.05], [-0.4, rng.uniform(0.3, 0.8)], [-0.2, 0.5], [0.35, 0.05]])
    fuselage = Part(Outline((shapes.superellipse(1.1, rng.uniform(0.1, 0.18), 2.8),)), paint)
    fuselage.children.extend(
        Part(Outline((shapes.ellipse(x, -0.03, 0.02, 0.025, 10),)), _dark(rng), own_mask=False)
        for x in np.linspace(-0.7, 0.7, 12)
    )
    fuselage.children.append(Part(Outline((shapes.box(0.9, -0.12, 1.0, 0.0),)), _glass(rng)))
    whole = Part(children=[Part(Outline((c,)), shade) for c in (tail, far)])
    whole.children.extend((fuselage, Part(Outline((near,)), shade)))
    engine = Part(Outline((shapes.rounded_box(-0.05, 0.2, 0.2, 0.3, 0.05),)), _paint(rng))
    whole.children.append(engine)
    return whole
