"""Light on things: shading by domed normals, highlights, drop shadows and cast shadows. None of it makes a mask."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.training.scenes import textures
from engine.training.scenes.textures import Plane

Alpha = NDArray[np.uint8]


@dataclass(frozen=True)
class Light:
    """One distant lamp. `x`, `y`, `z`: unit vector towards it (x right, y down, z to the viewer).

    `ambient` 0..1 fills the dark side; `shadow` 0..1 is how much a shadow takes away; `reach` and `softness` are the
    shadow's offset and blur relative to the object's size; `cast` makes shadows lie on the ground.
    """

    x: float
    y: float
    z: float
    ambient: float
    shadow: float
    reach: float
    softness: float
    cast: bool


def random_light(rng: np.random.Generator) -> Light:
    """Mostly from above, from side to front."""
    turn = rng.normal(-np.pi / 2, 0.9)
    z = rng.uniform(0.25, 0.9)
    flat = (1 - z * z) ** 0.5
    return Light(
        x=float(np.cos(turn) * flat),
        y=float(np.sin(turn) * flat),
        z=float(z),
        ambient=rng.uniform(0.25, 0.7),
        shadow=rng.uniform(0.1, 0.75) if rng.random() < 0.8 else 0.0,
        reach=rng.uniform(0.02, 0.25),
        softness=float(np.exp(rng.uniform(-4, -2))),
        cast=bool(rng.random() < 0.5),
    )


def shade(alpha: Alpha, light: Light, relief: float, gloss: float, roundness: float) -> tuple[Plane, Plane | None]:
    """Shading of a body domed over `alpha` (uint8 [H, W]): a factor, and with gloss a highlight to add (0..255).

    The height field is a quarter circle over the distance to the border, up to `roundness` (0..1) of the inner radius;
    it is computed at 64 pixels or fewer, because shading is smooth.
    """
    height, width = alpha.shape
    scale = min(1.0, 64 / max(height, width))
    small = cv2.resize(
        alpha, (max(3, round(width * scale)), max(3, round(height * scale))), interpolation=cv2.INTER_AREA
    )
    inside = cv2.copyMakeBorder((small > 100).astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    distance = np.asarray(cv2.distanceTransform(inside, cv2.DIST_L2, 3), np.float32)[1:-1, 1:-1]
    radius = max(float(distance.max()) * roundness, 1.0)
    rim = 1 - np.minimum(distance / radius, 1)
    dome = radius * np.sqrt(np.maximum(1 - rim * rim, 0)).astype(np.float32)
    dome = np.asarray(cv2.GaussianBlur(dome, (0, 0), max(1.0, radius * 0.2)), np.float32)
    nx = -np.asarray(cv2.Sobel(dome, cv2.CV_32F, 1, 0, scale=0.125), np.float32)
    ny = -np.asarray(cv2.Sobel(dome, cv2.CV_32F, 0, 1, scale=0.125), np.float32)
    length = np.sqrt(nx * nx + ny * ny + 1)
    facing = (nx * light.x + ny * light.y + light.z) / length
    lambert = light.ambient + (1 - light.ambient) * np.maximum(facing, 0) / max(light.z, 0.35)
    factor = np.clip(1 + relief * (lambert - 1), 0.12, 1.7).astype(np.float32)
    size = (width, height)
    full = np.asarray(cv2.resize(factor, size, interpolation=cv2.INTER_LINEAR), np.float32)
    if gloss <= 0:
        return full, None
    hz = light.z + 1
    half = (nx * light.x + ny * light.y + hz) / (length * (light.x**2 + light.y**2 + hz**2) ** 0.5)
    shine = gloss * 230 * np.maximum(half, 0) ** 40
    return full, np.asarray(cv2.resize(shine.astype(np.float32), size, interpolation=cv2.INTER_LINEAR), np.float32)


def drop_shadow(alpha: Alpha, light: Light, size: float) -> tuple[Plane, int, int]:
    """The shadow of a silhouette `alpha` (uint8 [H, W]) of `size` pixels on what is behind it.

    Returns the darkness (0..1, float32) and where its corner lies relative to the silhouette's: (dx, dy) pixels.
    """
    blur = max(1.0, light.softness * size)
    margin = int(3 * blur) + 2
    step = max(1, int(blur / 2))
    padded = cv2.copyMakeBorder(alpha, margin, margin, margin, margin, cv2.BORDER_CONSTANT, value=0)
    height, width = padded.shape
    small = cv2.resize(padded, (max(1, width // step), max(1, height // step)), interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), blur / step)
    dark = np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
    dark *= light.shadow / 255
    reach = light.reach * size
    return dark, int(-light.x * reach) - margin, int(-light.y * reach) - margin


def cast_shadow(alpha: Alpha, light: Light, size: float) -> tuple[Plane, int, int]:
    """The silhouette laid down on the ground from its lowest row, leaning away from the light; as `drop_shadow`."""
    height, width = alpha.shape
    rows = np.flatnonzero(alpha.max(1))
    foot = int(rows[-1]) if len(rows) else height - 1
    flatten = 0.18 + 0.35 * light.z
    lean = -light.x * 1.2
    reach = int(abs(lean) * height) + 2
    out_height, out_width = int(foot * flatten) + 6, width + 2 * reach
    # Output (u, v) comes from silhouette (x, y): y - foot = (v - out_height + 4) / flatten, x sheared by the height.
    matrix = np.array([[1, lean / flatten, -reach - lean / flatten * (out_height - 4)],
                       [0, 1 / flatten, foot - (out_height - 4) / flatten]])  # fmt: skip
    laid = cv2.warpAffine(alpha, matrix, (out_width, out_height), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    blur = max(0.8, light.softness * size * 0.5)
    margin = int(2 * blur) + 1
    laid = cv2.copyMakeBorder(laid, margin, margin, margin, margin, cv2.BORDER_CONSTANT, value=0)
    step = max(1, int(blur / 2))
    small = cv2.resize(laid, None, fx=1 / step, fy=1 / step, interpolation=cv2.INTER_AREA) if step > 1 else laid
    small = cv2.GaussianBlur(small, (0, 0), blur / step)
    dark = np.asarray(cv2.resize(small, (laid.shape[1], laid.shape[0])), np.float32) * np.float32(light.shadow / 255)
    return dark, -reach - margin, foot - (out_height - 4) - margin


def foreign_shadow(rng: np.random.Generator, height: int, width: int) -> Plane:
    """Darkness (0..1, float32 [height, width]) thrown over the whole scene by things outside the picture.

    A building's edge, the bars of a window or the leaves of a tree: borders of light that are borders of nothing else.
    """
    choice = rng.random()
    if choice < 0.4:
        angle, place = rng.uniform(0, 2 * np.pi), rng.uniform(-0.3, 0.3)
        y = np.linspace(-0.5, 0.5, height, dtype=np.float32)[:, None] * np.float32(np.sin(angle))
        x = np.linspace(-0.5, 0.5, width, dtype=np.float32)[None, :] * np.float32(np.cos(angle))
        field = (x + y - np.float32(place)) * np.float32(width)
    elif choice < 0.65:
        tile = textures.sample(rng, height, width, "stripes", rng.uniform(2, 5), rng.uniform(0, 6.3), 0)
        field = (tile.astype(np.float32) - 128) / 8
    else:
        tile = textures.sample(
            rng, height, width, "leaves" if rng.random() < 0.5 else "noise", rng.uniform(1.5, 5), 0.0
        )
        field = (np.asarray(cv2.GaussianBlur(tile, (0, 0), rng.uniform(1, 5)), np.float32) - 128) / 6
    soft = float(np.exp(rng.uniform(0, 2.5)))
    return np.clip(field / soft + 0.5, 0, 1) * np.float32(rng.uniform(0.2, 0.6))
