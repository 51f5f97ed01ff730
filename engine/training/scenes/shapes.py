"""Outlines of things, in a unit frame: x right, y down, roughly within -1..1; contours are float64 [N, 2].

Also the two plain data types everything drawable is made of: `Outline` (filled contours and strokes) and the affine and
wobble transforms that place one in an image.
"""

from dataclasses import dataclass, replace
from functools import cache
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.training.scenes.textures import bank

Contour: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True)
class Stroke:
    """A line of varying width: `path` [N, 2], `widths` [N] (diameter), both in the frame of the outline."""

    path: Contour
    widths: NDArray[np.float64]


@dataclass(frozen=True)
class Outline:
    """The region covered by `contours` and `strokes`.

    With `holes` the contours are filled by the even-odd rule together, otherwise their union is.
    """

    contours: tuple[Contour, ...] = ()
    strokes: tuple[Stroke, ...] = ()
    holes: bool = False

    def mapped(self, matrix: NDArray[np.float64]) -> "Outline":
        """The outline under a 3×3 homography; stroke widths follow the local area scale."""
        contours = tuple(project(c, matrix) for c in self.contours)
        scale = abs(float(np.linalg.det(matrix[:2, :2]))) ** 0.5
        strokes = tuple(Stroke(project(s.path, matrix), s.widths * scale) for s in self.strokes)
        return replace(self, contours=contours, strokes=strokes)

    def wobbled(self, waves: NDArray[np.float64]) -> "Outline":
        """The outline bent by smooth waves (see `wobble_waves`), so that no line stays ruler-straight."""
        contours = tuple(wobble(densify(c), waves) for c in self.contours)
        strokes = tuple(Stroke(wobble(s.path, waves), s.widths) for s in self.strokes)
        return replace(self, contours=contours, strokes=strokes)


def project(points: Contour, matrix: NDArray[np.float64]) -> Contour:
    """Points [N, 2] through a 3×3 homography."""
    if matrix[2, 0] == 0 and matrix[2, 1] == 0:
        return points @ matrix[:2, :2].T + matrix[:2, 2]
    x, y = points[:, 0], points[:, 1]
    u = matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2]
    v = matrix[1, 0] * x + matrix[1, 1] * y + matrix[1, 2]
    w = np.maximum(matrix[2, 0] * x + matrix[2, 1] * y + matrix[2, 2], 0.05)
    return np.stack([u / w, v / w], 1)


def placement(x: float, y: float, scale: float, angle: float = 0.0, aspect: float = 1.0, flip: bool = False,
              shear: float = 0.0) -> NDArray[np.float64]:  # fmt: skip
    """Unit frame → image: aspect (width over height), flip, shear, rotation by `angle`, scale, translation."""
    sx, sy = scale * aspect**0.5 * (-1 if flip else 1), scale / aspect**0.5
    cos, sin = np.cos(angle), np.sin(angle)
    inner = np.array([[sx, shear * sy], [0, sy]])
    matrix = np.eye(3)
    matrix[:2, :2] = np.array([[cos, -sin], [sin, cos]]) @ inner
    matrix[:2, 2] = x, y
    return matrix


def somewhere(rng: np.random.Generator, spread: float, smallest: float, largest: float) -> NDArray[np.float64]:
    """A placement within ±`spread` of the origin, at any angle, of a size between the two."""
    x, y = rng.uniform(-spread, spread, 2).tolist()
    return placement(x, y, rng.uniform(smallest, largest), rng.uniform(0, 2 * np.pi))


def wobble_waves(rng: np.random.Generator, amount: float) -> NDArray[np.float64]:
    """Three plane waves per axis: rows (frequency x, frequency y, phase, amplitude x, amplitude y)."""
    frequency = rng.normal(0, 1.6, (3, 2))
    phase = rng.uniform(0, 2 * np.pi, (3, 1))
    return np.hstack([frequency, phase, rng.normal(0, amount / 2, (3, 2))])


