"""The canvas: draws things, back to front, into an image and into the map of visible leaf regions at the same time.

A thing is a tree of `Part`s. Each part that owns a mask becomes a leaf of the map where it is visible; the mask of a
part is the union of the leaves below it, so a whole is exactly the union of its parts, and occlusion costs nothing.
"""

from dataclasses import dataclass, field, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.training.scenes import camera, lighting, materials, textures
from engine.training.scenes.lighting import Alpha, Light
from engine.training.scenes.materials import Material
from engine.training.scenes.shapes import Outline, wobble_waves

_SHIFT = 4
_ONE = 1 << _SHIFT


@dataclass
class Part:
    """A region of a thing, or (without an outline) a group of regions.

    Children are drawn over their parent in order, `behind` ones before it; a `clip` child shows only inside its parent.
    A part without `own_mask` is decoration: its pixels belong to the nearest ancestor that has a mask.
    `seam` darkens the part's border, as joints do. Coordinates are those of the unit frame until placed.
    """

    outline: Outline | None = None
    material: Material | None = None
    children: list["Part"] = field(default_factory=list)
    clip: bool = True
    behind: bool = False
    own_mask: bool = True
    seam: float = 0.0

    def mapped(self, matrix: NDArray[np.float64]) -> "Part":
        """The same thing placed by a 3×3 homography."""
        outline = None if self.outline is None else self.outline.mapped(matrix)
        return replace(self, outline=outline, children=[child.mapped(matrix) for child in self.children])

    def pruned(self, smallest: float) -> "Part":
        """The same thing without the parts smaller than `smallest` in both directions: too far away to be seen."""
        if not self.children:
            return self
        kept = [child.pruned(smallest) for child in self.children if child.outline is None or child.reach() >= smallest]
        return replace(self, children=kept)

    def reach(self) -> float:
        """The longer side of the bounding box of the part's own outline."""
        if self.outline is None:
            return 0.0
        x0, y0, x1, y1 = extent(self.outline)
        return max(x1 - x0, y1 - y0)

    def bent(self, rng: np.random.Generator, amount: float) -> "Part":
        """The same thing with all its lines bent together by one smooth random field."""
        return self._wobbled(wobble_waves(rng, amount))

    def _wobbled(self, waves: NDArray[np.float64]) -> "Part":
        outline = None if self.outline is None else self.outline.wobbled(waves)
        return replace(self, outline=outline, children=[child._wobbled(waves) for child in self.children])


@dataclass(frozen=True)
class Node:
    """A mask in the making: its leaf's id, its parent's index (-1 for none) and its level."""

    parent: int
    level: str


@dataclass
class _Layer:
    part: Part
    alpha: Alpha
    x: int
    y: int
    leaf: int


def extent(outline: Outline) -> tuple[float, float, float, float]:
    """The bounding box (x0, y0, x1, y1) of an outline, stroke widths included."""
    low, high = [], []
    for contour in outline.contours:
        low.append(contour.min(0))
        high.append(contour.max(0))
    for stroke in outline.strokes:
        reach = float(stroke.widths.max()) / 2
        low.append(stroke.path.min(0) - reach)
        high.append(stroke.path.max(0) + reach)
    (x0, y0), (x1, y1) = np.min(low, 0), np.max(high, 0)
    return float(x0), float(y0), float(x1), float(y1)


def rasterise(outline: Outline, x: int, y: int, width: int, height: int) -> Alpha:
    """Coverage 0..255 of an outline in the window at (x, y): uint8 [height, width], anti-aliased."""
    alpha = np.zeros((height, width), np.uint8)
    corner = np.array([x, y], np.float64)
    contours = [np.round((c - corner) * _ONE).astype(np.int32) for c in outline.contours]
    if outline.holes:
        cv2.fillPoly(alpha, contours, 255, cv2.LINE_AA, _SHIFT)
    else:
        for contour in contours:
            cv2.fillPoly(alpha, [contour], 255, cv2.LINE_AA, _SHIFT)
    for stroke in outline.strokes:
        points = np.round((stroke.path - corner) * _ONE).astype(np.int32)
        widths = np.maximum(stroke.widths, 1.0)
        for i in range(len(points) - 1):
            thick = max(1, round(float(widths[i] + widths[i + 1]) / 2))
            cv2.line(alpha, points[i].tolist(), points[i + 1].tolist(), 255, thick, cv2.LINE_AA, _SHIFT)
    return alpha