def wobble(points: Contour, waves: NDArray[np.float64]) -> Contour:
    """Points [N, 2] displaced by the waves."""
    return points + np.sin(points @ waves[:, :2].T + waves[:, 2]) @ waves[:, 3:]


def densify(contour: Contour, step: float = 0.15) -> Contour:
    """The closed contour with vertices added on long edges, so that it can be bent."""
    after = np.roll(contour, -1, 0)
    lengths = np.hypot(*(after - contour).T)
    if len(contour) > 24 or lengths.max() <= step:
        return contour
    counts = np.maximum(1, np.minimum(12, np.ceil(lengths / step))).astype(int)
    start = np.repeat(contour, counts, 0)
    edge = np.repeat(after - contour, counts, 0)
    place = np.concatenate([np.arange(n) / n for n in counts])
    return start + edge * place[:, None]


def ellipse(cx: float = 0, cy: float = 0, rx: float = 1, ry: float = 1, count: int = 40) -> Contour:
    return _circle(count) * (rx, ry) + (cx, cy)


@cache
def _circle(count: int) -> Contour:
    t = (np.arange(count) + 0.5) * (2 * np.pi / count)
    return np.stack([np.cos(t), np.sin(t)], 1)


def box(x0: float, y0: float, x1: float, y1: float) -> Contour:
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], np.float64)


def rounded_box(x0: float, y0: float, x1: float, y1: float, radius: float) -> Contour:
    """A box with quarter-circle corners; the radius is limited to half the shorter side."""
    radius = min(radius, abs(x1 - x0) / 2, abs(y1 - y0) / 2)
    (left, right), (top, bottom) = sorted((x0, x1)), sorted((y0, y1))
    unit = _circle(24)
    # Each quarter of the circle moves out to its corner.
    shift_x = np.where(unit[:, 0] >= 0, right - radius, left + radius)
    shift_y = np.where(unit[:, 1] >= 0, bottom - radius, top + radius)
    return unit * radius + np.column_stack([shift_x, shift_y])


def moved(contour: Contour, x: float, y: float) -> Contour:
    """The contour shifted by (x, y)."""
    return contour + np.array((x, y))


def superellipse(rx: float, ry: float, power: float) -> Contour:
    t = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    c, s = np.cos(t), np.sin(t)
    return np.stack([rx * np.sign(c) * np.abs(c) ** (2 / power), ry * np.sign(s) * np.abs(s) ** (2 / power)], 1)


def blob(rng: np.random.Generator, roughness: float = 0.25, decay: float = 1.4, harmonics: int = 9) -> Contour:
    """A smooth random closed curve around the origin: a Fourier series of the radius."""
    t = np.linspace(0, 2 * np.pi, 72, endpoint=False)
    order = np.arange(2, 2 + harmonics)
    amplitude = roughness * rng.normal(0, 1, harmonics) / (order / 2) ** decay
    radius = 1 + (amplitude[:, None] * np.cos(order[:, None] * t + rng.uniform(0, 6.3, (harmonics, 1)))).sum(0)
    radius = np.maximum(radius, 0.15)
    stretch = np.exp(rng.normal(0, 0.3))
    return np.stack([radius * np.cos(t) * stretch**0.5, radius * np.sin(t) / stretch**0.5], 1)


def polygon(rng: np.random.Generator, corners: int, irregular: float = 0.4) -> Contour:
    step = 2 * np.pi / corners
    t = np.arange(corners) * step + rng.uniform(-0.5, 0.5, corners) * step * irregular + rng.uniform(0, 6.3)
    radius = 1 - irregular * rng.random(corners)
    return np.stack([radius * np.cos(t), radius * np.sin(t)], 1)


def star(rng: np.random.Generator) -> Contour:
    points = int(rng.integers(4, 13))
    t = np.arange(2 * points) * np.pi / points + rng.uniform(0, 6.3)
    radius = np.where(np.arange(2 * points) % 2, rng.uniform(0.3, 0.85), 1.0)
    return np.stack([radius * np.cos(t), radius * np.sin(t)], 1)