def ragged(rng: np.random.Generator, alpha: Alpha, depth: float) -> Alpha:
    """The same silhouette with tufts and notches about `depth` pixels deep along its border."""
    height, width = alpha.shape
    soft = np.asarray(cv2.GaussianBlur(alpha, (0, 0), max(0.8, depth)), np.float32)
    kind = ("leaves", "noise", "grass", "grain", "fur")[int(rng.integers(5))]
    zoom = float(np.clip(depth / 5, 0.36, 2.5))
    noise = textures.sample(rng, height, width, kind, zoom, rng.uniform(0, np.pi)).astype(np.float32)
    torn = (soft + 0.75 * (noise - 128) - 128) * 3 + 128
    # Nothing may appear far outside the silhouette or vanish deep inside it.
    torn = np.where(soft < 18, 0, np.where(soft > 237, 255, torn))
    return np.clip(torn, 0, 255).astype(np.uint8)


class Canvas:
    """Image float32 [H, W, 3] and leaf ids int32 [H, W] (0: nothing drawn yet that has a mask), with the mask tree."""

    def __init__(self, height: int, width: int, rng: np.random.Generator, light: Light) -> None:
        self.height, self.width, self.rng, self.light = height, width, rng, light
        self.image = np.zeros((height, width, 3), np.float32)
        self.leaves = np.zeros((height, width), np.int32)
        self.nodes: list[Node] = []

    @property
    def unit(self) -> float:
        """The length, in pixels, that is 1 in a 512×512 image: sizes scale with the image."""
        return (self.height * self.width) ** 0.5 / 512

    def new_node(self, parent: int, level: str) -> int:
        """Registers a mask and returns its leaf id (1-based)."""
        self.nodes.append(Node(parent, level))
        return len(self.nodes)

    def draw(self, thing: Part, shadow: bool = True, blur: float = 0.0, parent: int = 0) -> int:
        """Draws a placed thing over everything so far; returns its leaf id, 0 if it lies outside the image.

        `blur` (pixels) is defocus: silhouette and texture alike. `parent` is the leaf id of the group it belongs to.
        """
        layers: list[_Layer] = []
        first = len(self.nodes)
        root = self._collect(thing, parent, 0 if parent == 0 else 1, None, layers)
        if not layers:
            del self.nodes[first:]
            return 0
        if shadow and self.light.shadow > 0:
            self._shadow(layers)
        for layer in layers:
            self._blend(layer, blur)
        return root

    def _collect(self, part: Part, parent: int, depth: int, around: _Layer | None, layers: list[_Layer]) -> int:
        """Rasterises a part and what belongs to it, in drawing order."""
        leaf = parent
        if part.own_mask:
            leaf = self.new_node(parent - 1, ("whole", "part", "subpart")[min(depth, 2)])
        layer = None if part.outline is None else self._raster(part, leaf, around)
        inner = depth + 1 if part.own_mask else depth
        for child in part.children:
            if child.behind:
                self._collect(child, leaf, inner, None, layers)
        if layer is not None:
            layers.append(layer)
        elif part.outline is not None:
            return leaf
        for child in part.children:
            if not child.behind:
                self._collect(child, leaf, inner, layer if child.clip else None, layers)
        return leaf

    def _raster(self, part: Part, leaf: int, around: _Layer | None) -> _Layer | None:
        assert part.outline is not None
        x0, y0, x1, y1 = extent(part.outline)
        if around is not None and max(x1 - x0, y1 - y0) < 1.5:
            return None
        depth = 0.0 if part.material is None else part.material.ragged
        margin = 3 + int(2 * depth)
        left, top = max(0, int(x0) - margin), max(0, int(y0) - margin)
        right, bottom = min(self.width, int(x1) + margin + 1), min(self.height, int(y1) + margin + 1)
        if around is not None:
            left, top = max(left, around.x), max(top, around.y)
            right = min(right, around.x + around.alpha.shape[1])
            bottom = min(bottom, around.y + around.alpha.shape[0])
        if right - left < 1 or bottom - top < 1:
            return None
        alpha = rasterise(part.outline, left, top, right - left, bottom - top)
        if depth > 0.5 and min(alpha.shape) > 6:
            alpha = ragged(self.rng, alpha, depth)
        if around is not None:
            window = around.alpha[top - around.y : bottom - around.y, left - around.x : right - around.x]
            alpha = np.minimum(alpha, window)
        return _Layer(part, alpha, left, top, leaf)

    def _shadow(self, layers: list[_Layer]) -> None:
        left, top = min(a.x for a in layers), min(a.y for a in layers)
        right = max(a.x + a.alpha.shape[1] for a in layers)
        bottom = max(a.y + a.alpha.shape[0] for a in layers)
        silhouette = np.zeros((bottom - top, right - left), np.uint8)
        for layer in layers:
            rows = slice(layer.y - top, layer.y - top + layer.alpha.shape[0])
            columns = slice(layer.x - left, layer.x - left + layer.alpha.shape[1])
            np.maximum(silhouette[rows, columns], layer.alpha, out=silhouette[rows, columns])
        size = float(min(max(silhouette.shape), self.width))
        lay = lighting.cast_shadow if self.light.cast else lighting.drop_shadow
        dark, dx, dy = lay(silhouette, self.light, size)
        self.darken(dark, left + dx, top + dy)

    def darken(self, dark: lighting.Plane, x: int, y: int) -> None:
        """Takes away the fraction `dark` (0..1, float32 [h, w]) of the light in the window at (x, y)."""
        x0, y0 = max(0, x), max(0, y)
        x1, y1 = min(self.width, x + dark.shape[1]), min(self.height, y + dark.shape[0])
        if x1 <= x0 or y1 <= y0:
            return
        keep = 1 - dark[y0 - y : y1 - y, x0 - x : x1 - x]
        self.image[y0:y1, x0:x1] *= cv2.merge([keep, keep, keep]).reshape(y1 - y0, x1 - x0, 3)

    def _blend(self, layer: _Layer, blur: float) -> None:
        part, alpha = layer.part, layer.alpha
        height, width = alpha.shape
        rows, columns = slice(layer.y, layer.y + height), slice(layer.x, layer.x + width)
        if part.own_mask or layer.leaf > 0:
            self.leaves[rows, columns][alpha >= 128] = layer.leaf
        if part.material is None:
            return
        colours = materials.paint(self.rng, part.material, height, width)
        if part.material.relief > 0 and min(height, width) > 3:
            factor, shine = lighting.shade(alpha, self.light, part.material.relief, part.material.gloss, 0.9)
            colours *= cv2.merge([factor, factor, factor])
            if shine is not None:
                colours += cv2.merge([shine, shine, shine])
        if part.seam > 0:
            inner = cv2.erode(alpha, np.ones((3, 3), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=255)
            rim = 1 - part.seam * cv2.absdiff(alpha, inner).astype(np.float32) / 255
            colours *= cv2.merge([rim, rim, rim])
        if blur > 0.4 and min(height, width) > 4:
            colours = camera.blur(colours.reshape(height, width, 3), blur)
            alpha = np.asarray(cv2.GaussianBlur(alpha, (0, 0), blur, borderType=cv2.BORDER_REPLICATE), np.uint8)
        weight = alpha.astype(np.float32) * np.float32(part.material.opacity / 255)
        under = self.image[rows, columns]
        under += (colours.reshape(height, width, 3) - under) * weight[:, :, None]