def lump(rng: np.random.Generator) -> Contour:
    """A union of discs, melted together: shapes that no radius function can describe."""
    grid = np.zeros((96, 96), np.uint8)
    x, y = 48.0, 48.0
    for _ in range(int(rng.integers(3, 9))):
        radius = float(rng.uniform(5, 15))
        cv2.circle(grid, (int(x), int(y)), int(radius), 255, -1)
        turn = rng.uniform(0, 6.3)
        x = float(np.clip(x + 1.1 * radius * np.cos(turn), 18, 78))
        y = float(np.clip(y + 1.1 * radius * np.sin(turn), 18, 78))
    return _largest_contour(np.asarray(cv2.GaussianBlur(grid, (0, 0), 3.5), np.uint8), 128)


def coast(rng: np.random.Generator) -> Contour:
    """The outline of a level set of fractal noise, dome-shaped so that it closes: islands, stains, clouds, rocks."""
    tile = bank()["noise"][int(rng.integers(0, 3))]
    y, x = rng.integers(0, 512 - 128, 2)
    noise = tile[y : y + 128, x : x + 128].astype(np.float32)
    axis = np.linspace(-1, 1, 128, dtype=np.float32)
    dome = 255 * (1 - np.hypot(axis[:, None], axis[None, :]))
    field = np.clip(0.45 * cv2.GaussianBlur(noise, (0, 0), float(rng.uniform(0.8, 4))) + 0.75 * dome, 0, 255)
    return _largest_contour(field.astype(np.uint8), int(rng.integers(110, 160)))


def letter(rng: np.random.Generator) -> Outline:
    """A character of one of OpenCV's stroke fonts, bold, with its holes."""
    grid = np.zeros((128, 128), np.uint8)
    character = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789&@?abdeghkmnpqrsty"[int(rng.integers(0, 50))]
    cv2.putText(grid, character, (20, 100), int(rng.integers(0, 5)), 3.2, 255, int(rng.integers(8, 22)), cv2.LINE_AA)
    contours, _ = cv2.findContours((grid > 127).astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    if not contours:
        return Outline((ellipse(),))
    merged = np.concatenate(contours)[:, 0, :].astype(np.float64)
    centre, reach = (merged.min(0) + merged.max(0)) / 2, max(float(np.ptp(merged, axis=0).max()) / 2, 1)
    return Outline(tuple((c[::2, 0, :] - centre) / reach for c in contours if len(c) > 5), holes=True)


def _largest_contour(field: NDArray[np.uint8], level: int) -> Contour:
    contours, _ = cv2.findContours((field > level).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not contours:
        return ellipse()
    points = max(contours, key=len)[:, 0, :].astype(np.float64)
    if len(points) < 12:
        return ellipse()
    # The staircase of the pixel grid is smoothed away: three passes of a circular [1 2 1] filter.
    for _ in range(3):
        points = (np.roll(points, 1, 0) + 2 * points + np.roll(points, -1, 0)) / 4
    points -= (points.min(0) + points.max(0)) / 2
    return points[:: max(1, len(points) // 160)] / max(float(np.abs(points).max()), 1e-6)


def ring(rng: np.random.Generator) -> Outline:
    inner = rng.uniform(0.35, 0.85)
    outer = ellipse() if rng.random() < 0.6 else superellipse(1, rng.uniform(0.6, 1), rng.uniform(2, 8))
    return Outline((outer, outer * inner), holes=True)


def crescent(rng: np.random.Generator) -> Contour:
    t = np.linspace(-2.2, 2.2, 30)
    inner = rng.uniform(0.4, 0.8)
    outer_arc = np.stack([np.cos(t), np.sin(t)], 1)
    inner_arc = np.stack([np.cos(t) * inner - 0.35, np.sin(t) * 0.92], 1)[::-1]
    return np.concatenate([outer_arc, inner_arc])


def leaf(rng: np.random.Generator) -> Contour:
    t = np.linspace(0, 1, 20)
    width = rng.uniform(0.2, 0.5) * np.sin(np.pi * t ** rng.uniform(0.6, 1.2))
    return np.concatenate([np.stack([2 * t - 1, width], 1), np.stack([2 * t - 1, -width], 1)[::-1]])


def capsule(x0: float, y0: float, x1: float, y1: float, width0: float, width1: float | None = None) -> Outline:
    """A limb: a stroke from one point to another, tapering from `width0` to `width1` (diameters)."""
    along = np.array([0.0, 0.25, 0.5, 0.75, 1.0])
    path = np.array([x0, y0]) + along[:, None] * np.array([x1 - x0, y1 - y0])
    return Outline(strokes=(Stroke(path, width0 + along * ((width0 if width1 is None else width1) - width0)),))


def curve(points: list[tuple[float, float]], width0: float, width1: float, count: int = 16) -> Outline:
    """A tapering stroke through points, smoothed (Catmull–Rom)."""
    control = np.asarray(points, np.float64)
    padded = np.concatenate([2 * control[:1] - control[1:2], control, 2 * control[-1:] - control[-2:-1]])
    at = np.linspace(0, len(control) - 1 - 1e-6, count)
    i, t = at.astype(int), (at % 1)[:, None]
    a, b, c, d = padded[i], padded[i + 1], padded[i + 2], padded[i + 3]
    path = 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
    return Outline(strokes=(Stroke(path, np.linspace(width0, width1, count)),))


def branches(rng: np.random.Generator, depth: int = 4, width: float = 0.12, upright: float = 0.4) -> Outline:
    """A branching plant growing up from (0, 1): strokes that halve their width at each fork."""
    strokes: list[Stroke] = []

    def grow(x: float, y: float, angle: float, length: float, thick: float, left: int) -> None:
        bend = angle + rng.normal(0, 0.15)
        mx, my = x + 0.5 * length * np.cos(angle), y + 0.5 * length * np.sin(angle)
        ex, ey = mx + 0.5 * length * np.cos(bend), my + 0.5 * length * np.sin(bend)
        strokes.append(Stroke(np.array([[x, y], [mx, my], [ex, ey]]), np.array([thick, thick * 0.85, thick * 0.7])))
        if left > 0:
            for side in (-1, 1) if rng.random() < 0.8 else (-1, 0, 1):
                grow(
                    ex,
                    ey,
                    bend + side * rng.uniform(0.25, 0.75),
                    length * rng.uniform(0.6, 0.85),
                    thick * 0.62,
                    left - 1,
                )

    grow(0, 1, -np.pi / 2 + rng.normal(0, 0.1), upright, width, depth)
    return Outline(strokes=tuple(strokes))


def any_outline(rng: np.random.Generator) -> Outline:
    """One outline of any compact kind, filling the unit frame."""
    kind = rng.random()
    if kind < 0.22:
        return Outline((blob(rng, rng.uniform(0.08, 0.45)),))
    if kind < 0.34:
        return Outline((lump(rng),))
    if kind < 0.45:
        return Outline((coast(rng),))
    if kind < 0.55:
        return Outline((polygon(rng, int(rng.integers(3, 9)), rng.uniform(0, 0.5)),))
    if kind < 0.66:
        return Outline((superellipse(1, rng.uniform(0.25, 1), rng.choice([2, 2, 3, 5])),))
    if kind < 0.76:
        h = rng.uniform(0.15, 1)
        return Outline((rounded_box(-1, -h, 1, h, rng.uniform(0, 0.4)),))
    if kind < 0.80:
        return Outline((star(rng),))
    if kind < 0.85:
        return ring(rng)
    if kind < 0.90:
        return letter(rng)
    if kind < 0.93:
        return Outline((crescent(rng),))
    if kind < 0.96:
        return Outline((leaf(rng),))
    return capsule(-0.8, 0, 0.8, 0, rng.uniform(0.1, 0.5), rng.uniform(0.05, 0.5))
